"""The page on which an applicant takes an application back."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Application
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.queries import applicant
from fundapp.applications.window import window_of
from fundapp.core import clock
from fundapp.core.errors import Conflict, InvalidTransition, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.forms import WithdrawForm
from fundapp.review.services.withdrawing import withdraw_application
from fundapp.review.views import bp


@bp.get("/applications/<uuid:application_id>/withdraw")
@requires(P.APPLICATION_WRITE)
def withdraw(application_id: UUID) -> ResponseReturnValue:
    """Say what withdrawing means, and offer it."""
    return _page(_own(application_id), WithdrawForm(formdata=None))


@bp.post("/applications/<uuid:application_id>/withdraw")
@requires(P.APPLICATION_WRITE)
def withdraw_now(application_id: UUID) -> ResponseReturnValue:
    """Take the application back; what stands against it is told on the page."""
    application, form = _own(application_id), WithdrawForm()
    if not form.validate():
        return _page(application, form), 422
    try:
        withdraw_application(
            actor=current_actor(), application=application, reason=form.reason.data or "", now=clock.now()
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _page(application, form), 422
    except (Conflict, InvalidTransition) as refusal:
        form.form_errors = [refusal.message]
        return _page(application, form), 409
    flash(_("Your application is withdrawn."))
    return redirect(url_for("applications.tasks", application_id=application_id))


def _own(application_id: UUID) -> Application:
    return applicant.own_application(actor=current_actor(), application_id=application_id)


def _page(application: Application, form: WithdrawForm) -> str:
    window = window_of(application, clock.now())
    return render_template(
        "review/withdraw.html",
        application=own_application_shown(application, clock.now()),
        may_withdraw=applicant.may_send(actor=current_actor(), application=application),
        may_return=window.may_send and window.reopening is None,
        form=form,
    )
