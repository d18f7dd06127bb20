"""A later deadline for one application that is being written or was sent."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.handling import LaterDeadlineForm
from fundapp.applications.identity import called, face_of
from fundapp.applications.models import Application
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries.meant_applications import extendable_application
from fundapp.applications.services.single_deadlines import give_later_deadline
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.dates import moment
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into


@bp.get("/manage/applications/<uuid:application_id>/deadline")
@requires(P.CALL_EXTEND)
def single_deadline(application_id: UUID) -> ResponseReturnValue:
    """Offer to give one application more time; of a draft nothing is told but that it is there."""
    application = extendable_application(actor=current_actor(), application_id=application_id)
    return _page(application, LaterDeadlineForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/deadline")
@requires(P.CALL_EXTEND)
def extend_single_deadline(application_id: UUID) -> ResponseReturnValue:
    """Give one application more time, with the reason that its people read."""
    actor = current_actor()
    application = extendable_application(actor=actor, application_id=application_id)
    form = LaterDeadlineForm()
    if form.validate():
        try:
            give_later_deadline(
                actor=actor,
                application=application,
                closes_at=form.closes_at(application.call.time_zone),
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("This application has more time now. Its people get a mail that there is news."))
            return redirect(url_for("applications.managed_applications", slug=application.call.slug))
    return _page(application, form), 422


def _page(application: Application, form: LaterDeadlineForm) -> str:
    call = application.call
    return render_template(
        "applications/single_deadline.html",
        call=call_shown(call, clock.now()),
        name=called(face_of(application)) if application.submitted_at else "",
        started=moment(application.started_at, call.time_zone),
        closes=moment(application.deadline, call.time_zone),
        reason=application.closes_at_reason,
        form=form,
        application_id=application.id,
    )
