"""What the staff do about reports: note one that was told, thank, ask back, give time, waive; reminders; erasing."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, IdentityOpening
from fundapp.applications.queries.applicant import holders_of
from fundapp.applications.services.clarifying import checked_text
from fundapp.applications.services.openings import record_opening
from fundapp.core import outbox
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, InvalidTransition, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.outbox import Finish, JobKind
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.models import Report, ReportSending
from fundapp.disbursement.queries.reports import reminder_now, reminders_due
from fundapp.disbursement.report_rules import (
    BACK_FOR,
    MOST_DAYS,
    OPEN,
    ReportStatus,
    ReportWay,
    today_in,
)
from fundapp.disbursement.transitions import REPORT

MOST_NAME: Final = 200
MOST_TEXT: Final = 2_000
MOST_NOTE: Final = 10_000
REMIND_KIND: Final = "report:remind"
"""The outbox work that reminds the people of one report."""
OPENED: Final = "report"
"""What an opening calls the words of a report."""


def note_told(*, actor: Actor, report: Report, told_by: str, told_on: date | None, note: str, now: datetime) -> None:
    """Note a report that its people told somebody of the staff, by phone or in person.

    Raises RuleViolations (fields told_by, told_on, note), Conflict, InvalidTransition and NotAllowed.
    """
    _hold(actor, report)
    problems = [
        *_problems(told_by, "told_by", MOST_NAME, _l("Write who told you.")),
        *_problems(note, "note", MOST_NOTE, _l("Write what they told you.")),
    ]
    if told_on is None or told_on > today_in(now, report.application.call.time_zone):
        problems.append(Problem(_l("Choose the day on which they told you; it is not to come."), field="told_on"))
    if problems:
        raise RuleViolations(problems)
    _apply(actor, report, "tell", now, {})
    sending = new_sending(actor, report, ReportWay.TOLD, now)
    sending.told_by, sending.told_on, sending.note = told_by.strip(), told_on, note.strip()
    db.session.flush()


def thank(*, actor: Actor, report: Report, thanks: str, now: datetime) -> None:
    """Thank for a report, in words or without; its people are told that there is news.

    Raises RuleViolations (field thanks), Conflict, InvalidTransition and NotAllowed.
    """
    _hold(actor, report)
    report.thanks = _short(thanks, "thanks")
    _apply(actor, report, "thank", now, {"thanked_at": now, "thanked_by_id": actor.person_id})
    _tell(report, now)


def ask_back(*, actor: Actor, report: Report, question: str, now: datetime) -> None:
    """Ask the people of a report something about it, once; it is open again, for BACK_FOR at least.

    Raises RuleViolations (field question), Conflict, InvalidTransition the second time, and NotAllowed.
    """
    question = checked_text(question, "question", MOST_TEXT, _l("Write your question."))
    _hold(actor, report)
    latest = max(report.due_on, today_in(now, report.application.call.time_zone) + BACK_FOR)
    report.asked_back = question
    asked = {"asked_back_at": now, "asked_back_by_id": actor.person_id, "due_on": latest, "reminded": None}
    _apply(actor, report, "ask_back", now, asked)
    _tell(report, now)


def extend(*, actor: Actor, report: Report, due_on: date | None, now: datetime) -> None:
    """Give the people of a report until another day; one that was not needed any more is asked again.

    They are told that there is news. Raises RuleViolations (field due_on), Conflict, InvalidTransition and NotAllowed.
    """
    _hold(actor, report)
    today = today_in(now, report.application.call.time_zone)
    if due_on is None or not today <= due_on <= today + timedelta(days=MOST_DAYS):
        raise RuleViolations([Problem(_l("Choose a day that is not over yet, within five years."), field="due_on")])
    if report.status is ReportStatus.WAIVED:
        report.reason = ""
        again = {"due_on": due_on, "reminded": None, "waived_at": None, "waived_by_id": None}
        _apply(actor, report, "ask_again", now, again, {"due_on": due_on.isoformat()})
    elif report.status in OPEN:
        report.due_on, report.reminded = due_on, None
        _record(actor, "report:extend", report, now, {"due_on": due_on.isoformat()})
    else:
        raise InvalidTransition(_l("This report is here already."))
    _tell(report, now)


def waive(*, actor: Actor, report: Report, reason: str, now: datetime) -> None:
    """Say that a report is not needed any more, and why; its people read it, and are told that there is news.

    Raises RuleViolations (field why), Conflict, InvalidTransition and NotAllowed.
    """
    reason = checked_text(reason, "why", MOST_TEXT, _l("Write the reason. The people of the award read it."))
    _hold(actor, report)
    report.reason = reason
    _apply(actor, report, "waive", now, {"waived_at": now, "waived_by_id": actor.person_id})
    _tell(report, now)


def open_report(*, actor: Actor, report: Report, reason: str, now: datetime) -> IdentityOpening:
    """Record that somebody reads what a protected application reported. Raises RuleViolations and NotAllowed."""
    return record_opening(actor=actor, application=report.application, names=[OPENED], reason=reason, now=now)


def look_for_reports(now: datetime) -> None:
    """Write the work of each reminder that is due: one for a report, its last day and what it is reminded of."""
    for report, step in list(reminders_due(now)):
        key = f"{REMIND_KIND}:{report.id}:{step}:{report.due_on}"
        try:
            with db.session.begin_nested():
                outbox.enqueue(kind=REMIND_KIND, subject_id=report.id, now=now, dedup_key=key)
        except IntegrityError:
            continue  # another reconciler wrote it at this moment


def report_job() -> JobKind:
    """Return the outbox work that reminds of a report, unless it came or was seen to meanwhile."""

    def work(report_id: UUID) -> Finish:
        return lambda now: _remind(db.session.get_one(Report, report_id), now)

    def gave_up(_report_id: UUID, _now: datetime, _error: str) -> None:
        """The report is asked for on its people's page all the same, and managers see that it is late."""

    return JobKind(name=REMIND_KIND, work=work, gave_up=gave_up)


