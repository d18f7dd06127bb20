"""Pages of screening: the lists of sanctions, what was looked up in them for a call, and what two people decide."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.presentation import screening as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries import screening as queries
from fundapp.disbursement.queries.screening import Screened
from fundapp.disbursement.screening_forms import (
    ConfirmForm,
    DecideForm,
    ReopenForm,
    SanctionListForm,
    picked_in,
    with_choices,
)
from fundapp.disbursement.screening_rules import Outcome
from fundapp.disbursement.services import screening as services
from fundapp.disbursement.views import bp


@bp.get("/sanctions")
@requires(P.SCREENING_READ)
def sanction_lists() -> ResponseReturnValue:
    """Show the lists that were handed in, and the form for another one to those who may hand it in."""
    return _lists_page(SanctionListForm(formdata=None))


@bp.post("/sanctions")
@requires(P.SANCTIONS_UPLOAD)
@fresh
@limited("upload")
def take_sanction_list() -> ResponseReturnValue:
    """Keep a list that is handed in."""
    services.require_hand_in(current_actor())
    form, status = SanctionListForm(), 422
    if form.validate():
        try:
            services.take_list(actor=current_actor(), given=form.given(), now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("The list is kept. Look the names of each call up in it now."))
            return redirect(url_for("disbursement.sanction_lists"))
    return _lists_page(form), status


@bp.get("/manage/<slug>/screening")
@requires(P.SCREENING_READ)
def screening(slug: str) -> ResponseReturnValue:
    """List the accepted awards of a call with what was found of them."""
    call, actor, today = _call(slug, P.SCREENING_READ), current_actor(), clock.now().date()
    newest = queries.newest_lists()
    rows = queries.screened_awards(actor=actor, call=call)
    return render_template(
        "disbursement/screening.html",
        call=call_head(call),
        warnings=presentation.warnings_shown(newest, today),
        has_lists=bool(newest),
        awards=[presentation.screened_shown(row, call) for row in rows],
        may_screen=actor.can(P.SCREENING_DECIDE, call.id),
    )


@bp.post("/manage/<slug>/screening")
@requires(P.SCREENING_DECIDE)
@limited("save")
def screen_call(slug: str) -> ResponseReturnValue:
    """Look up the names of a call's awards."""
    call = _call(slug, P.SCREENING_DECIDE)
    count = services.screen_call(actor=current_actor(), call=call, now=clock.now())
    flash(ngettext("The names of %(num)d award are looked up.", "The names of %(num)d awards are looked up.", count))
    return redirect(url_for("disbursement.screening", slug=slug))


@bp.get("/manage/<slug>/awards/<uuid:award_id>/screening")
@requires(P.SCREENING_READ)
def screened_award(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Show what was found of one award, and the forms for two people."""
    call = _call(slug, P.SCREENING_READ)
    return _award_page(call, _screened(call, award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/screening/decide")
@requires(P.SCREENING_DECIDE)
@fresh
def decide_screening(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Decide about finds as the first of two people."""
    call = _call(slug, P.SCREENING_DECIDE)
    row, form, status = _screened(call, award_id), DecideForm(), 422
    if form.validate():
        try:
            services.decide(
                actor=current_actor(),
                award=row.award,
                picked=picked_in(form.picked.data),
                outcome=Outcome(form.outcome.data),
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("A second person confirms it now."))
            return _to_award(slug, award_id)
    return _award_page(call, _screened(call, award_id), decide=form), status


@bp.post("/manage/<slug>/awards/<uuid:award_id>/screening/confirm")
@requires(P.SCREENING_DECIDE)
@fresh
def confirm_screening(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Confirm decisions about finds as the second of two people."""
    call = _call(slug, P.SCREENING_DECIDE)
    row, form, status = _screened(call, award_id), ConfirmForm(), 422
    if form.validate():
        try:
            picked = picked_in(form.decided.data)
            services.confirm(actor=current_actor(), award=row.award, picked=picked, now=clock.now())
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("Two people have decided."))
            return _to_award(slug, award_id)
    return _award_page(call, _screened(call, award_id), confirm=form), status


@bp.post("/manage/<slug>/awards/<uuid:award_id>/screening/reopen")
@requires(P.SCREENING_DECIDE)
@fresh
def reopen_screening(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Ask two people anew."""
    call = _call(slug, P.SCREENING_DECIDE)
    row, form, status = _screened(call, award_id), ReopenForm(), 422
    if form.validate():
        try:
            picked = picked_in(form.again.data)
            services.reopen(actor=current_actor(), award=row.award, picked=picked, now=clock.now())
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("Two people are asked anew."))
            return _to_award(slug, award_id)
    return _award_page(call, _screened(call, award_id), reopen=form), status


def _lists_page(form: SanctionListForm) -> str:
    today = clock.now().date()
    form.alt.flags.unmarked = form.listed_on.flags.unmarked = True
    return render_template(
        "disbursement/sanction_lists.html",
        form=form,
        may_hand_in=services.may_hand_in(current_actor()),
        warnings=presentation.warnings_shown(queries.newest_lists(), today),
        lists=presentation.lists_shown(queries.all_lists(), today),
    )


def _award_page(
    call: Call,
    row: Screened,
    *,
    decide: DecideForm | None = None,
    confirm: ConfirmForm | None = None,
    reopen: ReopenForm | None = None,
) -> str:
    shown = presentation.screened_shown(row, call)
    wrong: FlaskForm | None = decide or confirm or reopen
    deciding = decide or DecideForm(formdata=None)
    confirming, reopening = confirm or ConfirmForm(formdata=None), reopen or ReopenForm(formdata=None)
    with_choices(deciding.picked, shown.to_decide)
    with_choices(confirming.decided, shown.to_confirm)
    with_choices(reopening.again, shown.to_reopen)
    return render_template(
        "disbursement/screened_award.html",
        call=call_head(call),
        shown=shown,
        decide=deciding,
        confirm=confirming,
        reopen=reopening,
        wrong=wrong,
    )


def _to_award(slug: str, award_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("disbursement.screened_award", slug=slug, award_id=award_id))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _screened(call: Call, award_id: UUID) -> Screened:
    return queries.screened_award(actor=current_actor(), call=call, award_id=award_id)
