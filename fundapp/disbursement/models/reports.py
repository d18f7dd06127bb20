"""Reports on awards: what a call asks, the form of it, each report, and what was sent."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_json, sealed_text, to_json
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.report_rules import ReminderStep, ReportStatus, ReportWay


def _of_application(row: Any) -> Record:
    """Seal with the application's data key: what was reported goes when it is erased."""
    return Record("application", row.application_id)


class ReportForm(Identified, Base):
    """What reports of a call ask, in one version; it never changes. The newest is asked next."""

    __table_args__ = (UniqueConstraint("call_id", "number"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    """FormDefinition.to_json()."""
    sha256: Mapped[str]
    made_at: Mapped[datetime]

    @property
    def form(self) -> FormDefinition:
        """Return what it asks."""
        return FormDefinition.from_json(self.definition)


class ReportingTerms(Identified, Base):
    """Which reports a call asks of its awards. Without a row nobody has said so yet, and none is asked."""

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    days: Mapped[list[Any]]
    """Days after the acceptance, one for each report, in order; [] is the choice to ask for none."""
    form_id: Mapped[UUID] = mapped_column(ForeignKey("report_form.id"))
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    form: Mapped[ReportForm] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class Report(Identified, Base):
    """One report that is asked of an award. Each step is recorded."""

    __table_args__ = (
        UniqueConstraint("award_id", "number"),
        CheckConstraint("(waived_at IS NULL) = (waived_by_id IS NULL)", name="waived_has_person"),
        CheckConstraint("(status = 'waived') = (waived_at IS NOT NULL)", name="waived_has_time"),
        CheckConstraint("(thanked_at IS NULL) = (thanked_by_id IS NULL)", name="thanked_has_person"),
        CheckConstraint("(status = 'thanked') = (thanked_at IS NOT NULL)", name="thanked_has_time"),
        CheckConstraint("(asked_back_at IS NULL) = (asked_back_by_id IS NULL)", name="asked_back_has_person"),
        CheckConstraint("status <> 'asked_back' OR asked_back_at IS NOT NULL", name="asked_back_has_time"),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an award."""
    due_on: Mapped[date] = mapped_column(index=True)
    """The last day, in the time zone of the call."""
    status: Mapped[ReportStatus] = mapped_column(enum_column(ReportStatus), default=ReportStatus.ASKED)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("report_form.id"))
    asked_at: Mapped[datetime]
    answers_sealed: Mapped[bytes | None]
    answers_version: Mapped[int] = mapped_column(default=0)
    answers_text = sealed_text("answers_sealed", ring=Ring.IDENTITY, version="answers_version", record=_of_application)
    """The working copy as JSON; `answers` reads and writes it."""
    saved_at: Mapped[datetime | None]
    reminded: Mapped[ReminderStep | None] = mapped_column(enum_column(ReminderStep))
    reminded_at: Mapped[datetime | None]
    asked_back_at: Mapped[datetime | None]
    asked_back_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    asked_back_sealed: Mapped[bytes | None]
    asked_back_version: Mapped[int] = mapped_column(default=0)
    asked_back = sealed_text(
        "asked_back_sealed", ring=Ring.IDENTITY, version="asked_back_version", record=_of_application
    )
    """What its people were asked once more."""
    thanked_at: Mapped[datetime | None]
    thanked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    thanks_sealed: Mapped[bytes | None]
    thanks_version: Mapped[int] = mapped_column(default=0)
    thanks = sealed_text("thanks_sealed", ring=Ring.IDENTITY, version="thanks_version", record=_of_application)
    waived_at: Mapped[datetime | None]
    waived_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reason_sealed: Mapped[bytes | None]
    reason_version: Mapped[int] = mapped_column(default=0)
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, version="reason_version", record=_of_application)
    """Why it is not needed any more; its people read it."""
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()
    application: Mapped[Application] = relationship()
    form: Mapped[ReportForm] = relationship()
    sendings: Mapped[list["ReportSending"]] = relationship(back_populates="report", order_by="ReportSending.number")

    @property
    def answers(self) -> dict[str, Answer]:
        """Return the working copy in clear, by key."""
        found: dict[str, Answer] = json.loads(self.answers_text or "{}")
        return found

    @answers.setter
    def answers(self, values: dict[str, Answer]) -> None:
        self.answers_text = to_json(values).decode("ascii") if values else ""

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: who did what when; nothing of what was written or said."""
        return {
            "award": str(self.award_id),
            "number": self.number,
            "status": self.status.value,
            "due_on": self.due_on.isoformat(),
            "reminded": None if self.reminded is None else self.reminded.value,
            "asked_back_at": None if self.asked_back_at is None else canonical_time(self.asked_back_at),
            "thanked_at": None if self.thanked_at is None else canonical_time(self.thanked_at),
            "waived_at": None if self.waived_at is None else canonical_time(self.waived_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class ReportSending(Identified, Base):
    """What was sent of a report, or told: a frozen copy."""

    __table_args__ = (
        UniqueConstraint("report_id", "number"),
        CheckConstraint("(way = 'told') = (told_on IS NOT NULL)", name="told_has_day"),
    )

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2 … of a report."""
    way: Mapped[ReportWay] = mapped_column(enum_column(ReportWay))
    form_id: Mapped[UUID] = mapped_column(ForeignKey("report_form.id"))
    answers_sealed: Mapped[bytes | None]
    answers = sealed_json("answers_sealed", ring=Ring.IDENTITY, record=_of_application)
    """By key, of one that came by the form; None of one that was told, and once it is erased."""
    told_by_sealed: Mapped[bytes | None]
    told_by = sealed_text("told_by_sealed", ring=Ring.IDENTITY, record=_of_application)
    """Who told it."""
    told_on: Mapped[date | None]
    note_sealed: Mapped[bytes | None]
    note = sealed_text("note_sealed", ring=Ring.IDENTITY, record=_of_application)
    """What was told, as it was noted."""
    sent_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    """Who sent it, or noted it."""
    sent_at: Mapped[datetime]

    report: Mapped[Report] = relationship(back_populates="sendings")
    form: Mapped[ReportForm] = relationship()
    sent_by: Mapped[Person] = relationship()
