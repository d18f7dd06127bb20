"""Pages of payments: what became of awarded money, payment files of two people, and what payees confirm."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.models import Payment
from fundapp.disbursement.payment_forms import FileForm, PaymentForm, PrepareForm, prepare_form
from fundapp.disbursement.payment_rules import FileFormat
from fundapp.disbursement.presentation import payment_files
from fundapp.disbursement.presentation import payments as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.presentation.payees import country_choices
from fundapp.disbursement.queries import payments as queries
from fundapp.disbursement.queries.letters import my_letter
from fundapp.disbursement.queries.payees import payees
from fundapp.disbursement.queries.publication import award_of
from fundapp.disbursement.services import payments as services
from fundapp.disbursement.views import bp
from fundapp.disbursement.views.instalments import instalments_page

CONTENT_TYPES: Final = {
    FileFormat.CSV: ("csv", "text/csv; charset=utf-8"),
    FileFormat.XLSX: ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    FileFormat.PAIN: ("xml", "application/xml"),
}


@bp.get("/manage/<slug>/payments")
@requires(P.PAYMENTS_READ)
def payments(slug: str) -> ResponseReturnValue:
    """Show what became of the awarded money of a call, award by award, and its payment files."""
    call, actor = _call(slug, P.PAYMENTS_READ), current_actor()
    plans = queries.plans(actor=actor, call=call)
    return render_template(
        "disbursement/payments.html",
        call=call_head(call),
        totals=presentation.totals_shown(plans),
        awards=presentation.awards_shown(plans),
        files=payment_files.files_shown(queries.files(actor=actor, call=call), call),
        may_send=actor.can(P.PAYMENT_SEND, call.id),
    )


@bp.get("/manage/<slug>/payments/prepare")
@requires(P.PAYMENT_SEND)
def prepare_payments(slug: str) -> ResponseReturnValue:
    """Ask which approved instalments go into a payment file, and from which account."""
    call = _call(slug, P.PAYMENT_SEND)
    data = payment_files.payer_data(queries.files(actor=current_actor(), call=call))
    return _prepare_page(call, is_new=True, data=dict(data))


@bp.post("/manage/<slug>/payments/prepare")
@requires(P.PAYMENT_SEND)
@fresh
def prepare_payment_file(slug: str) -> ResponseReturnValue:
    """Prepare a payment file."""
    call, form, status = _call(slug, P.PAYMENT_SEND), _prepare_form([]), 422
    if form.validate() and form.execution_on.data is not None:
        try:
            file = services.prepare_file(
                actor=current_actor(),
                call=call,
                instalment_ids=_ids(form.instalments.data or []),
                payer=form.payer(),
                execution_on=form.execution_on.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(_("The file is prepared. It waits for the machine with the private key."))
            return redirect(url_for("disbursement.payment_file", slug=slug, file_id=file.id))
    return _prepare_page(call, form), status


@bp.get("/manage/<slug>/payments/files/<uuid:file_id>")
@requires(P.PAYMENTS_READ)
def payment_file(slug: str, file_id: UUID) -> ResponseReturnValue:
    """Show a payment file: whom it pays how much, and what is to be done about it."""
    return _file_page(_call(slug, P.PAYMENTS_READ), file_id)


@bp.post("/manage/<slug>/payments/files/<uuid:file_id>/release")
@requires(P.PAYMENT_SEND)
@fresh
def release_payment_file(slug: str, file_id: UUID) -> ResponseReturnValue:
    """Release a payment file as a second person."""

    def release(call: Call) -> str:
        services.release_file(
            actor=current_actor(),
            storage=current_app.extensions["storage"],
            file=_row(call, file_id).file,
            now=clock.now(),
        )
        return _("The file is released. It can be taken to the bank now.")

    return _done(slug, file_id, release)


@bp.post("/manage/<slug>/payments/files/<uuid:file_id>/sent")
@requires(P.PAYMENT_SEND)
@fresh
def send_payment_file(slug: str, file_id: UUID) -> ResponseReturnValue:
    """Say that the bank took a payment file."""

    def send(call: Call) -> str:
        services.mark_sent(actor=current_actor(), file=_row(call, file_id).file, now=clock.now())
        return _("The payments are sent. The ledger of the funds says so too.")

    return _done(slug, file_id, send)


@bp.post("/manage/<slug>/payments/files/<uuid:file_id>/cancel")
@requires(P.PAYMENT_SEND)
@fresh
def cancel_payment_file(slug: str, file_id: UUID) -> ResponseReturnValue:
    """Cancel a payment file that was not sent."""

    def cancel(call: Call) -> str:
        services.cancel_file(actor=current_actor(), file=_row(call, file_id).file, now=clock.now())
        return _("The file is cancelled. Its instalments can be paid from another.")

    return _done(slug, file_id, cancel)


@bp.post("/manage/<slug>/payments/files/<uuid:file_id>/take")
@requires(P.PAYMENT_SEND)
@fresh
@limited("export")
def take_payment_file(slug: str, file_id: UUID) -> ResponseReturnValue:
    """Put on record that a released payment file is taken, and send it."""
    call, form = _call(slug, P.PAYMENT_SEND), FileForm()
    try:
        file_format = FileFormat(form.format.data or "")
    except ValueError as error:
        raise NotFound from error
    file = _row(call, file_id).file
    try:
        content = services.take_document(
            actor=current_actor(),
            storage=current_app.extensions["storage"],
            file=file,
            file_format=file_format,
            now=clock.now(),
        )
    except Conflict as refusal:
        return _file_page(call, file_id, refusal.message), 409
    ending, content_type = CONTENT_TYPES[file_format]
    response = Response(content, content_type=content_type)
    sample = "-SAMPLE" if call.is_sample else ""
    response.headers.set("Content-Disposition", "attachment", filename=f"payments-{file.message_id}{sample}.{ending}")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/manage/<slug>/awards/<uuid:award_id>/payment")
@requires(P.PAYMENT_SEND)
@fresh
def note_payment(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Say that a payment of an award arrived, or came back."""
    call, form, status = _call(slug, P.PAYMENT_SEND), PaymentForm(), 422
    plan = queries.managed_plan(actor=current_actor(), call=call, award_id=award_id)
    found = next((each for row in plan.rows for each in row.payments if str(each.id) == form.payment.data), None)
    if found is None:
        raise NotFound
    if form.validate():
        try:
            said = _note(found, form)
        except RuleViolations as violations:
            problems_into(form, violations)
        except (Conflict, InvalidTransition) as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
        else:
            flash(said)
            return redirect(url_for("disbursement.instalments", slug=slug, award_id=award_id))
    return instalments_page(call, award_id, payment=form), status


