"""Pages about an application after it was sent: questions and answers, what is opened again, further papers."""

from datetime import date, datetime, time
from typing import cast
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.forms.afterwards import AnswerForm, QuestionForm, ReopenForm
from fundapp.applications.models import Application, Call, Clarification
from fundapp.applications.presentation.afterwards import after_sending_shown
from fundapp.applications.presentation.applications import (
    own_application_shown,
    submission_shown,
    submitted_answers_shown,
)
from fundapp.applications.presentation.files import checked_file_shown
from fundapp.applications.presentation.managing import sent_application_shown
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.standing import asked_shown
from fundapp.applications.queries import applicant
from fundapp.applications.queries.managing import sent_application
from fundapp.applications.rules import instant_in
from fundapp.applications.services import clarifying, reopening
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into


@bp.get("/applications/<uuid:application_id>/questions/<int:number>")
@requires(P.APPLICATION_WRITE)
def own_question(application_id: UUID, number: int) -> ResponseReturnValue:
    """Show a question of the staff, with the place for its answer."""
    application, clarification = _own_question(application_id, number)
    return _question_page(application, clarification, AnswerForm(formdata=None))


@bp.post("/applications/<uuid:application_id>/questions/<int:number>")
@requires(P.APPLICATION_WRITE)
def answer_question(application_id: UUID, number: int) -> ResponseReturnValue:
    """Keep the answer; one that cannot be taken stays on the page."""
    application, clarification = _own_question(application_id, number)
    form = AnswerForm()
    if not form.validate():
        return _question_page(application, clarification, form), 422
    try:
        clarifying.answer_question(
            actor=current_actor(), clarification=clarification, answer=form.answer.data or "", now=clock.now()
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _question_page(application, clarification, form), 422
    except Conflict as conflict:
        form.form_errors = [conflict.message]
        return _question_page(application, clarification, form), 409
    flash(_("Thank you. Your answer is part of your application now."))
    return redirect(url_for("applications.tasks", application_id=application_id))


@bp.get("/manage/applications/<uuid:application_id>/ask")
@requires(P.APPLICATION_ASK)
def ask_about(application_id: UUID) -> ResponseReturnValue:
    """Offer to ask the people of an application something."""
    return _ask_page(_sent(application_id), QuestionForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/ask")
@requires(P.APPLICATION_ASK)
def send_question(application_id: UUID) -> ResponseReturnValue:
    """Ask, and mail its people that there is news."""
    application, form = _sent(application_id), QuestionForm()
    if not form.validate():
        return _ask_page(application, form), 422
    try:
        clarifying.ask_about(
            actor=current_actor(),
            application=application,
            question=form.question.data or "",
            for_reviewers=bool(form.for_reviewers.data),
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _ask_page(application, form), 422
    flash(_("The question was sent. You will find the answer here."))
    return redirect(url_for("applications.managed_application", application_id=application_id))


@bp.get("/manage/applications/<uuid:application_id>/reopen")
@requires(P.APPLICATION_ASK)
def reopen(application_id: UUID) -> ResponseReturnValue:
    """Offer to send an application back to be corrected."""
    application = _sent(application_id)
    return _reopen_page(application, _reopen_form(application, empty=True))


@bp.post("/manage/applications/<uuid:application_id>/reopen")
@requires(P.APPLICATION_ASK)
def send_back(application_id: UUID) -> ResponseReturnValue:
    """Open the chosen questions until the end of a day, and mail its people that there is news."""
    application = _sent(application_id)
    form = _reopen_form(application)
    if not form.validate():
        return _reopen_page(application, form), 422
    try:
        reopening.send_back(
            actor=current_actor(),
            application=application,
            questions=form.questions.data or [],
            message=form.message.data or "",
            closes_at=end_of(cast(date, form.closes_on.data), application.call),
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _reopen_page(application, form), 422
    flash(_("The application was sent back. Until it is sent again, what was sent counts."))
    return redirect(url_for("applications.managed_application", application_id=application_id))


@bp.post("/manage/applications/<uuid:application_id>/close")
@requires(P.APPLICATION_ASK)
def close_reopening(application_id: UUID) -> ResponseReturnValue:
    """Close what is open of an application, before its day."""
    reopening.close_reopening(actor=current_actor(), application=_sent(application_id), now=clock.now())
    flash(_("It is closed. What was sent stays as it is."))
    return redirect(url_for("applications.managed_application", application_id=application_id))


@bp.get("/manage/applications/<uuid:application_id>/versions/<int:number>")
@requires(P.APPLICATION_READ)
def managed_version(application_id: UUID, number: int) -> ResponseReturnValue:
    """Show an earlier version of an application, masked like the one that counts."""
    actor = current_actor()
    application = sent_application(actor=actor, application_id=application_id)
    submission = next((each for each in application.submissions if each.number == number), None)
    if submission is None:
        abort(404)
    return render_template(
        "applications/managed_version.html",
        application=sent_application_shown(application, actor, ""),
        submission=submission_shown(submission, application.call),
        sections=submitted_answers_shown(application, mask=True, submission=submission, file_as=checked_file_shown),
    )


def end_of(day: date, call: Call) -> datetime:
    """Return the last minute of a day in a call's time zone, as an instant. Raises RuleViolations.

    Said as 00:00 of the next day, people would take it for a day more; and in some zones clocks skip that hour.
    """
    return instant_in(call.time_zone, day, time(23, 59))


def _own_question(application_id: UUID, number: int) -> tuple[Application, Clarification]:
    application = applicant.own_application(actor=current_actor(), application_id=application_id)
    found = next((each for each in application.clarifications if each.number == number), None)
    if found is None:
        abort(404)
    return application, found


def _question_page(application: Application, clarification: Clarification, form: AnswerForm) -> str:
    (asked,) = [each for each in asked_shown(application) if each.number == clarification.number]
    return render_template(
        "applications/own_question.html",
        application=own_application_shown(application, clock.now()),
        asked=asked,
        may_answer=applicant.may_send(actor=current_actor(), application=application),
        form=form,
    )


def _sent(application_id: UUID) -> Application:
    return sent_application(actor=current_actor(), application_id=application_id, permission=P.APPLICATION_ASK)


def _ask_page(application: Application, form: QuestionForm) -> str:
    actor = current_actor()
    return render_template(
        "applications/ask.html",
        application=sent_application_shown(application, actor, ""),
        after=after_sending_shown(application, actor, clock.now()),
        form=form,
    )


def _reopen_form(application: Application, *, empty: bool = False) -> ReopenForm:
    form = ReopenForm(formdata=None) if empty else ReopenForm()
    definition = FormDefinition.from_json(application.form_version.definition)
    form.questions.choices = [
        SelectChoice(each.name, said_unanswered(each.label).text) for each in definition.questions if each.takes_answer
    ]
    return form


def _reopen_page(application: Application, form: ReopenForm) -> str:
    actor = current_actor()
    return render_template(
        "applications/reopen.html",
        application=sent_application_shown(application, actor, ""),
        after=after_sending_shown(application, actor, clock.now()),
        form=form,
    )
