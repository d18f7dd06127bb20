"""What is read about reports: those of one's own award, and those of a call whose letters one reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, Attachment, Call, Entry
from fundapp.applications.scope import in_calls, of_own_organisation, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.listing import Choice, Filter, Listing, Order
from fundapp.disbursement.models import Award, AwardOffer, Report, ReportForm, ReportingTerms, ReportSending
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.report_rules import (
    OPEN,
    SOON,
    ReminderStep,
    ReportStatus,
    ReportWay,
    is_overdue,
    reminder_of,
    today_in,
)
from fundapp.review.models import Decision


class ReportStanding(StrEnum):
    """How a report stands, as those who follow it count: each report counts once."""

    DUE = "due"
    OVERDUE = "overdue"
    RECEIVED = "received"
    THANKED = "thanked"
    WAIVED = "waived"


STANDINGS: Final = {
    ReportStanding.DUE: _l("Due"),
    ReportStanding.OVERDUE: _l("Overdue"),
    ReportStanding.RECEIVED: _l("Received"),
    ReportStanding.THANKED: _l("Thanked"),
    ReportStanding.WAIVED: _l("Not needed"),
}


@dataclass(frozen=True)
class ReportRow:
    """A report with its award, and by what name its people go here."""

    report: Report
    award: Award
    face: Face

    def is_overdue(self, today: date) -> bool:
        """Say whether its last day is over."""
        return is_overdue(self.report.status, self.report.due_on, today)


def reporting_of(call_id: UUID) -> ReportingTerms | None:
    """Return which reports a call asks of its awards; None where nobody has said so."""
    terms = select(ReportingTerms).where(ReportingTerms.call_id == call_id).options(joinedload(ReportingTerms.form))
    return db.session.scalar(terms.execution_options(populate_existing=True))


def report_days_of(call_id: UUID) -> Sequence[int] | None:
    """Return after how many days reports are due; None where nobody has said whether any is asked."""
    terms = reporting_of(call_id)
    return None if terms is None else terms.days


def newest_form(call_id: UUID) -> ReportForm | None:
    """Return the form that reports of a call ask, in its newest version."""
    versions = select(ReportForm).where(ReportForm.call_id == call_id).order_by(ReportForm.number.desc())
    return db.session.scalar(versions.limit(1))


def reports_of(award: Award) -> Sequence[Report]:
    """Return the reports that are asked of an award, in order."""
    found = select(Report).where(Report.award_id == award.id).options(selectinload(Report.sendings))
    return db.session.scalars(found.order_by(Report.number)).all()


def awards_without_reports(call: Call) -> Sequence[tuple[Award, datetime]]:
    """Return the awards of a call that were accepted, and of which no report was ever asked, with when that was."""
    found = (
        select(Award, AwardOffer.settled_at)
        .join(AwardOffer, AwardOffer.award_id == Award.id)
        .join(Application, Application.id == AwardOffer.application_id)
        .where(
            Award.call_id == call.id,
            AwardOffer.status == OfferStatus.ACCEPTED,
            Application.erased_at.is_(None),
            ~select(Report.id).where(Report.award_id == Award.id).exists(),
        )
    )
    return [(award, at) for award, at in db.session.execute(found) if at is not None]


def own_report(*, actor: Actor, report_id: UUID) -> Report:
    """Return a report that is asked of an application of the actor's organisations. Raises NotFound."""
    report = db.session.scalar(
        select(Report)
        .join(Report.application)
        .where(Report.id == report_id, of_own_organisation(actor))
        .options(
            joinedload(Report.award),
            joinedload(Report.form),
            joinedload(Report.application).joinedload(Application.call),
            joinedload(Report.application).selectinload(Application.attachments),
            selectinload(Report.sendings),
        )
    )
    if report is None:
        raise NotFound
    return report


def reports(*, actor: Actor, call: Call, now: datetime) -> Listing[ReportRow]:
    """Return the list of a call's reports, the one that is due first on top."""
    today = today_in(now, call.time_zone)
    conditions = _conditions(today)
    reference = (func.length(Award.reference), Award.reference)
    return Listing(
        rows=_joined(select(Report, Award, FACE)).where(*_of_call(actor, call)),
        row=ReportRow,
        filters={
            "standing": Filter(
                _l("State"), {each.value: Choice(label, conditions[each]) for each, label in STANDINGS.items()}
            )
        },
        orders={
            "due": Order(_l("Last day"), (Report.due_on,)),
            "reference": Order(_l("Reference"), reference),
            "name": Order(_l("Organisation"), text=lambda each: each.face.name),
        },
        last=(*reference, Report.number),
        texts=lambda each: (each.award.reference, each.face.name),
        columns={
            "call": lambda _each: call.slug,
            "award_reference": lambda each: each.award.reference,
            "organisation": lambda each: each.face.name,
            "report_number": lambda each: each.report.number,
            "due_on": lambda each: each.report.due_on,
            "report_status": lambda each: each.report.status.value,
            "overdue": lambda each: "yes" if each.is_overdue(today) else "no",
            "reminded_at": lambda each: each.report.reminded_at,
            "asked_back_at": lambda each: each.report.asked_back_at,
            "thanked_at": lambda each: each.report.thanked_at,
            "waived_at": lambda each: each.report.waived_at,
            "sample": lambda _each: "yes" if call.is_sample else "no",
        },
    )


