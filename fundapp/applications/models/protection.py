"""What was done about the protection of an application, and who opened whose identity. Rows are only ever added."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column


class ProtectionStep(StrEnum):
    """One person raises, with a reason or for their own; to lower, one asks and another confirms."""

    RAISED = "raised"
    RAISED_BY_APPLICANT = "raised_by_applicant"
    RAISED_WITH_CALL = "raised_with_call"
    LOWERING_ASKED = "lowering_asked"
    LOWERED = "lowered"


class ProtectionChange(Identified, Base):
    """A step about the protection of an application, with its reason."""

    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        CheckConstraint("(step = 'lowered') = (asked_id IS NOT NULL)", name="lowered_was_asked"),
        CheckConstraint("reason <> '' OR step IN ('raised_by_applicant', 'raised_with_call')", name="has_reason"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    """The application's steps count from 1."""
    step: Mapped[ProtectionStep] = mapped_column(enum_column(ProtectionStep))
    asked_id: Mapped[UUID | None] = mapped_column(ForeignKey("protection_change.id"), unique=True)
    """The request that a lowering confirms; each is confirmed once."""
    reason: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null for the command line."""
    at: Mapped[datetime]

    application: Mapped[Application] = relationship()
    by: Mapped[Person | None] = relationship()


class IdentityOpening(Identified, Base):
    """Somebody looked at what is masked. `opened` names questions and parts, never what stood in them."""

    __table_args__ = (CheckConstraint("reason <> ''", name="has_reason"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null for the command line."""
    opened: Mapped[list[str]]
    reason: Mapped[str]
    opened_at: Mapped[datetime]

    application: Mapped[Application] = relationship()
    person: Mapped[Person | None] = relationship()
