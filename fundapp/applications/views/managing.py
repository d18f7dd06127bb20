"""Pages of those who look after a call: where it stands, its applications, eligibility."""

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.fixed import EligibilityForm
from fundapp.applications.models import Application, CallStatus
from fundapp.applications.next_steps import next_steps
from fundapp.applications.presentation import managing as presentation
from fundapp.applications.presentation.afterwards import after_sending_shown
from fundapp.applications.presentation.applications import submission_shown, submitted_answers_shown
from fundapp.applications.presentation.calls import extensions_shown
from fundapp.applications.presentation.files import checked_file_shown
from fundapp.applications.presentation.handling import handling_shown
from fundapp.applications.presentation.overview import overview_for
from fundapp.applications.presentation.protection import openings_shown
from fundapp.applications.queries import managing as queries
from fundapp.applications.services import managing as services
from fundapp.applications.views import bp
from fundapp.applications.views.files import file_response
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.routes import requires
from fundapp.core.web import problems_into


@bp.get("/manage")
@requires(P.CALL_READ)
def managed_calls() -> ResponseReturnValue:
    """Show the calls whose work the actor follows: where each stands, what waits for whom, money and dates."""
    actor = current_actor()
    return render_template(
        "applications/managed_calls.html",
        overview=overview_for(actor, clock.now()),
        may_make=actor.can(P.CALL_WRITE) and actor.calls_with(P.CALL_WRITE) is None,
    )


@bp.get("/manage/<slug>")
@requires(P.CALL_READ)
def managed_call(slug: str) -> ResponseReturnValue:
    """Show where a call stands and what is to be done next."""
    actor, now = current_actor(), clock.now()
    call = queries.managed_call(actor=actor, slug=slug)
    counts = queries.counts_by_status(actor=actor, calls=[call])[call.id]
    return render_template(
        "applications/managed_call.html",
        call=presentation.managed_call_shown(call, counts, now),
        steps=next_steps(actor, call, now),
        extensions=extensions_shown(call.extensions, call.time_zone),
        may_move=actor.can(P.CALL_EXTEND, call.id) and call.status is CallStatus.PUBLISHED,
        is_draft=call.status is CallStatus.DRAFT,
        pages=presentation.pages_of_call(call, actor),
    )


@bp.get("/manage/applications/<uuid:application_id>")
@requires(P.APPLICATION_READ)
def managed_application(application_id: UUID) -> ResponseReturnValue:
    """Show an application as it was sent, and offer to decide on eligibility."""
    application = queries.sent_application(actor=current_actor(), application_id=application_id)
    return _application_page(application, EligibilityForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>")
@requires(P.ELIGIBILITY_DECIDE)
def decide_eligibility(application_id: UUID) -> ResponseReturnValue:
    """Mark an application eligible or not, with a reason."""
    actor = current_actor()
    application = queries.sent_application(actor=actor, application_id=application_id, permission=P.ELIGIBILITY_DECIDE)
    form = EligibilityForm()
    if form.validate():
        decide = services.mark_eligible if form.decision.data == "eligible" else services.mark_ineligible
        try:
            decide(actor=actor, application=application, reason=form.reason.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.managed_application", application_id=application.id))
    return _application_page(application, form), 422


@bp.get("/manage/applications/<uuid:application_id>/files/<uuid:attachment_id>")
@requires(P.APPLICATION_READ)
def managed_file(application_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Give a file of an application to staff."""
    return file_response(
        queries.sent_attachment(actor=current_actor(), application_id=application_id, attachment_id=attachment_id)
    )


def _application_page(application: Application, form: EligibilityForm) -> str:
    call = application.call
    return render_template(
        "applications/managed_application.html",
        application=presentation.sent_application_shown(
            application, current_actor(), queries.eligibility_decider(application)
        ),
        submission=submission_shown(application.submissions[-1], call),
        sections=submitted_answers_shown(application, mask=True, file_as=checked_file_shown),
        openings=openings_shown(application, current_actor()),
        handling=handling_shown(application, current_actor()),
        after=after_sending_shown(application, current_actor(), clock.now()),
        form=form,
    )