def report_counts(*, actor: Actor, call: Call, now: datetime) -> Mapping[ReportStanding, int]:
    """Return how many reports of a call stand where."""
    conditions = _conditions(today_in(now, call.time_zone))
    counted = select(*(func.count().filter(conditions[each]) for each in ReportStanding)).select_from(Report)
    numbers = db.session.execute(_joined(counted).where(*_of_call(actor, call))).one()
    return dict(zip(ReportStanding, numbers, strict=True))


def managed_report(*, actor: Actor, call: Call, report_id: UUID) -> ReportRow:
    """Return a report of a call whose letters the actor reads. Raises NotFound."""
    found = db.session.execute(
        _joined(select(Report, Award, FACE))
        .where(Report.id == report_id, *_of_call(actor, call), in_calls(actor, P.LETTERS_READ, Award.call_id))
        .options(
            joinedload(Report.application).joinedload(Application.call),
            joinedload(Report.application).selectinload(Application.attachments),
            selectinload(Report.sendings).options(joinedload(ReportSending.sent_by), joinedload(ReportSending.form)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return ReportRow(*found)


def reported_file(row: ReportRow, attachment_id: UUID) -> Attachment:
    """Return a file that was sent with a report.

    Raises NotFound, also for one of a protected application: that is opened with a reason.
    """
    found = next((each for each in row.report.application.attachments if each.id == attachment_id), None)
    if found is None or row.face.is_protected or found.id not in files_sent(row.report):
        raise NotFound
    return found


def files_sent(report: Report) -> set[UUID]:
    """Return the files that were sent with a report."""
    return {
        UUID(answer["attachment"])
        for sending in report.sendings
        for answer in (sending.answers or {}).values()
        if isinstance(answer, dict) and "attachment" in answer
    }


def reminders_due(now: datetime) -> Iterator[tuple[Report, ReminderStep]]:
    """Yield the reports of which somebody has to be reminded at an instant, each with what of."""
    later = now.date() + timedelta(days=1)  # somewhere on earth
    found = db.session.scalars(
        select(Report)
        .join(Report.application)
        .where(
            Report.status.in_(OPEN),
            or_(
                and_(Report.reminded.is_(None), Report.due_on <= later + SOON),
                and_(Report.reminded == ReminderStep.SOON, Report.due_on < later),
            ),
            Application.erased_at.is_(None),
        )
        .options(joinedload(Report.application).joinedload(Application.call))
        .order_by(Report.id)
    )
    for report in found:
        step = reminder_now(report, now)
        if step is not None:
            yield report, step


def reminder_now(report: Report, now: datetime) -> ReminderStep | None:
    """Return what the people of a report have to be reminded of, on the day that it is where its call is."""
    today = today_in(now, report.application.call.time_zone)
    return reminder_of(report.status, report.due_on, report.reminded, today)


def came_as(report: Report) -> ReportWay | None:
    """Return how a report came the last time; None while nothing did."""
    return report.sendings[-1].way if report.sendings else None


def _joined(found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return found.join(Report.award).join(Award.decision).join(Decision.entry).join(Entry.application)


def _conditions(today: date) -> dict[ReportStanding, ColumnElement[bool]]:
    status, is_open = Report.status, Report.status.in_(OPEN)
    return {
        ReportStanding.DUE: and_(is_open, Report.due_on >= today),
        ReportStanding.OVERDUE: and_(is_open, Report.due_on < today),
        ReportStanding.RECEIVED: status == ReportStatus.SENT,
        ReportStanding.THANKED: status == ReportStatus.THANKED,
        ReportStanding.WAIVED: status == ReportStatus.WAIVED,
    }


def _of_call(actor: Actor, call: Call) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on Award, joined to its application, that keep to what the actor may see of a call."""
    return Award.call_id == call.id, visible_to(actor)
