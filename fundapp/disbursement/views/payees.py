"""Pages of where the money of an award goes: its people say it, and two of the staff check it."""

from datetime import timedelta
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor, current_session
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, public, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.models import Award
from fundapp.disbursement.payee_forms import CallForm, FreezeForm, PayeeForm, SeenForm, payee_form
from fundapp.disbursement.payee_rules import CallOutcome, Known
from fundapp.disbursement.presentation import payees as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries import payees as queries
from fundapp.disbursement.queries.letters import my_letter
from fundapp.disbursement.queries.payees import Payee
from fundapp.disbursement.queries.publication import award_of
from fundapp.disbursement.services import payees as services
from fundapp.disbursement.views import bp


@bp.get("/letters/<uuid:letter_id>/payee")
@requires(P.APPLICATION_WRITE)
def payee(letter_id: UUID) -> ResponseReturnValue:
    """Ask the people of an award where its money goes, and show masks of what they said."""
    return _own_page(letter_id, _own_award(letter_id))


@bp.post("/letters/<uuid:letter_id>/payee")
@requires(P.APPLICATION_WRITE)
@fresh
def give_payee(letter_id: UUID) -> ResponseReturnValue:
    """Keep where the money of an award goes, as a new version."""
    award, form, current = _own_award(letter_id), _payee_form(), current_session()
    status = 422
    if form.validate():
        settings = current_app.extensions["settings"]
        try:
            services.give_details(
                actor=current_actor(),
                award=award,
                given=form.given(),
                seen=_number(form.seen.data),
                # The gate let through only a fresh proof: by the second factor of whoever has one.
                with_second_factor=current is not None and current.has_factor,
                secret_key=current_app.config["SECRET_KEY"],
                cooling=timedelta(hours=settings.payee_cooling_hours),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("Thank you. We check this with you by phone before any money goes there."))
            return redirect(url_for("disbursement.payee", letter_id=letter_id))
    return _own_page(letter_id, award, form), status


@bp.get("/stop/<token>")
@public
@limited("tokens")
def stop_payee(token: str) -> ResponseReturnValue:
    """Show the button of a mailed link that stops payee details: mail scanners that open links must not do it."""
    if queries.details_of_link(token, clock.now()) is None:
        return render_template("disbursement/payee_stop_spent.html"), 410
    return render_template("disbursement/payee_stop.html", token=token)


@bp.post("/stop/<token>")
@public
@limited("tokens")
def stop_payee_now(token: str) -> ResponseReturnValue:
    """Freeze payee details until two of the staff lift it."""
    details = queries.details_of_link(token, clock.now())
    if details is None:
        return render_template("disbursement/payee_stop_spent.html"), 410
    services.freeze_by_link(details=details, now=clock.now())
    return render_template("disbursement/payee_stopped.html")


@bp.get("/manage/<slug>/payees")
@requires(P.PAYEE_READ)
def payees(slug: str) -> ResponseReturnValue:
    """List the awards of a call with where their payee details stand."""
    call, actor, now = _call(slug, P.PAYEE_READ), current_actor(), clock.now()
    rows, asked = queries.payees(actor=actor, call=call), request.args.get("state", "")
    shown = presentation.payees_shown(rows, queries.sharing(actor=actor, rows=rows), call, now)
    current = asked if asked in presentation.LABELS else ""
    return render_template(
        "disbursement/payees.html",
        call=call_head(call),
        counts=presentation.states_shown(shown, current),
        payees=[each for each in shown if not current or each.state_value == current],
    )


