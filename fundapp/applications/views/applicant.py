"""An applicant's own pages: the list, the tasks, what is checked and sent, and what was sent."""

from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import queries as accounts
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_definition import FormDefinition
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.presentation.applications import (
    own_application_shown,
    submission_shown,
    submitted_answers_shown,
)
from fundapp.applications.presentation.entering import beginning_shown
from fundapp.applications.presentation.questions import answers_shown
from fundapp.applications.queries import applicant, entering
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services import drafts, submitting
from fundapp.applications.views import bp
from fundapp.applications.views.files import file_response
from fundapp.applications.views.progress import problems_shown, task_list
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.routes import requires


@bp.get("/applications")
@requires(P.APPLICATION_WRITE)
def mine() -> ResponseReturnValue:
    """List the actor's applications, with where each stands."""
    now = clock.now()
    return render_template(
        "applications/mine.html",
        applications=[
            own_application_shown(application, now) for application in applicant.own_applications(actor=current_actor())
        ],
        drafts_waiting=len(entering.own_offers(actor=current_actor(), now=now)),
        invitations=[each.id for each in accounts.own_invitations(current_actor().person_id, now)],
    )


@bp.get("/applications/<uuid:application_id>")
@requires(P.APPLICATION_WRITE)
def tasks(application_id: UUID) -> ResponseReturnValue:
    """Show a draft's sections and what is left to do; of a sent application, the receipt."""
    application, form = _own(application_id)
    now = clock.now()
    if application.status is not ApplicationStatus.DRAFT:
        return render_template(
            "applications/receipt.html",
            application=own_application_shown(application, now),
            submission=submission_shown(application.submissions[-1], application.call),
        )
    problems = submitting.submission_problems(application, form, language=current_language(), now=now)
    return render_template(
        "applications/tasks.html",
        application=own_application_shown(application, now),
        tasks=task_list(application, form, problems),
        is_complete=not problems,
        beginning=beginning_shown(application),
    )


@bp.get("/applications/<uuid:application_id>/check")
@requires(P.APPLICATION_WRITE)
def check(application_id: UUID) -> ResponseReturnValue:
    """Show all answers before they are sent."""
    application, form = _own(application_id)
    if application.status is not ApplicationStatus.DRAFT:
        return redirect(url_for("applications.tasks", application_id=application.id))
    return _check_page(application, form)


@bp.post("/applications/<uuid:application_id>/check")
@requires(P.APPLICATION_WRITE)
def submit(application_id: UUID) -> ResponseReturnValue:
    """Send the application in; too late or not whole, say so and show the text, which stays kept."""
    application, form = _own(application_id)
    try:
        submitting.submit_application(
            actor=current_actor(),
            application=application,
            seen=request.form.get("seen", ""),
            language=current_language(),
            now=clock.now(),
        )
    except RuleViolations:
        return _check_page(application, form, tried=True), 422
    except Conflict as conflict:
        return _check_page(application, form, refused=conflict.message), 409
    return redirect(url_for("applications.tasks", application_id=application.id))


@bp.get("/applications/<uuid:application_id>/copy")
@requires(P.APPLICATION_WRITE)
def copy(application_id: UUID) -> ResponseReturnValue:
    """Show what was sent, for printing and keeping."""
    return render_template("applications/copy.html", **_sent(application_id))


@bp.get("/applications/<uuid:application_id>/copy.txt")
@requires(P.APPLICATION_WRITE)
def copy_as_text(application_id: UUID) -> ResponseReturnValue:
    """Give what was sent as plain text."""
    sent = _sent(application_id)
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{sent["application"].reference}.txt"',
    }
    return render_template("applications/copy.txt", **sent), headers


@bp.get("/applications/<uuid:application_id>/files/<uuid:attachment_id>")
@requires(P.APPLICATION_WRITE)
def own_file(application_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Give a file back to whoever sent it."""
    return file_response(
        applicant.own_attachment(actor=current_actor(), application_id=application_id, attachment_id=attachment_id)
    )


def _own(application_id: UUID) -> tuple[Application, FormDefinition]:
    application = applicant.written_application(actor=current_actor(), application_id=application_id)
    return application, drafts.form_of(application)


def _sent(application_id: UUID) -> dict[str, Any]:
    application, _form = _own(application_id)
    if not application.submissions:
        abort(404)
    return {
        "application": own_application_shown(application, clock.now()),
        "submission": submission_shown(application.submissions[-1], application.call),
        "sections": submitted_answers_shown(application, mask=False),
    }


def _check_page(application: Application, form: FormDefinition, *, tried: bool = False, refused: str = "") -> str:
    """Draw the page before sending; `tried` and `refused` tell why it was not sent just now."""
    problems = submitting.submission_problems(application, form, language=current_language(), now=clock.now())
    return render_template(
        "applications/check.html",
        application=own_application_shown(application, clock.now()),
        sections=answers_shown(form, clear_answers(application), application.attachments, application.call.currency),
        missing=problems_shown(application, form, problems),
        tried=tried,
        refused=refused,
        seen=drafts.fingerprint(application.answers),
        beginning=beginning_shown(application),
        may_send=applicant.may_send(actor=current_actor(), application=application),
    )
