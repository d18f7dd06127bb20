"""Pages of those who ratify a list that others decided."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.forms import RatifyForm, SendBackForm, version_in
from fundapp.review.models import Slate
from fundapp.review.presentation.decided import terms_kept
from fundapp.review.presentation.ratifying import ratifying_shown
from fundapp.review.presentation.selection import (
    against_rank_shown,
    frozen_shown,
    money_shown,
    pools_shown,
    slate_shown,
)
from fundapp.review.presentation.terms import changes_shown, terms_shown
from fundapp.review.presentation.votes import votes_on_list
from fundapp.review.queries import selection as queries
from fundapp.review.queries.terms import late_changes
from fundapp.review.services import ratifying
from fundapp.review.views import bp
from fundapp.review.views.selection import frame


@bp.get("/manage/<slug>/ratification")
@requires(P.DECISION_RATIFY)
def ratification(slug: str) -> ResponseReturnValue:
    """Show the list that waits for ratification."""
    return _ratification_page(_call(slug, P.DECISION_RATIFY), SendBackForm(formdata=None))


@bp.get("/manage/<slug>/ratification/confirm")
@requires(P.DECISION_RATIFY)
@fresh
def confirm_ratification(slug: str) -> ResponseReturnValue:
    """Say once more what is ratified, and ask whether it is right."""
    call = _call(slug, P.DECISION_RATIFY)
    found = queries.selection(actor=current_actor(), call=call)
    shown = ratifying_shown(found, current_actor().person_id)
    if shown is None or not shown.can_ratify:
        return redirect(url_for("review.ratification", slug=slug))
    return render_template(
        "review/ratify.html",
        **frame(call),
        slate=slate_shown(found),
        money=money_shown(found),
        ratifying=shown,
        kept=terms_kept(found),
        against_rank=against_rank_shown(found),
        frozen=frozen_shown(found),
        form=RatifyForm(formdata=None, version=str(shown.sending)),
    )


@bp.post("/manage/<slug>/ratification")
@requires(P.DECISION_RATIFY)
@fresh
def ratify(slug: str) -> ResponseReturnValue:
    """Ratify the list as it was sent that time."""
    call = _call(slug, P.DECISION_RATIFY)
    sending = version_in(RatifyForm())
    if ratifying.ratify_slate(actor=current_actor(), slate=_slate(call), now=clock.now(), sending=sending):
        flash(_("The list is ratified. It can be released now."))
    else:
        flash(_("Your ratification is kept. A second person must ratify the list too."))
    return redirect(url_for("review.ratification", slug=slug))


@bp.post("/manage/<slug>/ratification/send-back")
@requires(P.DECISION_RATIFY)
def send_back(slug: str) -> ResponseReturnValue:
    """Send the list back with a reason."""
    call = _call(slug, P.DECISION_RATIFY)
    form = SendBackForm()
    if form.validate():
        try:
            ratifying.send_back_slate(
                actor=current_actor(),
                slate=_slate(call),
                reason=form.reason.data or "",
                now=clock.now(),
                is_ratified=bool(form.ratified.data),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The list was sent back to those who decide."))
            return redirect(url_for("review.ratification", slug=slug))
    return _ratification_page(call, form), 422


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _slate(call: Call) -> Slate:
    slate = queries.current_slate(call=call)
    if slate is None:
        raise NotFound
    return slate


def _ratification_page(call: Call, form: SendBackForm) -> str:
    found = queries.selection(actor=current_actor(), call=call)
    return render_template(
        "review/ratification.html",
        **frame(call),
        pools=pools_shown(found, link=False),
        money=money_shown(found),
        slate=slate_shown(found),
        ratifying=ratifying_shown(found, current_actor().person_id),
        kept=terms_kept(found, beside_last_for=current_actor()),
        against_rank=against_rank_shown(found),
        terms=terms_shown(found.terms, queries.set_terms(call), call),
        changes=changes_shown(late_changes(call), call),
        votes=votes_on_list(current_actor(), call),
        frozen=frozen_shown(found),
        form=form,
    )
