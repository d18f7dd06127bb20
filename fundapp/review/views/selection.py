"""Pages of the selection."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.forms import DecisionForm, version_in
from fundapp.review.models import Outcome
from fundapp.review.presentation.decided import terms_kept
from fundapp.review.presentation.declined import promises_comments
from fundapp.review.presentation.public_vote import vote_beside_ranks
from fundapp.review.presentation.selection import (
    frozen_shown,
    lists_come_first,
    money_shown,
    pool_money,
    pools_shown,
    ranked_shown,
    reviews_shown,
    slate_shown,
)
from fundapp.review.presentation.votes import votes_on_list
from fundapp.review.queries import selection as queries
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection
from fundapp.review.services import deciding, sending
from fundapp.review.views import bp


@bp.get("/manage/<slug>/selection")
@requires(P.SLATE_READ)
def selection(slug: str) -> ResponseReturnValue:
    """Show what is decided and what is not, with the money left."""
    return _selection_page(_call(slug, P.SLATE_READ), [])


@bp.post("/manage/<slug>/selection/by-rank")
@requires(P.DECISION_MAKE)
@fresh
def decide_by_rank(slug: str) -> ResponseReturnValue:
    """Decide what is undecided by rank order within the budget."""
    made = deciding.decide_by_rank(actor=current_actor(), call=_call(slug, P.DECISION_MAKE), now=clock.now())
    flash(ngettext("%(num)s entry was decided by rank.", "%(num)s entries were decided by rank.", len(made)))
    return redirect(url_for("review.selection", slug=slug))


@bp.post("/manage/<slug>/selection/send")
@requires(P.DECISION_MAKE)
@fresh
def send_for_ratification(slug: str) -> ResponseReturnValue:
    """Freeze the list and send it to those who ratify."""
    call = _call(slug, P.DECISION_MAKE)
    try:
        sending.propose_slate(actor=current_actor(), call=call, now=clock.now())
    except RuleViolations as violations:
        return _selection_page(call, violations.problems), 422
    flash(_("The list was sent for ratification. Nothing on it changes now."))
    return redirect(url_for("review.selection", slug=slug))


@bp.get("/manage/<slug>/selection/<uuid:entry_id>")
@requires(P.SLATE_READ)
def decide(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show an entry with its scores, and offer whoever may decide to do so."""
    found, row = _row(slug, entry_id, P.SLATE_READ)
    return _decision_page(found, row, _stored_form(row))


@bp.post("/manage/<slug>/selection/<uuid:entry_id>")
@requires(P.DECISION_MAKE)
@fresh
def save_decision(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Decide on an entry."""
    found, row = _row(slug, entry_id)
    form = DecisionForm()
    status = 422
    if form.validate():
        try:
            deciding.decide_entry(
                actor=current_actor(),
                entry=row.entry,
                outcome=Outcome(form.outcome.data),
                amount_minor=_amount(form, row, found.call.currency),
                reason=form.reason.data or "",
                version=version_in(form),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("The decision on %(reference)s is kept.", reference=row.entry.application.reference))
            return redirect(url_for("review.selection", slug=slug))
    found, row = _row(slug, entry_id)  # as it is now, when somebody else was faster
    form.version.data = str(row.decision.version if row.decision else 0)
    return _decision_page(found, row, form), status


@bp.post("/manage/<slug>/selection/<uuid:entry_id>/withdraw")
@requires(P.DECISION_MAKE)
def withdraw_decision(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Make an entry undecided again."""
    _found, row = _row(slug, entry_id)
    deciding.withdraw_decision(actor=current_actor(), entry=row.entry, now=clock.now())
    flash(_("%(reference)s is undecided again.", reference=row.entry.application.reference))
    return redirect(url_for("review.selection", slug=slug))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _row(slug: str, entry_id: UUID, permission: P = P.DECISION_MAKE) -> tuple[Selection, Ranked]:
    found = queries.selection(actor=current_actor(), call=_call(slug, permission))
    return found, found.row(entry_id)


def _amount(form: DecisionForm, row: Ranked, currency: str) -> int | None:
    """Return the amount typed, in minor units; that of a prize is not typed. Raises RuleViolations."""
    if row.is_fixed:
        return row.in_full_minor
    if form.outcome.data != Outcome.AWARD.value or not (form.amount.data or "").strip():
        return None
    try:
        return Money.parse(form.amount.data, currency, current_language()).minor
    except MoneyError as error:
        raise RuleViolations([Problem(error.message, field="amount")]) from error


def _stored_form(row: Ranked) -> DecisionForm:
    decision = row.decision
    amount_minor = decision.amount_minor if decision and decision.amount_minor else row.in_full_minor
    currency = row.entry.application.call.currency
    return DecisionForm(
        formdata=None,
        outcome=decision.outcome.value if decision else None,
        amount=str(Money(amount_minor, currency).decimal) if amount_minor is not None else "",
        reason=decision.reason if decision else "",
        version=str(decision.version if decision else 0),
    )


def frame(call: Call) -> dict[str, object]:
    """Return what every page of the selection of a call shows around its own matter."""
    manages = current_actor().can(P.PANEL_READ, call.id)
    return {
        "slug": call.slug,
        "call_title": said(call.titles),
        "currency": call.currency,
        "comments_url": url_for("review.declined_comments", slug=call.slug) if promises_comments(call) else "",
        "pools_url": url_for("review.manage_pools" if manages else "review.pools", slug=call.slug),
    }


def _may_decide(call: Call) -> bool:
    return current_actor().can(P.DECISION_MAKE, call.id)


def _selection_page(call: Call, problems: list[Problem]) -> str:
    found = queries.selection(actor=current_actor(), call=call)
    return render_template(
        "review/selection.html",
        **frame(call),
        pools=pools_shown(found, link=True),
        hides_scores=found.hides_scores,
        public_vote=vote_beside_ranks(found, current_actor(), clock.now()),
        money=money_shown(found),
        slate=slate_shown(found),
        kept=terms_kept(found, beside_last_for=current_actor()) if not found.hides_scores else None,
        votes=votes_on_list(current_actor(), call),
        frozen=frozen_shown(found),
        lists_first=lists_come_first(found),
        draws_lots=found.terms.draw_band is not None,
        may_decide=_may_decide(call),
        problems=problems,
    )


def _decision_page(found: Selection, row: Ranked, form: DecisionForm) -> str:
    reviews = queries.reviews_of(actor=current_actor(), entry=row.entry)
    return render_template(
        "review/decide.html",
        **frame(found.call),
        public_vote=vote_beside_ranks(found, current_actor(), clock.now()),
        application_id=row.entry.application_id,
        entry=ranked_shown(row, found.call, link=True),
        is_fixed=row.is_fixed,
        hides_scores=found.hides_scores,
        pool_money=pool_money(found, row),
        reviews=reviews_shown(reviews, found),
        votes=votes_on_list(current_actor(), found.call),
        money=money_shown(found),
        slate=slate_shown(found),
        may_decide=_may_decide(found.call),
        may_follow=current_actor().can(P.DISCUSSION_READ, found.call.id),
        form=form,
    )
