"""Reports as the people of an award see them, and as those who follow them do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Attachment, Call
from fundapp.applications.presentation.files import FileShown, copy_shown, ending_of, file_shown
from fundapp.applications.presentation.questions import AnswersShown, answers_shown
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.queries.applicant import may_send, may_write
from fundapp.applications.services.drafts import surroundings_of
from fundapp.core.dates import Moment, day, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.paging import Page
from fundapp.disbursement.models import Award, Report, ReportingTerms, ReportSending
from fundapp.disbursement.presentation.letters import StatusCount
from fundapp.disbursement.queries.reports import STANDINGS, ReportRow, ReportStanding, files_sent, reports_of
from fundapp.disbursement.report_rules import OPEN, ReportStatus, ReportWay, is_overdue, today_in
from fundapp.disbursement.transitions import REPORT

FileAs = Callable[[Attachment], FileShown]
KINDS: Final = {
    ReportStatus.ASKED: "wait",
    ReportStatus.ASKED_BACK: "wait",
    ReportStatus.SENT: "act",
    ReportStatus.THANKED: "good",
    ReportStatus.WAIVED: "",
}
_OWN_KINDS: Final = {**KINDS, ReportStatus.ASKED: "act", ReportStatus.ASKED_BACK: "act", ReportStatus.SENT: "good"}


@dataclass(frozen=True)
class SendingShown:
    """What came of a report once. `sections` is empty for one that was told, and for one that is hidden."""

    way: str
    sent: Moment
    sent_by: str
    told_by: str
    told_on: str
    note: str
    sections: Sequence[AnswersShown]


@dataclass(frozen=True)
class OwnReport:
    """A report as the people of its award see it."""

    id: UUID
    application_id: UUID
    number: int
    reference: str
    call_title: Said
    state: str
    kind: str
    due: str
    is_overdue: bool
    is_open: bool
    may_write: bool
    may_send: bool
    asked_back: str
    thanks: str
    reason: str
    saved: Moment | None
    sendings: Sequence[SendingShown]


@dataclass(frozen=True)
class ReportLine:
    """One report in the list of a call."""

    id: UUID
    number: int
    reference: str
    organisation: str
    state: str
    kind: str
    due: str
    is_overdue: bool


@dataclass(frozen=True)
class ReportShown(ReportLine):
    """One report on its own page; of a protected application what was said is hidden."""

    application_id: UUID
    is_hidden: bool
    reminded: Moment | None
    asked_back: str
    thanks: str
    reason: str
    sendings: Sequence[SendingShown]
    may_answer: bool
    may_ask_back: bool
    may_extend: bool
    may_waive: bool
    may_note: bool
    may_open: bool


@dataclass(frozen=True)
class ReportingShown:
    """Which reports a call asks for, as its page shows it."""

    state: str
    days: Sequence[int]
    version: int
    questions: Sequence[Said]
    may_set: bool


def own_reports(award: Award, now: datetime) -> list[OwnReport]:
    """Return the reports that are asked of an award, without what was written in them."""
    return [own_report(each, now, with_answers=False) for each in reports_of(award)]


def own_report(report: Report, now: datetime, *, with_answers: bool = True) -> OwnReport:
    """Return a report as its people see it."""
    actor, application, call = current_actor(), report.application, report.application.call
    is_open = report.status in OPEN and application.erased_at is None
    return OwnReport(
        id=report.id,
        application_id=application.id,
        number=report.number,
        reference=report.award.reference,
        call_title=said(call.titles),
        state=str(REPORT.labels[report.status].applicant),
        kind=_OWN_KINDS[report.status],
        due=day(report.due_on),
        is_overdue=is_overdue(report.status, report.due_on, today_in(now, call.time_zone)),
        is_open=is_open,
        may_write=is_open and may_write(actor=actor, application=application),
        may_send=is_open and may_send(actor=actor, application=application),
        asked_back=report.asked_back,
        thanks=report.thanks,
        reason=report.reason,
        saved=_moment(report.saved_at, call),
        sendings=[_own_sending(each, report, call) for each in reversed(report.sendings)] if with_answers else (),
    )


def reports_shown(page: Page[ReportRow], call: Call, now: datetime) -> Page[ReportLine]:
    """Return the lines of one page of reports."""
    items = [_line(row, call, now) for row in page.items]
    return Page(items=items, number=page.number, size=page.size, total=page.total)


def standings_shown(counts: Mapping[ReportStanding, int], current: str) -> list[StatusCount]:
    """Return the filters of the list of reports with their numbers."""
    return [
        StatusCount("", _("All"), sum(counts.values()), not current),
        *(
            StatusCount(each.value, str(label), counts[each], current == each.value)
            for each, label in STANDINGS.items()
        ),
    ]


def report_shown(row: ReportRow, call: Call, now: datetime, *, opened: bool = False) -> ReportShown:
    """Return a report with what the actor can do about it; `opened`, what is hidden of a protected application too."""
    actor, report, status = current_actor(), row.report, row.report.status
    erased = report.application.erased_at is not None
    manages = actor.can(P.LETTER_MANAGE, call.id) and not erased
    hides = row.face.is_protected and not opened
    return ReportShown(
        **vars(_line(row, call, now)),
        application_id=report.application_id,
        is_hidden=hides and bool(report.sendings),
        reminded=_moment(report.reminded_at, call),
        asked_back=report.asked_back,
        thanks=report.thanks,
        reason=report.reason,
        sendings=[_sending(each, report, row, call, hides=hides) for each in reversed(report.sendings)],
        may_answer=manages and status is ReportStatus.SENT,
        may_ask_back=manages and status is ReportStatus.SENT and report.asked_back_at is None,
        may_extend=manages and status in (*OPEN, ReportStatus.WAIVED),
        may_waive=manages and status in OPEN,
        may_note=manages and status in OPEN,
        may_open=hides and bool(report.sendings) and not erased and actor.can(P.IDENTITY_OPEN, call.id),
    )


def reporting_shown(terms: ReportingTerms | None, call: Call) -> ReportingShown:
    """Return which reports a call asks for."""
    if terms is None:
        state = _("Nobody has said yet whether reports are asked: none is, and letters say nothing about it.")
    elif terms.days:
        state = _("Reports are asked.")
    else:
        state = _("No report is asked. Letters say so.")
    return ReportingShown(
        state=state,
        days=terms.days if terms else (),
        version=terms.version if terms else 0,
        questions=[said(each.label) for each in terms.form.form.questions if each.takes_answer] if terms else (),
        may_set=current_actor().can(P.LETTER_MANAGE, call.id),
    )


def files_of(report: Report) -> list[Attachment]:
    """Return the files that were sent with a report, in order."""
    sent = files_sent(report)
    return [each for each in report.application.attachments if each.id in sent]


def file_name(report: Report, reference: str, content_type: str) -> str:
    """Return the name of a file that came with a report: it tells whose report, and nothing of what it holds."""
    return f"{reference}-report-{report.number}{ending_of(content_type)}"


def _line(row: ReportRow, call: Call, now: datetime) -> ReportLine:
    """Return what the list tells. It opens nothing that is sealed: that asks the database for each row."""
    report = row.report
    return ReportLine(
        id=report.id,
        number=report.number,
        reference=row.award.reference,
        organisation=row.face.name,
        state=str(REPORT.labels[report.status].staff),
        kind=KINDS[report.status],
        due=day(report.due_on),
        is_overdue=row.is_overdue(today_in(now, call.time_zone)),
    )


def _own_sending(sending: ReportSending, report: Report, call: Call) -> SendingShown:
    return SendingShown(
        way=_way(sending),
        sent=moment(sending.sent_at, call.time_zone),
        sent_by="",
        told_by=sending.told_by,
        told_on=day(sending.told_on) if sending.told_on else "",
        note=sending.note,
        sections=_sections(sending, report, report.application.attachments),
    )


def _sending(sending: ReportSending, report: Report, row: ReportRow, call: Call, *, hides: bool) -> SendingShown:
    def file_as(attachment: Attachment) -> FileShown:
        shown = copy_shown(attachment, row.award.reference)
        return FileShown(**vars(shown) | {"filename": file_name(report, row.award.reference, shown.content_type)})

    person = sending.sent_by
    return SendingShown(
        way=_way(sending),
        sent=moment(sending.sent_at, call.time_zone),
        sent_by=(person.name or person.email) if sending.way is ReportWay.TOLD else "",
        told_by="" if hides else sending.told_by,
        told_on=day(sending.told_on) if sending.told_on else "",
        note="" if hides else sending.note,
        sections=() if hides else _sections(sending, report, report.application.attachments, file_as),
    )


def _sections(
    sending: ReportSending, report: Report, attachments: Iterable[Attachment], file_as: FileAs = file_shown
) -> list[AnswersShown]:
    if sending.answers is None:
        return []
    application = report.application
    surroundings = surroundings_of(application.call, sending.sent_at, application.language)
    filling = Filling(sending.form.form, sending.answers, surroundings)
    return answers_shown(filling, attachments, report.award.currency, file_as=file_as)


def _way(sending: ReportSending) -> str:
    return _("Told to us") if sending.way is ReportWay.TOLD else _("Sent")


def _moment(at: datetime | None, call: Call) -> Moment | None:
    return None if at is None else moment(at, call.time_zone)
