"""What the people of an award answer to it, and what they ask before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.offer_rules import OfferStatus


def of_application(row: Any) -> Record:
    """Seal with the application's data key: who signed and what was said goes when it is erased."""
    return Record("application", row.application_id)


class AwardOffer(Identified, Base):
    """Where the offer of an award stands.

    One row for each award, made with the first step; without a row it is offered. Each step is recorded.
    """

    __table_args__ = (
        CheckConstraint(
            "(status IN ('accepted', 'refused', 'withdrawn')) = (settled_at IS NOT NULL)", name="settled_has_time"
        ),
        CheckConstraint("(settled_at IS NULL) = (settled_by_id IS NULL)", name="settled_has_person"),
        CheckConstraint("(status = 'accepted') = (text_sha256 IS NOT NULL)", name="accepted_has_text"),
        CheckConstraint("(text_sha256 IS NULL) = (language IS NULL)", name="text_has_language"),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"), unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    status: Mapped[OfferStatus] = mapped_column(enum_column(OfferStatus), default=OfferStatus.OFFERED)
    answer_by: Mapped[datetime | None]
    """Until when (exclusive) an answer is asked for, where a person set it: else the terms of the call say it."""
    reminded_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When its people were last told that there is news about it; null: only that there is a letter."""
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who accepted or refused, or withdrew the offer."""
    text_sha256: Mapped[str | None]
    """Of the agreement that was accepted, as it was shown in `language`."""
    language: Mapped[str | None]
    with_second_factor: Mapped[bool] = mapped_column(default=False)
    name_sealed: Mapped[bytes | None]
    name_version: Mapped[int] = mapped_column(default=0)
    name = sealed_text("name_sealed", ring=Ring.IDENTITY, version="name_version", record=of_application)
    """Of whoever accepted, as they wrote it."""
    role_sealed: Mapped[bytes | None]
    role_version: Mapped[int] = mapped_column(default=0)
    role = sealed_text("role_sealed", ring=Ring.IDENTITY, version="role_version", record=of_application)
    """What they are in their organisation."""
    reason_sealed: Mapped[bytes | None]
    reason_version: Mapped[int] = mapped_column(default=0)
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, version="reason_version", record=of_application)
    """Why it was refused ("": not said) or withdrawn."""
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()
    questions: Mapped[list["AwardQuestion"]] = relationship(back_populates="offer", order_by="AwardQuestion.number")

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: who settled it how and when, and the agreement; no name, and no reason."""
        return {
            "award": str(self.award_id),
            "status": self.status.value,
            "answer_by": None if self.answer_by is None else canonical_time(self.answer_by),
            "settled_at": None if self.settled_at is None else canonical_time(self.settled_at),
            "settled_by": None if self.settled_by_id is None else str(self.settled_by_id),
            "text_sha256": self.text_sha256,
            "language": self.language,
            "with_second_factor": self.with_second_factor,
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class AwardQuestion(Identified, Base):
    """What the people of an award ask about it before they answer, and what they are told."""

    __table_args__ = (
        UniqueConstraint("offer_id", "number"),
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_has_person"),
    )

    offer_id: Mapped[UUID] = mapped_column(ForeignKey("award_offer.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an offer."""
    question_sealed: Mapped[bytes | None]
    question = sealed_text("question_sealed", ring=Ring.IDENTITY, record=of_application)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    answer_sealed: Mapped[bytes | None]
    answer = sealed_text("answer_sealed", ring=Ring.IDENTITY, record=of_application)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]

    offer: Mapped[AwardOffer] = relationship(back_populates="questions")
