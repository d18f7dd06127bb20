"""What staff ask of an application after it was sent: questions about it, and parts of its form opened again."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.applications import Application, Submission
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


def _of_application(row: Any) -> Record:
    """Seal with the application's data key: what is said about it goes when it is erased."""
    return Record("application", row.application_id)


class Clarification(Identified, Base):
    """A question that staff ask about an application, and its people's answer, which is given once."""

    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_has_person"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    """The application's questions count from 1."""
    question_sealed: Mapped[bytes | None]
    question = sealed_text("question_sealed", ring=Ring.IDENTITY, record=_of_application)
    for_reviewers: Mapped[bool]
    """Whether reviewers read question and answer too; of a protected application they never do."""
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    answer_sealed: Mapped[bytes | None]
    answer = sealed_text("answer_sealed", ring=Ring.IDENTITY, record=_of_application)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(back_populates="clarifications")


class ReopeningKind(StrEnum):
    """Why questions are open: to put right what was sent, or for papers that only the shortlist is asked for."""

    CORRECTION = "correction"
    PAPERS = "papers"


class Reopening(Identified, Base):
    """Named questions of an application that was sent, open until a date; unanswered, all is as it was."""

    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        Index(
            "uq_reopening_open",
            "application_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("closes_at > opened_at", name="closes_after_opening"),
        CheckConstraint("submission_id IS NULL OR closed_at IS NOT NULL", name="answered_is_closed"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    kind: Mapped[ReopeningKind] = mapped_column(enum_column(ReopeningKind))
    questions: Mapped[list[str]]
    """The names of the questions that are open; all others stay as they were sent."""
    message_sealed: Mapped[bytes | None]
    message = sealed_text("message_sealed", ring=Ring.IDENTITY, record=_of_application)
    """What has to be done, as the application's people read it."""
    opened_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    stage_id: Mapped[UUID | None] = mapped_column(ForeignKey("stage.id"))
    """The stage whose papers are asked for; null for a correction."""
    closes_at: Mapped[datetime]
    """Exclusive: what is received at this very instant is too late."""
    closed_at: Mapped[datetime | None]
    """When it was answered, taken back, or followed by another after its time."""
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submission.id"), unique=True)
    """The version that answered it."""

    application: Mapped[Application] = relationship(back_populates="reopenings")
    submission: Mapped[Submission | None] = relationship()

    def is_open(self, now: datetime) -> bool:
        """Say whether its questions can be written and sent at an instant."""
        return self.closed_at is None and now < self.closes_at
