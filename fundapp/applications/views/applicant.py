"""An applicant's own pages: the list, the tasks, what is checked and sent, and what was sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import queries as accounts
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Application, ApplicationStatus, Submission
from fundapp.applications.presentation.applications import (
    own_application_shown,
    submission_shown,
    submitted_answers_shown,
)
from fundapp.applications.presentation.copies import copy_pdf
from fundapp.applications.presentation.entering import beginning_shown
from fundapp.applications.presentation.questions import answers_shown
from fundapp.applications.presentation.set_aside import told_of_setting_aside
from fundapp.applications.presentation.standing import address_trouble, asked_shown, standing_shown
from fundapp.applications.queries import applicant, entering
from fundapp.applications.services import drafts, submitting
from fundapp.applications.views import bp
from fundapp.applications.views.files import file_response
from fundapp.applications.views.progress import change_url, problems_shown, task_list
from fundapp.applications.window import window_of
from fundapp.core import clock, unit_of_work
from fundapp.core.arrival import arrival
from fundapp.core.dates import moment
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.routes import limited, requires
from fundapp.core.web import FundApp


@bp.get("/applications")
@requires(P.APPLICATION_WRITE)
def mine() -> ResponseReturnValue:
    """List the actor's applications, with where each stands and what waits for them."""
    actor, now = current_actor(), clock.now()
    return render_template(
        "applications/mine.html",
        applications=[own_application_shown(each, now) for each in applicant.own_applications(actor=actor)],
        drafts_waiting=len(entering.own_offers(actor=current_actor(), now=now)),
        invitations=[each.id for each in accounts.own_invitations(actor.person_id, now)],
        address=_address_trouble(),
    )


@bp.get("/applications/<uuid:application_id>")
@requires(P.APPLICATION_WRITE)
def tasks(application_id: UUID) -> ResponseReturnValue:
    """Show a draft's sections and what is left to do; of a sent application, the receipt and where it stands."""
    application, form = _own(application_id)
    if application.status is ApplicationStatus.DRAFT:
        return _tasks_page(application, form)
    actor, now = current_actor(), clock.now()
    holds = applicant.holds(actor=actor, application=application)
    writes = applicant.may_write(actor=actor, application=application)
    return render_template(
        "applications/receipt.html",
        application=own_application_shown(application, now),
        standing=standing_shown(application, now, writes=writes, holds=holds),
        set_aside=told_of_setting_aside(application),
        address=_address_trouble(),
        has_mailed_receipt=holds and _has_mailed_receipt(application),
    )


@bp.get("/applications/<uuid:application_id>/edit")
@requires(P.APPLICATION_WRITE)
def edit(application_id: UUID) -> ResponseReturnValue:
    """Show the sections of an application that can be written now, sent before or not."""
    application, form = _own(application_id)
    if not window_of(application, clock.now()).may_write:
        return redirect(url_for("applications.tasks", application_id=application.id))
    return _tasks_page(application, form)


@bp.get("/applications/<uuid:application_id>/check")
@requires(P.APPLICATION_WRITE)
def check(application_id: UUID) -> ResponseReturnValue:
    """Show all answers before they are sent; also those that were changed too late to be sent."""
    application, form = _own(application_id)
    if submitting.is_sent_as_it_is(application):
        return redirect(url_for("applications.tasks", application_id=application.id))
    return _check_page(application, form)


@bp.post("/applications/<uuid:application_id>/check")
@requires(P.APPLICATION_WRITE)
@limited("send")
def submit(application_id: UUID) -> ResponseReturnValue:
    """Send the application in; too late or not whole, say so and show the text, which stays kept.

    What arrived and was not taken is on record all the same, with the time, for whoever has to settle a dispute.
    """
    arrived_at = arrival()
    actor = current_actor()
    application, form = _own(application_id)
    try:
        submitting.submit_application(
            actor=actor,
            application=application,
            seen=request.form.get("seen", ""),
            language=current_language(),
            now=arrived_at,
        )
    except (RuleViolations, Conflict) as refusal:
        unit_of_work.rollback()
        application, form = _own(application_id)
        submitting.note_refusal(actor=actor, application=application, refusal=refusal, now=arrived_at)
        unit_of_work.commit(cast(FundApp, current_app).queue)
        if isinstance(refusal, RuleViolations):
            return _check_page(application, form, tried=True, outside=refusal.problems, arrived_at=arrived_at), 422
        return _check_page(application, form, refused=refusal.message, arrived_at=arrived_at), 409
    if application.entered_by_id is not None and application.entered_by_id == actor.person_id:
        return redirect(url_for("applications.managed_application", application_id=application.id))
    answer = redirect(url_for("applications.tasks", application_id=application.id))
    answer.headers["Clear-Site-Data"] = '"storage"'  # copies of unsaved text that a browser kept
    return answer