@bp.post("/letters/<uuid:letter_id>/payment")
@requires(P.APPLICATION_WRITE)
@fresh
def confirm_payment(letter_id: UUID) -> ResponseReturnValue:
    """Say as one of the people of an award that a payment arrived."""
    award, form = award_of(my_letter(actor=current_actor(), letter_id=letter_id)), PaymentForm()
    plan = None if award is None else queries.plan_of(award)
    rows = [] if plan is None else plan.rows
    found = next((each for row in rows for each in row.payments if str(each.id) == form.payment.data), None)
    if found is None:
        raise NotFound
    services.confirm_received(actor=current_actor(), payment=found, now=clock.now())
    flash(_("Thank you. We know now that it arrived."))
    return redirect(url_for("disbursement.my_letter", letter_id=letter_id))


def _note(payment: Payment, form: PaymentForm) -> str:
    if form.step.data == "received":
        services.note_received(actor=current_actor(), payment=payment, now=clock.now())
        return _("It is noted that the payment arrived.")
    services.note_returned(actor=current_actor(), payment=payment, reason=form.reason.data or "", now=clock.now())
    return _("The payment came back. Its instalment can be paid again.")


def _done(slug: str, file_id: UUID, change: Callable[[Call], str]) -> ResponseReturnValue:
    """Do something about a payment file, and show it; what refuses it stands above."""
    call = _call(slug, P.PAYMENT_SEND)
    try:
        said = change(call)
    except (Conflict, InvalidTransition) as refusal:
        return _file_page(call, file_id, refusal.message), 409
    flash(said)
    return redirect(url_for("disbursement.payment_file", slug=slug, file_id=file_id))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _row(call: Call, file_id: UUID) -> queries.FileRow:
    return queries.managed_file(actor=current_actor(), call=call, file_id=file_id)


def _ids(texts: list[str]) -> list[UUID]:
    """Return ids as they were chosen. Raises NotFound for what is none."""
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound from error


def _file_page(call: Call, file_id: UUID, refusal: str = "") -> str:
    form = FileForm(formdata=None)
    form.form_errors = [refusal] if refusal else []
    shown = payment_files.file_shown(_row(call, file_id), call)
    return render_template("disbursement/payment_file.html", call=call_head(call), shown=shown, form=form)


def _prepare_form(ready: list[tuple[str, str]], data: dict[str, str] | None = None) -> PrepareForm:
    return prepare_form(ready=ready, countries=country_choices(), data=data)


def _prepare_page(
    call: Call, form: PrepareForm | None = None, *, is_new: bool = False, data: dict[str, str] | None = None
) -> str:
    actor, now = current_actor(), clock.now()
    plans, rows = queries.plans(actor=actor, call=call), payees(actor=actor, call=call)
    ready = presentation.ready_shown(plans, rows, now)
    if form is None or is_new:
        form = _prepare_form(ready, data)
    else:
        form.instalments.choices = _prepare_form(ready, {}).instalments.choices
    return render_template(
        "disbursement/payments_prepare.html",
        call=call_head(call),
        form=form,
        ready=ready,
        held=presentation.held_shown(plans, rows, now),
    )
