"""What was erased, what was asked to be, and what must not be."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application, Call
from fundapp.core.db import Base, Identified, enum_column


class ErasureCause(StrEnum):
    """Why something was erased."""

    RETENTION = "retention"
    REQUEST = "request"
    RESTORE = "restore"


class Erasure(Identified, Base):
    """An application or a person was erased. The list of these is kept outside the database too, for restores."""

    __table_args__ = (UniqueConstraint("object_type", "object_id"),)

    object_type: Mapped[str]
    object_id: Mapped[UUID]
    cause: Mapped[ErasureCause] = mapped_column(enum_column(ErasureCause))
    erased_at: Mapped[datetime]
    files: Mapped[list[Any]]
    """Stored files that only this used, to be removed after the commit; [] once they are gone."""
    finished_at: Mapped[datetime | None]


class ErasureRequest(Identified, Base):
    """An applicant asks that an application be erased; a manager decides."""

    __table_args__ = (
        Index(
            "uq_erasure_request_open",
            "application_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
        CheckConstraint("(answered_at IS NULL) = (is_granted IS NULL)", name="answered_has_answer"),
        CheckConstraint("is_granted IS NULL OR is_granted OR answer <> ''", name="refusal_has_reason"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    is_granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
    """Why it was refused, as the applicant reads it."""

    application: Mapped[Application] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])


class LegalHold(Identified, Base):
    """Nothing of a call, or of one application, is erased while this stands. One person sets it, two lift it."""

    __table_args__ = (
        CheckConstraint("(call_id IS NULL) <> (application_id IS NULL)", name="call_or_application"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_has_evidence"),
        CheckConstraint(
            "lifted_by_id IS NULL OR (lift_asked_by_id IS NOT NULL AND lift_asked_by_id <> lifted_by_id)",
            name="lifted_by_another",
        ),
    )

    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"), index=True)
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("application.id"), index=True)
    reason: Mapped[str]
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    lift_asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]

    call: Mapped[Call | None] = relationship()
    application: Mapped[Application | None] = relationship()