@bp.get("/applications/<uuid:application_id>/copy")
@requires(P.APPLICATION_WRITE)
def copy(application_id: UUID) -> ResponseReturnValue:
    """Show what was sent, for printing and keeping; ?version=N shows an earlier version."""
    return render_template("applications/copy.html", **_sent(application_id))


@bp.get("/applications/<uuid:application_id>/copy.txt")
@requires(P.APPLICATION_WRITE)
def copy_as_text(application_id: UUID) -> ResponseReturnValue:
    """Give what was sent as plain text."""
    sent = _sent(application_id)
    return render_template("applications/copy.txt", **sent), _to_save(sent, "txt", "text/plain; charset=utf-8")


@bp.get("/applications/<uuid:application_id>/copy.pdf")
@requires(P.APPLICATION_WRITE)
@limited("pdf")
def copy_as_pdf(application_id: UUID) -> ResponseReturnValue:
    """Give what was sent as PDF, in the language of the application."""
    application, _form = _own(application_id)
    submission = _version(application)
    data = copy_pdf(application, submission)
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'attachment; filename="{application.reference}-{submission.number}.pdf"',
    }
    return data, headers


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


def _version(application: Application) -> Submission:
    """Return the version that the address asks for with ?version=N, else the last one that was sent."""
    wanted = request.args.get("version", type=int)
    versions = {each.number: each for each in application.submissions}
    if not versions or (wanted is not None and wanted not in versions):
        abort(404)
    return versions[wanted or max(versions)]


def _sent(application_id: UUID) -> dict[str, Any]:
    application, _form = _own(application_id)
    submission = _version(application)
    return {
        "application": own_application_shown(application, clock.now()),
        "submission": submission_shown(submission, application.call),
        "sections": submitted_answers_shown(application, mask=False, submission=submission),
        "answered": [each for each in asked_shown(application) if each.answered is not None],
        "is_last": submission is application.submissions[-1],
    }


def _to_save(sent: Mapping[str, Any], ending: str, content_type: str) -> dict[str, str]:
    name = f"{sent['application'].reference}-{sent['submission'].number}.{ending}"
    return {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}


def _has_mailed_receipt(application: Application) -> bool:
    """Say whether a receipt went to the person who asks: not without an address, nor for what came from a table."""
    person = accounts.person_of(current_actor())
    came_from_table = application.import_key is not None and len(application.submissions) == 1
    return person is not None and bool(person.email) and not came_from_table


def _address_trouble() -> str:
    person = accounts.person_of(current_actor())
    return address_trouble(person) if person else ""


def _tasks_page(application: Application, form: FormDefinition) -> str:
    now = clock.now()
    problems = submitting.submission_problems(application, form, language=current_language(), now=now)
    return render_template(
        "applications/tasks.html",
        application=own_application_shown(application, now),
        tasks=task_list(application, form, problems),
        is_complete=not problems,
        beginning=beginning_shown(application),
    )


def _check_page(
    application: Application,
    form: FormDefinition,
    *,
    tried: bool = False,
    refused: str = "",
    outside: Sequence[Problem] = (),
    arrived_at: datetime | None = None,
) -> str:
    """Draw the page before sending; `tried` and `refused` tell why it was not sent just now.

    `outside` are the problems that sending met; those of the form are found again.
    """
    now = clock.now()
    problems = submitting.submission_problems(application, form, language=current_language(), now=now)
    met = {str(each) for each in problems}
    problems += [each for each in outside if str(each) not in met]
    surroundings = drafts.surroundings_of(application.call, now, application.language)
    filling = Filling(form, submitting.answers_to_send(application, now), surroundings)
    window = window_of(application, now)
    return render_template(
        "applications/check.html",
        application=own_application_shown(application, now),
        sections=answers_shown(filling, application.attachments, application.call.currency),
        change_url=lambda number, key: change_url(application, number, key) if window.opens(key) else None,
        missing=problems_shown(application, form, problems),
        tried=tried,
        refused=refused,
        arrived=moment(arrived_at, application.call.time_zone) if arrived_at else None,
        seen=drafts.fingerprint(application.answers),
        beginning=beginning_shown(application),
        may_send=applicant.may_send(actor=current_actor(), application=application),
    )
