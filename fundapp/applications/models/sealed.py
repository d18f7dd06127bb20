"""Answers that are kept sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring


class SealedAnswer(Identified, Base):
    """One version of one sealed answer; a later one never takes its place. `sealed_answers` alone reads and writes it.

    It is sealed with the application's data key. What is payee is sealed for the holder of the private payee key before
    that, with the public key `payee_key`.
    """

    __table_args__ = (
        UniqueConstraint("application_id", "question", "version"),
        CheckConstraint("(ring = 'payee') = (payee_key IS NOT NULL)", name="payee_has_key"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    question: Mapped[str]
    version: Mapped[int]
    ring: Mapped[Ring] = mapped_column(enum_column(Ring))
    payee_key: Mapped[int | None] = mapped_column(index=True)
    sealed: Mapped[bytes]
    mask: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    application: Mapped[Application] = relationship()
