"""Pages of reports for those who run a call: which are asked, where each stands, and what is done about it."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.views.files import copy_response
from fundapp.applications.xlsform import read_form
from fundapp.core import clock
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.presentation import reports as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries import reports as queries
from fundapp.disbursement.queries.reports import ReportRow
from fundapp.disbursement.report_forms import (
    NONE,
    SOME,
    AskBackForm,
    DueForm,
    OpenReportForm,
    ReportFormFileForm,
    ReportingForm,
    ThankForm,
    ToldForm,
    WaiveForm,
)
from fundapp.disbursement.services import reporting
from fundapp.disbursement.services import reports as services
from fundapp.disbursement.views import bp


@bp.get("/manage/<slug>/reports")
@requires(P.LETTERS_READ)
def reports(slug: str) -> ResponseReturnValue:
    """List the reports of a call: which are due, late or here."""
    return _list_page(_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/reports")
@requires(P.LETTERS_READ)
@limited("search")
def search_reports(slug: str) -> ResponseReturnValue:
    """List the reports that a search finds; by POST, so that no name stands in an address."""
    return _list_page(_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/reports.<format>")
@requires(P.LETTERS_READ)
@fresh
@limited("export")
def reports_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list of reports as it is narrowed as CSV or XLSX."""
    call = _call(slug, P.LETTERS_READ)
    listing = queries.reports(actor=current_actor(), call=call, now=clock.now())
    return list_file(listing, format, **file_names("reports", call))


@bp.get("/manage/<slug>/reporting")
@requires(P.LETTERS_READ)
def call_reporting(slug: str) -> ResponseReturnValue:
    """Show which reports a call asks of its awards, and by which form."""
    return _reporting_page(_call(slug, P.LETTERS_READ))


@bp.post("/manage/<slug>/reporting")
@requires(P.LETTER_MANAGE)
def set_call_reporting(slug: str) -> ResponseReturnValue:
    """Say which reports a call asks of its awards."""
    call, form, status = _call(slug, P.LETTER_MANAGE), ReportingForm(), 422
    if form.validate():
        days = form.numbers
        if days is None:
            form.days.errors = [_("Write whole numbers with commas between: 180, 360.")]
        else:
            seen = form.seen.data or ""
            try:
                reporting.set_reporting(
                    actor=current_actor(),
                    call=call,
                    days=days,
                    seen=int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
                    now=clock.now(),
                )
            except RuleViolations as violations:
                problems_into(form, violations)
            except Conflict as refusal:
                form.form_errors, status = [*form.form_errors, refusal.message], 409
            else:
                flash(_("This is kept. Reports that are asked already stay as they are."))
                return redirect(url_for("disbursement.call_reporting", slug=slug))
    return _reporting_page(call, form), status


@bp.post("/manage/<slug>/reporting/form")
@requires(P.LETTER_MANAGE)
@limited("upload")
def load_report_form(slug: str) -> ResponseReturnValue:
    """Keep an uploaded form for the reports of a call, or name all that is wrong with it."""
    call, form = _call(slug, P.LETTER_MANAGE), ReportFormFileForm()
    if form.validate():
        upload = form.form_file.data
        try:
            read = read_form(upload.read(), upload.filename or "", default_language=call.languages[0])
            reporting.load_report_form(actor=current_actor(), call=call, form=read, now=clock.now())
        except RuleViolations as violations:
            form.form_file.errors = [str(problem) for problem in violations.problems]
        else:
            flash(_("The form is kept."))
            return redirect(url_for("disbursement.call_reporting", slug=slug))
    return _reporting_page(call, file_form=form), 422


