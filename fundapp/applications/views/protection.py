"""Pages about who may know: protecting an application, ending that, and opening an identity."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.fixed import OpeningForm, ReasonForm
from fundapp.applications.models import Application
from fundapp.applications.presentation import protection as presentation
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.managing import sent_application_shown
from fundapp.applications.presentation.standing import asked_shown
from fundapp.applications.queries import applicant
from fundapp.applications.queries.managing import sent_application
from fundapp.applications.services import openings, protection
from fundapp.applications.views import bp
from fundapp.applications.views.files import file_response
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into


@bp.get("/applications/<uuid:application_id>/protection")
@requires(P.APPLICATION_WRITE)
def own_protection(application_id: UUID) -> ResponseReturnValue:
    """Say what protection means, and offer it."""
    application = applicant.own_application(actor=current_actor(), application_id=application_id)
    return render_template(
        "applications/own_protection.html",
        application=own_application_shown(application, clock.now()),
        ends_before=presentation.ends_before(application, clock.now()),
    )


@bp.post("/applications/<uuid:application_id>/protection")
@requires(P.APPLICATION_WRITE)
def protect_own(application_id: UUID) -> ResponseReturnValue:
    """Protect one's own application at once."""
    actor = current_actor()
    application = applicant.own_application(actor=actor, application_id=application_id)
    protection.protect_own(actor=actor, application=application, now=clock.now())
    flash(_("Your application is protected."))
    return redirect(url_for("applications.tasks", application_id=application_id))


@bp.get("/manage/applications/<uuid:application_id>/protection")
@requires(P.APPLICATION_READ)
def managed_protection(application_id: UUID) -> ResponseReturnValue:
    """Show how an application is protected and what was done about it."""
    return _protection_page(_sent(application_id, P.APPLICATION_READ), ReasonForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/protection")
@requires(P.PROTECTION_RAISE)
def protect(application_id: UUID) -> ResponseReturnValue:
    """Protect an application, with a reason."""
    application = _sent(application_id, P.PROTECTION_RAISE)
    return _change(application, protection.protect, _("This application is protected."))


@bp.post("/manage/applications/<uuid:application_id>/protection/lower")
@requires(P.PROTECTION_LOWER)
@fresh
def ask_to_lower(application_id: UUID) -> ResponseReturnValue:
    """Ask to end the protection of an application."""
    application = _sent(application_id, P.PROTECTION_LOWER)
    return _change(application, protection.ask_to_lower, _("Your request is kept. It waits for a second person."))


@bp.post("/manage/applications/<uuid:application_id>/protection/confirm")
@requires(P.PROTECTION_LOWER)
@fresh
def confirm_lowering(application_id: UUID) -> ResponseReturnValue:
    """End the protection of an application as a second person."""
    application = _sent(application_id, P.PROTECTION_LOWER)
    return _change(application, protection.confirm_lowering, _("This application is not protected any more."))


@bp.get("/manage/applications/<uuid:application_id>/identity")
@requires(P.IDENTITY_OPEN)
@fresh
def identity(application_id: UUID) -> ResponseReturnValue:
    """Ask for the reason before anything is opened."""
    application = _sent(application_id, P.IDENTITY_OPEN)
    return _identity_page(application, _opening_form(application, empty=True))


@bp.post("/manage/applications/<uuid:application_id>/identity")
@requires(P.IDENTITY_OPEN)
@fresh
def open_identity(application_id: UUID) -> ResponseReturnValue:
    """Record the opening, and show what was opened in this one answer."""
    actor, now = current_actor(), clock.now()
    application = _sent(application_id, P.IDENTITY_OPEN)
    form = _opening_form(application)
    if not form.validate():
        return _identity_page(application, form), 422
    reason = form.reason.data or ""
    try:
        if form.what.data == OpeningForm.IDENTITY:
            openings.open_identity(actor=actor, application=application, reason=reason, now=now)
        else:
            attachment = next(each for each in application.attachments if str(each.id) == form.what.data)
            openings.open_file(actor=actor, application=application, attachment=attachment, reason=reason, now=now)
            return file_response(attachment, name=presentation.neutral_filename(application, attachment))
    except RuleViolations as violations:
        problems_into(form, violations)
        return _identity_page(application, form), 422
    return render_template(
        "applications/identity_opened.html",
        application=sent_application_shown(application, actor, ""),
        contact=application.person.name,
        contact_email=application.person.email,
        answers=presentation.identity_shown(application),
        asked=[each for each in asked_shown(application) if each.answered is not None],
        withdrawal_reason=application.withdrawal_reason,
    )


def _sent(application_id: UUID, permission: P) -> Application:
    return sent_application(actor=current_actor(), application_id=application_id, permission=permission)


def _change(application: Application, change: protection.Change, done: str) -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate():
        try:
            change(actor=current_actor(), application=application, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(done)
            return redirect(url_for("applications.managed_protection", application_id=application.id))
    return _protection_page(application, form), 422


def _opening_form(application: Application, *, empty: bool = False) -> OpeningForm:
    form = OpeningForm(formdata=None) if empty else OpeningForm()
    form.what.choices = [
        SelectChoice(OpeningForm.IDENTITY, _("Who applies, and how to reach them")),
        *(SelectChoice(str(each.id), _("The file: %(question)s", question=each.label.text))
          for each in presentation.masked_files(application)),
    ]  # fmt: skip
    return form


def _protection_page(application: Application, form: ReasonForm) -> str:
    actor = current_actor()
    return render_template(
        "applications/managed_protection.html",
        application=sent_application_shown(application, actor, ""),
        protection=presentation.protection_shown(application, actor, clock.now()),
        form=form,
    )


def _identity_page(application: Application, form: OpeningForm) -> str:
    actor = current_actor()
    return render_template(
        "applications/identity.html",
        application=sent_application_shown(application, actor, ""),
        openings=presentation.openings_shown(application, actor),
        form=form,
    )