def blank_reports(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase what was reported on the awards of an application, and what was said about it; who did what when stays."""
    for report in db.session.scalars(select(Report).where(Report.application_id == application.id)):
        report.answers = {}
        report.asked_back = report.thanks = report.reason = ""
        for sending in report.sendings:
            sending.answers, sending.told_by, sending.note = None, "", ""
        _record(actor, "report:erase", report, now)


def new_sending(actor: Actor, report: Report, way: ReportWay, now: datetime) -> ReportSending:
    """Add a frozen copy to a report that was just sent; what it holds is for the caller to set."""
    sending = ReportSending(
        application_id=report.application_id,
        number=len(report.sendings) + 1,
        way=way,
        form_id=report.form_id,
        sent_by_id=actor.person_id,
        sent_at=now,
    )
    report.sendings.append(sending)
    return sending


def _remind(report: Report, now: datetime) -> None:
    lock_row(report)
    step = reminder_now(report, now)
    if step is None or report.application.erased_at is not None:
        return
    report.reminded, report.reminded_at = step, now
    _record(system_actor(), "report:remind", report, now, {"step": step.value})
    _tell(report, now)


def _hold(actor: Actor, report: Report) -> None:
    """Hold a report against others for one of the staff. Raises NotAllowed, and Conflict where it was erased."""
    actor.require(P.LETTER_MANAGE, report.award.call_id)
    lock_row(report)
    if report.application.erased_at is not None:
        raise Conflict(_l("This application was erased. Nothing can be answered any more."))


def _apply(
    actor: Actor,
    report: Report,
    event: str,
    now: datetime,
    evidence: dict[str, Any],
    data: dict[str, Any] | None = None,
) -> None:
    told = {"award": str(report.award_id), "number": report.number} | (data or {})
    call_id = report.award.call_id
    apply_transition(REPORT, report, event, actor=actor, now=now, call_id=call_id, evidence=evidence, data=told)


def _record(actor: Actor, action: str, report: Report, now: datetime, data: dict[str, Any] | None = None) -> None:
    db.session.flush()
    told = {"award": str(report.award_id), "number": report.number} | (data or {})
    record(actor=actor, action=action, subject=report, now=now, call_id=report.award.call_id, data=told)


def _tell(report: Report, now: datetime) -> None:
    for person in holders_of(report.application):
        tell(person, template="news", path=f"/reports/{report.id}", now=now)


def _short(text: str, field: str) -> str:
    return checked_text(text, field, MOST_TEXT, "") if text.strip() else ""


def _problems(text: str, field: str, most: int, missing: str) -> list[Problem]:
    try:
        checked_text(text, field, most, missing)
    except RuleViolations as violations:
        return list(violations.problems)
    return []
