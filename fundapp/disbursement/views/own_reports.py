"""Pages of reports for the people of an award: written, spoken and sent as applications are."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import FileStorage

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.answers import Typed
from fundapp.applications.form_engine.definition import FILE_KINDS
from fundapp.applications.form_engine.pages import pages_of
from fundapp.applications.forms.answering import Asked, section_form, typed_in
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.applicant import may_send
from fundapp.applications.services import saving
from fundapp.applications.views.answer_files import FILE_PROBLEM, file_problems
from fundapp.applications.views.files import storage
from fundapp.applications.views.form_page import (
    WHOLE,
    Draft,
    FormPage,
    asked_in_request,
    drawn_fields,
    is_typed,
    read_seen,
    texts_before,
)
from fundapp.applications.views.form_page import (
    Conflict as Conflicting,
)
from fundapp.applications.views.writing import copy_key, saved_text
from fundapp.applications.window import Window
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language, plural_forms
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.disbursement.models import Report
from fundapp.disbursement.presentation import reports as presentation
from fundapp.disbursement.queries import reports as queries
from fundapp.disbursement.services import report_writing as services
from fundapp.disbursement.views import bp


class ReportDraft(Draft):
    """A report as it is being written: a form of its own, on one page, that is open until it is sent."""

    def __init__(self, report: Report, now: datetime) -> None:  # the parts of a Draft come from the report here
        self.report = report
        self.application = report.application
        self.now = now
        self.form = report.form.form
        self.stored = report.answers
        self.filling = services.filling_of_report(report, self.form, now)
        self.window = Window()
        self.page_count = len(pages_of(self.form))
        self._holds = may_send(actor=current_actor(), application=report.application)


@bp.get("/reports/<uuid:report_id>")
@requires(P.APPLICATION_WRITE)
def own_report(report_id: UUID) -> ResponseReturnValue:
    """Show a report to the people of its award: what is asked until when, or what was sent."""
    return _page(_own(report_id), clock.now())


@bp.post("/reports/<uuid:report_id>")
@requires(P.APPLICATION_WRITE)
@limited("upload")
def write_report(report_id: UUID) -> ResponseReturnValue:
    """Keep what was typed and the files that were chosen, whatever is wrong with them; send it where that is asked."""
    report, now = _own(report_id), clock.now()
    draft = ReportDraft(report, now)
    seen = read_seen(request.form.get("seen", ""))
    asked = asked_in_request(draft.form, seen)
    typed = typed_in(section_form(asked, {}, current_language()), asked)
    wanted = [each for each in asked if is_typed(each)]
    try:
        saved = services.save_report(
            actor=current_actor(),
            report=report,
            typed={each.key: typed[each.key] for each in wanted if each.key in typed},
            seen=seen,
            language=current_language(),
            now=now,
        )
        if saved.conflicts:
            return _not_saved(report, asked, typed, saved, now), 409
        _save_files(report, asked, now)
        if "send" in request.form:
            services.send_report(actor=current_actor(), report=report, language=current_language(), now=now)
            flash(_("Thank you. Your report is with us."))
            return redirect(url_for("disbursement.own_report", report_id=report_id))
    except RuleViolations:
        flash(_("Your text is saved. Some of it needs another look."))
        return redirect(url_for("disbursement.own_report", report_id=report_id, check=1))
    except Conflict as conflict:
        kept = [(said(each.question.label), typed[each.key]) for each in wanted if typed.get(each.key)]
        shown = presentation.own_report(report, now)
        page = render_template("disbursement/report_not_saved.html", shown=shown, message=conflict.message, kept=kept)
        return page, 409
    flash(saved_text(report.application, now))
    return redirect(url_for("disbursement.own_report", report_id=report_id))


@bp.get("/reports/<uuid:report_id>/answers")
@requires(P.APPLICATION_WRITE)
def report_token(report_id: UUID) -> ResponseReturnValue:
    """Give a page that outlived its session the form token of the present one, as JSON."""
    return {"report": str(_own(report_id).id), "token": generate_csrf()}


@bp.post("/reports/<uuid:report_id>/answers")
@requires(P.APPLICATION_WRITE)
@limited("save")
def save_report_answers(report_id: UUID) -> ResponseReturnValue:
    """Keep the answers that changed on an open page, and say as JSON what came of it and how the page looks now."""
    report, now = _own(report_id), clock.now()
    form = report.form.form
    seen = read_seen(request.form.get("seen", ""))
    asked = [each for each in asked_in_request(form, seen) if is_typed(each)]
    typed = typed_in(section_form(asked, {}, current_language()), asked)
    earlier, texts = texts_before(form)
    try:
        saved = services.save_report(
            actor=current_actor(),
            report=report,
            typed=typed,
            seen=seen,
            sent_before=typed_in(texts, earlier),
            language=current_language(),
            now=now,
        )
    except Conflict as conflict:
        return {"message": str(conflict.message)}, 409
    draft = ReportDraft(report, now)
    page = draft.page(WHOLE)
    fields = drawn_fields(page)
    conflicts = {key: draft.conflict(key, stored, typed[key]) for key, stored in saved.conflicts.items()}
    answer = {
        "saved": saved_text(report.application, now),
        "marks": {key: saving.mark(draft.stored.get(key)) for key in typed if key not in conflicts},
        "conflicts": {key: {"mark": each.mark, "shown": _conflict_html(each)} for key, each in conflicts.items()},
        "late": "",
    }
    if "".join(each.shape for each in fields) != request.form.get("shape"):
        answer["fields"] = render_template("applications/_fields.html", **_beside_fields(draft), fields=fields)
    return answer


def _own(report_id: UUID) -> Report:
    return queries.own_report(actor=current_actor(), report_id=report_id)


def _save_files(report: Report, asked: list[Asked], now: datetime) -> None:
    """Keep the files that were chosen, and take out those that are to go.

    What can't be taken is said beside its field on the next page. Raises RuleViolations where there is such a one.
    """
    problems: list[Problem] = []
    for each in asked:
        if each.question.kind not in FILE_KINDS:
            continue
        upload = request.files.get(each.name)
        try:
            if isinstance(upload, FileStorage) and upload.filename:
                services.attach_to_report(
                    actor=current_actor(),
                    report=report,
                    question=each.question,
                    key=each.key,
                    filename=upload.filename,
                    data=upload.read(),
                    storage=storage(),
                    now=now,
                )
            elif f"remove_{each.name}" in request.form:
                services.remove_from_report(actor=current_actor(), report=report, key=each.key, now=now)
        except RuleViolations as violations:
            problems += violations.problems
    for problem in problems:
        flash(str(problem.message), f"{FILE_PROBLEM}{problem.field}")
    if problems:
        raise RuleViolations(problems)


def _page(report: Report, now: datetime) -> str:
    shown = presentation.own_report(report, now)
    if not shown.may_write:
        return render_template("disbursement/report.html", shown=shown)
    problems = file_problems()
    if request.args.get("check"):
        problems += services.report_problems(report, submitting=True, language=current_language(), now=now)
    draft = ReportDraft(report, now)
    asked = draft.page(WHOLE).asked()
    return _form_page(draft, asked, section_form(asked, draft.filling.answers, current_language(), problems))


def _not_saved(
    report: Report, sent: list[Asked], typed: Mapping[str, Typed], saved: saving.Saved, now: datetime
) -> str:
    """Draw the page with what was typed in it, and beside it what somebody else stored meanwhile."""
    draft = ReportDraft(report, now)
    drawn = {each.key: each for each in draft.page(WHOLE).asked()} | {each.key: each for each in sent}
    asked = list(drawn.values())
    conflicts = {key: draft.conflict(key, stored, typed[key]) for key, stored in saved.conflicts.items()}
    unsaved = [key for key, text in typed.items() if text]
    return _form_page(draft, asked, section_form(asked, draft.stored, current_language()), conflicts, unsaved)


def _form_page(
    draft: ReportDraft,
    asked: list[Asked],
    form: FlaskForm,
    conflicts: Mapping[str, Conflicting] | None = None,
    unsaved: Iterable[str] = (),
) -> str:
    page: FormPage = draft.page(WHOLE)
    fields = page.fields(form, asked, conflicts)
    report = draft.report
    return render_template(
        "disbursement/report.html",
        shown=presentation.own_report(report, draft.now),
        form=form,
        fields=fields,
        has_files=any(each.control == "file" for each in fields),
        changed_elsewhere=[each for each in fields if each.conflict],
        seen=page.seen(asked),
        unsaved=" ".join(unsaved),
        copy_key="" if report.application.is_protected else copy_key(report.id, current_actor().person_id),
        counted={
            "words": plural_forms("You have written %(num)s word.", "You have written %(num)s words."),
            "characters": plural_forms("You have written %(num)s character.", "You have written %(num)s characters."),
        },
        **_beside_fields(draft),
    )


def _beside_fields(draft: ReportDraft) -> dict[str, object]:
    return {"upload_url": False, "currency": draft.report.award.currency, "is_whole": False}


def _conflict_html(conflict: Conflicting) -> str:
    return render_template("applications/_conflict.html", conflict=conflict)
