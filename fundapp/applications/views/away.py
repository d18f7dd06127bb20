"""The form away from the pages: to print, as PDF, as a workbook; and a filled workbook that comes back as a draft."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import DataRequired

from fundapp.accounts import sessions
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.secrets import new_token
from fundapp.accounts.sessions import current_actor
from fundapp.accounts.views.sign_in import start_session
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.eligibility import first_questions
from fundapp.applications.models import Application, Call, EnquiryCause
from fundapp.applications.offline import BlankForm, FilledForm, Marked, open_workbook, read_workbook
from fundapp.applications.presentation import away
from fundapp.applications.presentation import calls as presentation
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import applicant, public
from fundapp.applications.services import drafts, filled_forms, starting
from fundapp.applications.services.admission import Barred, first_answers
from fundapp.applications.views import bp
from fundapp.applications.views.starting import carried_enquiry, carried_invitation, stopped_page, whoever_starts
from fundapp.core import clock, unit_of_work
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.routes import limited, requires
from fundapp.core.routes import public as for_everybody

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FilledSheetForm(FlaskForm):
    """Choose a filled sheet."""

    sheet = FileField(_l("Your filled sheet (XLSX)"), validators=[DataRequired()])


@bp.get("/calls/<slug>/form/<language>")
@for_everybody
def form_to_print(slug: str, language: str) -> ResponseReturnValue:
    """Show the whole form on one page, for reading and printing, in one of the call's languages."""
    call, blank = _blank(slug, language)
    return render_template(
        "applications/form_to_print.html",
        call=presentation.call_shown(call, clock.now()),
        blank=blank,
        languages=away.languages_shown(call),
    )


@bp.get("/calls/<slug>/form/<language>.pdf")
@for_everybody
@limited("pdf")
def form_as_pdf(slug: str, language: str) -> ResponseReturnValue:
    """Give the whole form as PDF, with room to write by hand."""
    _call, blank = _blank(slug, language)
    return away.blank_pdf(blank), _to_save(blank, "pdf", "application/pdf")


@bp.get("/calls/<slug>/form/<language>.xlsx")
@for_everybody
@limited("pdf")
def form_as_workbook(slug: str, language: str) -> ResponseReturnValue:
    """Give the whole form as a workbook that can be filled in offline."""
    _call, blank = _blank(slug, language)
    return away.blank_workbook(blank), _to_save(blank, "xlsx", XLSX)


@bp.get("/calls/<slug>/filled")
@for_everybody
def bring_filled(slug: str) -> ResponseReturnValue:
    """Offer to make a draft of a filled sheet, or to go on with the draft that there is."""
    call = public.announced_call(slug)
    existing = _existing(call)
    if existing is not None:
        return redirect(url_for("applications.bring_into_draft", application_id=existing.id))
    return _bring_page(call)


@bp.post("/calls/<slug>/filled")
@for_everybody
@limited("upload")
def take_filled(slug: str) -> ResponseReturnValue:
    """Make a draft of a filled sheet, for somebody who is signed in or begins at once; say by cell what is wrong."""
    call = public.announced_call(slug)
    try:
        marked, name = _chosen(call)
        existing = _existing(call)
        if existing is not None:
            return _take(existing, marked, name, replace=False)
        form = FormDefinition.from_json(public.current_form(call).definition)
        return _start(call, form, marked, name)
    except RuleViolations as violations:
        unit_of_work.rollback()
        return _bring_page(public.announced_call(slug), violations.problems), 422
    except Conflict as conflict:
        unit_of_work.rollback()
        return _bring_page(public.announced_call(slug), [Problem(conflict.message)]), 409


@bp.get("/applications/<uuid:application_id>/filled")
@requires(P.APPLICATION_WRITE)
def bring_into_draft(application_id: UUID) -> ResponseReturnValue:
    """Offer to take the answers of a filled sheet into a draft."""
    return _bring_page(_own(application_id).call, application=_own(application_id))


@bp.post("/applications/<uuid:application_id>/filled")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def take_into_draft(application_id: UUID) -> ResponseReturnValue:
    """Take the answers of a filled sheet where nothing else stands yet, and show what it would replace."""
    application = _own(application_id)
    try:
        marked, name = _chosen(application.call)
        return _take(application, marked, name, replace=False)
    except RuleViolations as violations:
        unit_of_work.rollback()
        application = _own(application_id)
        return _bring_page(application.call, violations.problems, application=application), 422
    except Conflict as conflict:
        unit_of_work.rollback()
        application = _own(application_id)
        return _bring_page(application.call, [Problem(conflict.message)], application=application), 409


@bp.post("/applications/<uuid:application_id>/filled/replace")
@requires(P.APPLICATION_WRITE)
@limited("save")
def replace_by_filled(application_id: UUID) -> ResponseReturnValue:
    """Replace answers by those of the sheet, once somebody has seen both."""
    application = _own(application_id)
    try:
        given, seen = (_mapping(request.form.get(name, "")) for name in ("given", "seen"))
        changed = filled_forms.replace_differing(
            actor=current_actor(),
            application=application,
            given=given,
            seen={key: str(value) for key, value in seen.items()},
            language=request.form.get("language", "")[:10] or current_language(),
            now=clock.now(),
        )
    except Conflict as conflict:
        unit_of_work.rollback()
        application = _own(application_id)
        return _bring_page(application.call, [Problem(conflict.message)], application=application), 409
    if changed:
        message = _l(
            "Some answers were changed in the meantime. They were left as they are: please look at them again."
        )
        return _bring_page(application.call, [Problem(message)], application=application), 409
    return redirect(url_for("applications.tasks", application_id=application.id))