@bp.get("/manage/<slug>/awards/<uuid:award_id>/payee")
@requires(P.PAYEE_READ)
def managed_payee(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Show where the payee details of one award stand, and what can be done."""
    call = _call(slug, P.PAYEE_READ)
    return _managed_page(call, _managed(call, award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/payee/call")
@requires(P.PAYEE_APPROVE)
@fresh
def call_payee(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Record a call-back."""
    call = _call(slug, P.PAYEE_APPROVE)
    row, form, status = _managed(call, award_id), CallForm(), 422
    if form.validate():
        try:
            services.record_call(
                actor=current_actor(),
                award=row.award,
                seen=_number(form.seen.data),
                known=Known(form.known.data),
                known_since=form.since,
                phone=form.phone.data or "",
                outcome=CallOutcome(form.outcome.data),
                note=form.note.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("The call is on record."))
            return redirect(url_for("disbursement.managed_payee", slug=slug, award_id=award_id))
    return _managed_page(call, row, call_form=form), status


@bp.post("/manage/<slug>/awards/<uuid:award_id>/payee/approve")
@requires(P.PAYEE_APPROVE)
@fresh
def approve_payee(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Approve payee details as a second person."""
    call = _call(slug, P.PAYEE_APPROVE)
    row, form = _managed(call, award_id), SeenForm()
    try:
        services.approve(actor=current_actor(), award=row.award, seen=_number(form.seen.data), now=clock.now())
    except Conflict as refusal:
        form.form_errors = [*form.form_errors, refusal.message]
        return _managed_page(call, _managed(call, award_id), approve=form), 409
    flash(_("These details are approved."))
    return redirect(url_for("disbursement.managed_payee", slug=slug, award_id=award_id))


@bp.post("/manage/<slug>/awards/<uuid:award_id>/payee/freeze")
@requires(P.PAYEE_APPROVE)
@fresh
def freeze_payee(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Freeze payee details."""
    call = _call(slug, P.PAYEE_APPROVE)
    row, form = _managed(call, award_id), FreezeForm()
    if form.validate():
        try:
            services.freeze(actor=current_actor(), award=row.award, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("These details are frozen. Two people lift that."))
            return redirect(url_for("disbursement.managed_payee", slug=slug, award_id=award_id))
    return _managed_page(call, row, freeze=form), 422


@bp.post("/manage/<slug>/awards/<uuid:award_id>/payee/lift")
@requires(P.PAYEE_APPROVE)
@fresh
def lift_payee(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Say as one of two people that frozen details may be used again."""
    call = _call(slug, P.PAYEE_APPROVE)
    row = _managed(call, award_id)
    try:
        is_free = services.lift(actor=current_actor(), award=row.award, now=clock.now())
    except Conflict as refusal:
        form = SeenForm()
        form.form_errors = [*form.form_errors, refusal.message]
        return _managed_page(call, _managed(call, award_id), approve=form), 409
    flash(_("They are not frozen any more.") if is_free else _("A second person has to say so as well."))
    return redirect(url_for("disbursement.managed_payee", slug=slug, award_id=award_id))


def _own_award(letter_id: UUID) -> Award:
    award = award_of(my_letter(actor=current_actor(), letter_id=letter_id))
    if award is None:
        raise NotFound
    return award


def _payee_form(*, seen: int = 0, is_new: bool = False) -> PayeeForm:
    return payee_form(
        countries=presentation.country_choices(),
        currencies=presentation.currency_choices(),
        seen=seen,
        is_new=is_new,
    )


def _own_page(letter_id: UUID, award: Award, form: PayeeForm | None = None) -> str:
    shown, current = presentation.own_payee(award, clock.now()), current_session()
    return render_template(
        "disbursement/payee.html",
        letter_id=letter_id,
        shown=shown,
        has_factor=current is not None and current.has_factor,
        form=form or _payee_form(seen=shown.number, is_new=True),
        wrong=form,
    )


def _managed_page(
    call: Call,
    row: Payee,
    *,
    call_form: CallForm | None = None,
    approve: SeenForm | None = None,
    freeze: FreezeForm | None = None,
) -> str:
    shared = queries.sharing(actor=current_actor(), rows=[row])
    shown = presentation.payee_shown(row, shared.get(row.award.id, []), call, clock.now())
    wrong: FlaskForm | None = call_form or approve or freeze
    return render_template(
        "disbursement/managed_payee.html",
        call=call_head(call),
        shown=shown,
        calls=presentation.calls_shown(row, call),
        older=presentation.older_versions(row, call),
        call_form=call_form or CallForm(formdata=None, data={"seen": shown.number}),
        approve=approve or SeenForm(formdata=None, data={"seen": shown.number}),
        freeze=freeze or FreezeForm(formdata=None),
        wrong=wrong,
    )


def _number(text: str | None) -> int:
    """Return the number of the version that stood on a page, -1 for what no page sends."""
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _managed(call: Call, award_id: UUID) -> Payee:
    return queries.managed_payee(actor=current_actor(), call=call, award_id=award_id)