@bp.get("/manage/<slug>/reports/<uuid:report_id>")
@requires(P.LETTERS_READ)
def managed_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Show one report: what came, and what can be done."""
    call = _call(slug, P.LETTERS_READ)
    return _page(call, _managed(call, report_id))


@bp.post("/manage/<slug>/reports/<uuid:report_id>/thank")
@requires(P.LETTER_MANAGE)
def thank_for_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Thank for a report."""
    call = _call(slug, P.LETTER_MANAGE)
    row, form = _managed(call, report_id), ThankForm()
    if form.validate():
        try:
            services.thank(actor=current_actor(), report=row.report, thanks=form.thanks.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _done(slug, report_id, _("They are told that there is news, and read your thanks."))
    return _page(call, row, thank=form), 422


@bp.post("/manage/<slug>/reports/<uuid:report_id>/ask")
@requires(P.LETTER_MANAGE)
def ask_about_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Ask the people of a report something about it, once."""
    call = _call(slug, P.LETTER_MANAGE)
    row, form = _managed(call, report_id), AskBackForm()
    if form.validate():
        try:
            services.ask_back(
                actor=current_actor(), report=row.report, question=form.question.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _done(slug, report_id, _("They are told that there is news, and can send their report once more."))
    return _page(call, row, ask=form), 422


@bp.post("/manage/<slug>/reports/<uuid:report_id>/extend")
@requires(P.LETTER_MANAGE)
def extend_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Give a report another last day."""
    call = _call(slug, P.LETTER_MANAGE)
    row, form = _managed(call, report_id), DueForm()
    if form.validate():
        try:
            services.extend(actor=current_actor(), report=row.report, due_on=form.due_on.data, now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _done(slug, report_id, _("This day is kept, and they are told that there is news."))
    return _page(call, row, extend=form), 422


@bp.post("/manage/<slug>/reports/<uuid:report_id>/waive")
@requires(P.LETTER_MANAGE)
def waive_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Say that a report is not needed any more."""
    call = _call(slug, P.LETTER_MANAGE)
    row, form = _managed(call, report_id), WaiveForm()
    if form.validate():
        try:
            services.waive(actor=current_actor(), report=row.report, reason=form.why.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _done(slug, report_id, _("It is not asked any more, and they are told that there is news."))
    return _page(call, row, waive=form), 422


@bp.post("/manage/<slug>/reports/<uuid:report_id>/told")
@requires(P.LETTER_MANAGE)
def note_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Note a report that somebody was told."""
    call = _call(slug, P.LETTER_MANAGE)
    row, form = _managed(call, report_id), ToldForm()
    if form.validate():
        try:
            services.note_told(
                actor=current_actor(),
                report=row.report,
                told_by=form.told_by.data or "",
                told_on=form.told_on.data,
                note=form.note.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _done(slug, report_id, _("The report is noted."))
    return _page(call, row, told=form), 422


@bp.post("/manage/<slug>/reports/<uuid:report_id>/open")
@requires(P.IDENTITY_OPEN)
@fresh
def open_report(slug: str, report_id: UUID) -> ResponseReturnValue:
    """Record the opening of what a protected application reported, and show it in this one answer."""
    call = _call(slug, P.IDENTITY_OPEN)
    row = _managed(call, report_id)
    form = _open_form(row)
    if form.validate():
        try:
            services.open_report(
                actor=current_actor(), report=row.report, reason=form.reason.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            file = next((each for each in presentation.files_of(row.report) if str(each.id) == form.what.data), None)
            if file is not None:
                kind = file.copy_content_type or file.content_type
                return copy_response(file, name=presentation.file_name(row.report, row.award.reference, kind))
            return _page(call, row, opened=True)
    return _page(call, row, opening=form), 422


@bp.get("/manage/<slug>/reports/<uuid:report_id>/files/<uuid:attachment_id>")
@requires(P.LETTERS_READ)
def report_file(slug: str, report_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Send a file that came with a report, as a copy that tells nothing of whoever made it."""
    row = _managed(_call(slug, P.LETTERS_READ), report_id)
    file = queries.reported_file(row, attachment_id)
    kind = file.copy_content_type or file.content_type
    return copy_response(file, name=presentation.file_name(row.report, row.award.reference, kind))


def _list_page(call: Call) -> str:
    actor, now = current_actor(), clock.now()
    listing = queries.reports(actor=actor, call=call, now=now)
    asked = list_asked(listing)
    page = page_of(listing, asked, current_language())
    counts = queries.report_counts(actor=actor, call=call, now=now)
    return render_template(
        "disbursement/reports.html",
        call=call_head(call),
        counts=presentation.standings_shown(counts, asked.filters.get("standing", "")),
        shown=list_shown(
            listing,
            asked,
            endpoint="disbursement.reports",
            search="disbursement.search_reports",
            file="disbursement.reports_file",
            search_label=_("Reference or name"),
            slug=call.slug,
        ),
        page=presentation.reports_shown(page, call, now),
    )


def _reporting_page(call: Call, form: ReportingForm | None = None, file_form: ReportFormFileForm | None = None) -> str:
    terms = queries.reporting_of(call.id)
    shown = presentation.reporting_shown(terms, call)
    if form is None:
        form = ReportingForm(formdata=None)
        form.seen.data = str(shown.version)
        form.asked.data = None if terms is None else SOME if terms.days else NONE
        form.days.data = ", ".join(str(each) for each in shown.days)
        wrong: FlaskForm | None = file_form
    else:
        wrong = form
    return render_template(
        "disbursement/reporting.html",
        call=call_head(call),
        shown=shown,
        form=form,
        file_form=file_form or ReportFormFileForm(formdata=None),
        wrong=wrong,
    )


def _page(
    call: Call,
    row: ReportRow,
    *,
    opened: bool = False,
    thank: ThankForm | None = None,
    ask: AskBackForm | None = None,
    extend: DueForm | None = None,
    waive: WaiveForm | None = None,
    told: ToldForm | None = None,
    opening: OpenReportForm | None = None,
) -> str:
    wrong = (thank, ask, extend, waive, told, opening)
    return render_template(
        "disbursement/managed_report.html",
        call=call_head(call),
        shown=presentation.report_shown(row, call, clock.now(), opened=opened),
        opened=opened,
        thank=thank or ThankForm(formdata=None),
        ask=ask or AskBackForm(formdata=None),
        extend=extend or DueForm(formdata=None),
        waive=waive or WaiveForm(formdata=None),
        told=told or ToldForm(formdata=None),
        opening=opening or _open_form(row, empty=True),
        wrong=next((form for form in wrong if form is not None), None),
    )


def _open_form(row: ReportRow, *, empty: bool = False) -> OpenReportForm:
    form = OpenReportForm(formdata=None) if empty else OpenReportForm()
    form.what.choices = [
        SelectChoice(OpenReportForm.WORDS, _("What was written or told")),
        *(
            SelectChoice(str(each.id), _("File %(number)s", number=number))
            for number, each in enumerate(presentation.files_of(row.report), 1)
            if each.copy is not None
        ),
    ]
    return form


def _done(slug: str, report_id: UUID, message: str) -> ResponseReturnValue:
    flash(message)
    return redirect(url_for("disbursement.managed_report", slug=slug, report_id=report_id))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _managed(call: Call, report_id: UUID) -> ReportRow:
    return queries.managed_report(actor=current_actor(), call=call, report_id=report_id)
