"""The page of the reserve: who moves up is decided, ratified and released here, and read as the record of it."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.models import MovingUp
from fundapp.disbursement.moving_forms import MoveBackForm, MoveForm, OneMoveForm
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.presentation.moving_up import ReservePage, reserve_shown
from fundapp.disbursement.queries.moving_up import move_in
from fundapp.disbursement.services import moving_up as services
from fundapp.disbursement.views import bp
from fundapp.review.queries.selection import selection


@bp.get("/manage/<slug>/reserve")
@requires(P.SLATE_READ)
def reserve(slug: str) -> ResponseReturnValue:
    """Show who is in reserve, and who moved up by whose decision."""
    return _page(_call(slug, P.SLATE_READ))


@bp.post("/manage/<slug>/reserve")
@requires(P.DECISION_MAKE)
@fresh
def propose_move(slug: str) -> ResponseReturnValue:
    """Decide that an entry in reserve moves up."""
    call, form = _call(slug, P.DECISION_MAKE), MoveForm()
    shown = reserve_shown(selection(actor=current_actor(), call=call), current_actor())
    _offer(form, shown)
    if form.validate():
        try:
            services.propose_move(
                actor=current_actor(),
                call=call,
                entry_id=_id(form.entry.data),
                amount_minor=_amount(form, call),
                reason=form.reason.data or "",
                over_reason=form.over_reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("It is decided. Somebody else must ratify it now."))
            return redirect(url_for("disbursement.reserve", slug=slug))
    return _page(call, propose=form), 422


@bp.post("/manage/<slug>/reserve/ratify")
@requires(P.DECISION_RATIFY)
@fresh
def ratify_move(slug: str) -> ResponseReturnValue:
    """Ratify that an entry moves up."""
    if services.ratify_move(actor=current_actor(), move=_move(slug, P.DECISION_RATIFY), now=clock.now()):
        flash(_("It is ratified. It can be released now."))
    else:
        flash(_("Your ratification is kept. A second person must ratify it too."))
    return redirect(url_for("disbursement.reserve", slug=slug))


@bp.post("/manage/<slug>/reserve/back")
@requires(P.DECISION_RATIFY)
def send_back_move(slug: str) -> ResponseReturnValue:
    """Send back that an entry moves up."""
    move, form = _move(slug, P.DECISION_RATIFY), MoveBackForm()
    if form.validate():
        try:
            services.send_back_move(actor=current_actor(), move=move, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("It was sent back to those who decide."))
            return redirect(url_for("disbursement.reserve", slug=slug))
    return _page(_call(slug, P.DECISION_RATIFY), back=form), 422


@bp.post("/manage/<slug>/reserve/release")
@requires(P.DECISION_RELEASE)
@fresh
def release_move(slug: str) -> ResponseReturnValue:
    """Release that an entry moves up."""
    services.release_move(actor=current_actor(), move=_move(slug, P.DECISION_RELEASE), now=clock.now())
    flash(_("It has an award. Its letter is being made, and its people are told that there is news."))
    return redirect(url_for("disbursement.reserve", slug=slug))


def _page(call: Call, *, propose: MoveForm | None = None, back: MoveBackForm | None = None) -> str:
    shown = reserve_shown(selection(actor=current_actor(), call=call), current_actor())
    form = propose or MoveForm(formdata=None)
    _offer(form, shown)
    wrong: FlaskForm | None = propose or back
    return render_template(
        "disbursement/reserve.html",
        call=call_head(call),
        currency=call.currency,
        shown=shown,
        propose=form,
        back=back or MoveBackForm(formdata=None),
        wrong=wrong,
    )


def _offer(form: MoveForm, shown: ReservePage) -> None:
    form.entry.choices = [
        SelectChoice(str(row.entry_id), f"{row.rank}. {row.reference} {row.organisation}")
        for row in shown.rows
        if row.may_move
    ]


def _amount(form: MoveForm, call: Call) -> int:
    """Return the amount typed, in minor units. Raises RuleViolations."""
    try:
        return Money.parse(form.amount.data or "", call.currency, current_language()).minor
    except MoneyError as error:
        raise RuleViolations([Problem(error.message, field="amount")]) from error


def _move(slug: str, permission: P) -> MovingUp:
    return move_in(selection(actor=current_actor(), call=_call(slug, permission)), _id(OneMoveForm().move.data))


def _id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise NotFound from None


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)
