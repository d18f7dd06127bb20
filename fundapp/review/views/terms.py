"""The page of what is fixed before a selection."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money
from fundapp.core.numbers import plain_number
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.forms import version_in
from fundapp.review.models import SelectionTerms
from fundapp.review.presentation import terms as presentation
from fundapp.review.queries import terms as queries
from fundapp.review.queries.asks import GroupCount, group_counts
from fundapp.review.queries.selection import Selection, selection, set_terms
from fundapp.review.services import terms as services
from fundapp.review.terms_forms import TermsForm, form_data, rows_sent, terms_form
from fundapp.review.terms_reading import placed, wanted_in
from fundapp.review.terms_rules import MAX_POTS, MAX_RULES, Ranking, WantedTerms
from fundapp.review.views import bp
from fundapp.review.views.selection import frame


@bp.get("/manage/<slug>/selection/terms")
@requires(P.TALLY_READ)
def terms(slug: str) -> ResponseReturnValue:
    """Show what is fixed before the selection; whoever decides can change it."""
    return _page(managed_call(actor=current_actor(), slug=slug, permission=P.TALLY_READ), None)


@bp.post("/manage/<slug>/selection/terms")
@requires(P.DECISION_MAKE)
@fresh
def save_terms(slug: str) -> ResponseReturnValue:
    """Fix what the selection is bound by, or give back what was typed with one more rule or pot."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.DECISION_MAKE)
    rules, pots = (
        rows_sent(request.form.get("rule_rows"), MAX_RULES),
        rows_sent(request.form.get("pot_rows"), MAX_POTS),
    )
    if more := request.form.get("add"):
        rules, pots = min(MAX_RULES, rules + (more == "rule")), min(MAX_POTS, pots + (more == "pot"))
        return _page(call, (rules, pots))
    found = _selected(call)
    form = _form(call, found, group_counts(found), rules, pots)
    status = 422
    if form.validate():
        wanted = wanted_in(form, call)
        if not form.errors:
            try:
                services.set_selection_terms(
                    actor=current_actor(),
                    call=call,
                    wanted=wanted,
                    reason=form.reason.data or "",
                    version=version_in(form),
                    now=clock.now(),
                )
            except RuleViolations as violations:
                problems_into(form, RuleViolations([placed(each, form, call) for each in violations.problems]))
            except Conflict as refusal:
                form.form_errors = [*form.form_errors, refusal.message]
                status = 409
            else:
                flash(_("The terms of the selection are kept."))
                return redirect(url_for("review.terms", slug=slug))
    return _page(call, form), status


def _page(call: Call, form: TermsForm | tuple[int, int] | None) -> str:
    """Return the page with a form that was sent, with one of so many rules and pots, or as the terms stand."""
    actor, found, stored = current_actor(), _selected(call), set_terms(call)
    counts = group_counts(found)
    if form is None:
        form = _stored_form(call, found, stored, counts)
    elif isinstance(form, tuple):
        form = _form(call, found, counts, *form)
    return render_template(
        "review/terms.html",
        **frame(call),
        shown=presentation.terms_shown(found.terms, stored, call),
        changes=presentation.changes_shown(queries.late_changes(call), call),
        groups=presentation.groups_shown(counts, call),
        against=presentation.contradiction_words(queries.contradicting(found, found.terms), found.terms, call),
        form=form,
        may_change=actor.can(P.DECISION_MAKE, call.id) and found.is_open,
        is_open=found.is_open,
        is_late=queries.is_late(actor=actor, call=call),
        languages=call.languages,
    )


def _selected(call: Call) -> Selection:
    return selection(actor=current_actor(), call=call)


def _form(
    call: Call,
    found: Selection,
    counts: Sequence[GroupCount],
    rules: int,
    pots: int,
    data: dict[str, Any] | None = None,
) -> TermsForm:
    return terms_form(
        rules=rules,
        pots=pots,
        groups=presentation.group_choices(counts, found.terms, call),
        languages=presentation.language_choices(call),
        data=data,
    )


def _stored_form(
    call: Call, found: Selection, stored: SelectionTerms | None, counts: Sequence[GroupCount]
) -> TermsForm:
    """Return the form as the terms stand; where nobody fixed any, adjusted scores are ticked."""
    wanted = found.terms if stored is not None else WantedTerms(ranking=Ranking.ADJUSTED)
    data = form_data(
        wanted,
        version=stored.version if stored else 0,
        money=lambda minor: str(Money(minor, call.currency).decimal),
        number=lambda value: str(plain_number(value)),
    )
    return _form(call, found, counts, len(wanted.rules), len(wanted.pots), data)
