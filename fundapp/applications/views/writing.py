"""Writing an application: one section on a page, kept as it is whenever it is saved."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from flask import abort, flash, get_flashed_messages, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage

from fundapp.accounts.gates import fresh_gate
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.answer_form import field_name, fields_shown, section_form, typed_in
from fundapp.applications.answers import Answer, shown
from fundapp.applications.form_definition import FILE_KINDS, FormDefinition, Question, Section, Sensitivity
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.questions import AnswerShown, section_title
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import applicant
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services import attaching, drafts, saving
from fundapp.applications.views import bp
from fundapp.applications.views.files import storage
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import Declared, limited, requires

FILE_PROBLEM = "file:"
"""Flashed messages of this category stand beside the field of the question that they name."""


@bp.get("/applications/<uuid:application_id>/sections/<int:number>")
@requires(P.APPLICATION_WRITE)
def section(application_id: UUID, number: int) -> ResponseReturnValue:
    """Show the questions of one section; with ?check=1, what is wrong with the stored answers."""
    application, form = _own_draft(application_id)
    if application.status is not ApplicationStatus.DRAFT:
        return redirect(url_for("applications.tasks", application_id=application.id))
    questions = _asked(application, form, _section(form, number))
    problems = _file_problems()
    if request.args.get("check"):
        problems += drafts.draft_problems(
            application, form, submitting=True, language=current_language(), now=clock.now()
        )
    answers = section_form(questions, clear_answers(application), current_language(), problems)
    return _section_page(application, form, number, questions, answers)


@bp.post("/applications/<uuid:application_id>/sections/<int:number>")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def save_section(application_id: UUID, number: int) -> ResponseReturnValue:
    """Keep what was typed and the files that were chosen, whatever is wrong with them; then go where was asked."""
    application, form = _own_draft(application_id)
    questions = _asked(application, form, _section(form, number))
    stored = clear_answers(application)
    answers = section_form(questions, stored, current_language())
    typed = typed_in(answers, questions)
    take_out = [each.name for each in questions if f"remove_{field_name(each)}" in request.form]
    if _changes_payee(questions, stored, {name for name, text in typed.items() if text} | {*take_out}):
        proof_page = fresh_gate(Declared(fresh=True), current_actor())
        if proof_page is not None:
            return proof_page
    try:
        problems = saving.save_draft(
            actor=current_actor(),
            application=application,
            typed=typed,
            seen=request.form.get("seen", ""),
            take_out=take_out,
            language=current_language(),
            now=clock.now(),
        )
    except RuleViolations as wrong:
        answers = section_form(questions, stored, current_language(), wrong.problems)
        return _section_page(application, form, number, questions, answers), 422
    except saving.ChangedElsewhere as conflict:
        return _section_page(application, form, number, questions, answers, conflict.stored), 409
    except Conflict as conflict:
        kept = [(said(question.label), typed[question.name]) for question in questions if typed.get(question.name)]
        page = render_template(
            "applications/not_saved.html",
            application=own_application_shown(application, clock.now()),
            message=conflict.message,
            kept=kept,
        )
        return page, 409
    problems += _save_files(application, questions, answers)
    if "leave" in request.form:
        return redirect(url_for("applications.tasks", application_id=application.id))
    if problems:
        flash(_("Your text is saved. Some of it needs another look."))
        return redirect(url_for("applications.section", application_id=application.id, number=number, check=1))
    flash(_("Saved."))
    if number < len(form.sections):
        return redirect(url_for("applications.section", application_id=application.id, number=number + 1))
    return redirect(url_for("applications.check", application_id=application.id))


def _changes_payee(questions: list[Question], stored: Mapping[str, Answer], given: set[str]) -> bool:
    """Say whether payee details that are kept already would be replaced: that needs a fresh proof, giving them none."""
    return any(
        question.sensitivity is Sensitivity.PAYEE and question.name in given and stored.get(question.name) is not None
        for question in questions
    )


def _own_draft(application_id: UUID) -> tuple[Application, FormDefinition]:
    application = applicant.own_application(actor=current_actor(), application_id=application_id)
    return application, drafts.form_of(application)


def _section(form: FormDefinition, number: int) -> Section:
    if not 1 <= number <= len(form.sections):
        abort(404)
    return form.sections[number - 1]


def _asked(application: Application, form: FormDefinition, section: Section) -> list[Question]:
    """Return the questions of a section that are asked now, or were when the page that is being saved was made.

    Where money goes is for those who hold the organisation.
    """
    holds = applicant.may_send(actor=current_actor(), application=application)
    filling = drafts.filling_of(application, form, now=clock.now())
    return [
        question
        for question in section.questions
        if (filling.is_asked(question.name) or field_name(question) in request.form)
        and (holds or question.sensitivity is not Sensitivity.PAYEE)
    ]


def _file_problems() -> list[Problem]:
    """Return what `_save_files` left for this page."""
    flashed = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    return [
        Problem(message, field=category.removeprefix(FILE_PROBLEM))
        for category, message in flashed
        if category.startswith(FILE_PROBLEM)
    ]


def _save_files(application: Application, questions: list[Question], answers: FlaskForm) -> list[Problem]:
    """Keep the files that were chosen; what cannot be taken is shown beside its field on the next page."""
    problems: list[Problem] = []
    for question in questions:
        if question.kind not in FILE_KINDS:
            continue
        upload = answers[field_name(question)].data
        try:
            if isinstance(upload, FileStorage) and upload.filename:
                attaching.attach_file(
                    actor=current_actor(),
                    application=application,
                    question=question,
                    key=question.name,
                    filename=upload.filename,
                    data=upload.read(),
                    storage=storage(),
                    now=clock.now(),
                )
            elif f"remove_{field_name(question)}" in request.form:
                attaching.remove_file(
                    actor=current_actor(), application=application, key=question.name, now=clock.now()
                )
        except RuleViolations as violations:
            problems += violations.problems
    for problem in problems:
        flash(str(problem.message), f"{FILE_PROBLEM}{problem.field}")
    return problems


def _section_page(
    application: Application,
    form: FormDefinition,
    number: int,
    questions: list[Question],
    answers: FlaskForm,
    elsewhere: Mapping[str, Answer] | None = None,
) -> str:
    """Draw a section; answers that were stored `elsewhere` in between are shown beside those that were typed."""
    typed_names = [each.name for each in questions if each.takes_answer and each.kind not in FILE_KINDS]
    currency = application.call.currency
    theirs = [
        AnswerShown(
            question,
            said(question.label),
            shown(question, elsewhere[question.name], current_language(), currency),
            None,
        )
        for question in questions
        if elsewhere is not None and question.name in elsewhere
    ]
    return render_template(
        "applications/section.html",
        application=own_application_shown(application, clock.now()),
        title=section_title(form.sections[number - 1], form),
        number=number,
        count=len(form.sections),
        form=answers,
        fields=fields_shown(answers, questions, application),
        has_files=any(question.kind in FILE_KINDS for question in questions),
        seen=drafts.fingerprint(drafts.stored_answers(application, typed_names)),
        changed_elsewhere=elsewhere is not None,
        theirs=theirs,
    )