def _start(call: Call, form: FormDefinition, marked: Marked, name: str) -> ResponseReturnValue:
    """Start an application as its start page does, and take the sheet into it."""
    now, filled = clock.now(), read_workbook(marked, form, name)
    _require_answers(filled, name)
    first = {
        question.name: given.typed
        for question in first_questions(form)
        if (given := filled.answers.get(question.name)) is not None and not isinstance(given.typed, Mapping)
    }
    look = first_answers(call=call, form=form, typed=first, language=filled.language, now=now)
    enquiry = carried_enquiry(call)
    if look.ineligible and enquiry is None:
        return stopped_page(call, EnquiryCause.ELIGIBILITY, look.ineligible)
    starter = whoever_starts()
    if starter is None:
        return _bring_page(call, [Problem(_l("Just now very many people begin here. Please try again later."))]), 429
    actor, token = starter
    try:
        application = starting.start_application(
            actor=actor,
            call=call,
            language=filled.language,
            now=now,
            protected="protect" in request.form,
            first=first,
            invitation=carried_invitation(call),
            enquiry=enquiry,
        )
    except Barred as barred:
        unit_of_work.rollback()
        return stopped_page(public.announced_call(call.slug), EnquiryCause.BARRED, [Problem(barred.message)])
    except RuleViolations as violations:
        places = {key: given.place for key, given in filled.answers.items()}
        raise RuleViolations(
            [
                Problem(each.message, place=places.get(each.field or "", _label(form, each)))
                for each in violations.problems
            ]
        ) from None
    if token:
        start_session(token)
    return _taken_page(actor, application, filled, replace=True)


def _take(application: Application, marked: Marked, name: str, *, replace: bool) -> ResponseReturnValue:
    filled = read_workbook(marked, drafts.form_of(application), name)
    _require_answers(filled, name)
    return _taken_page(current_actor(), application, filled, replace=replace)


def _taken_page(actor: Actor, application: Application, filled: FilledForm, *, replace: bool) -> str:
    done = filled_forms.take_filled(
        actor=actor,
        application=application,
        filled=filled,
        replace=replace,
        language=current_language(),
        now=clock.now(),
    )
    return render_template(
        "applications/filled_taken.html",
        application=own_application_shown(application, clock.now()),
        done=away.taken_shown(application, drafts.form_of(application), filled, done),
        language_of_sheet=filled.language,
    )


def _require_answers(filled: FilledForm, name: str) -> None:
    if filled.is_empty and not filled.problems:
        raise RuleViolations([Problem(_l("Nothing is written in this sheet yet. Was it saved?"), place=name)])


def _label(form: FormDefinition, problem: Problem) -> str:
    question = form.question(problem.field or "")
    return str(said(question.label)) if question else ""


def _chosen(call: Call) -> tuple[Marked, str]:
    """Return the sheet that was chosen, and its name. Raises RuleViolations for what is no sheet of this call."""
    upload = FilledSheetForm().sheet.data
    if not upload or not upload.filename:
        raise RuleViolations([Problem(_l("Choose your filled sheet first."))])
    name = upload.filename
    marked = open_workbook(upload.read(), name)
    if marked.slug != call.slug:
        raise RuleViolations([Problem(_l("This is the form of another call."), place=name)])
    if marked.language not in call.languages:
        raise RuleViolations([Problem(_l("This form is in a language that the call does not have."), place=name)])
    return marked, name


def _existing(call: Call) -> Application | None:
    actor = current_actor()
    return None if actor.person_id is None else applicant.own_application_in(actor=actor, call=call)


def _own(application_id: UUID) -> Application:
    return applicant.written_application(actor=current_actor(), application_id=application_id)


def _bring_page(call: Call, problems: list[Problem] | None = None, *, application: Application | None = None) -> str:
    if current_actor().person_id is None:
        sessions.name_browser()  # what is begun here belongs to this browser
    now = clock.now()
    return render_template(
        "applications/bring_filled.html",
        call=presentation.call_shown(call, now),
        application=own_application_shown(application, now) if application else None,
        form=FilledSheetForm(formdata=None),
        languages=away.languages_shown(call),
        problems=problems or [],
        key=new_token(),
    )


def _blank(slug: str, language: str) -> tuple[Call, BlankForm]:
    call = public.announced_call(slug)
    if language not in call.languages:
        abort(404)
    return call, away.blank_form(call, public.current_form(call), language)


def _mapping(written: str) -> dict[str, Any]:
    """Return an object that stood in a page; anything else that is sent is none."""
    try:
        read = json.loads(written)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _to_save(blank: BlankForm, ending: str, content_type: str) -> dict[str, str]:
    name = f"{blank.slug}-{blank.language}.{ending}"
    return {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}
