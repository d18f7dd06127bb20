"""Entries of the reserve that move up when money is free: a decision of their own beside the released one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.disbursement.moving_rules import MoveStatus
from fundapp.review.models import Decision


class MovingUp(Identified, Base):
    """An entry in reserve gets an award: somebody decides it, others ratify it, and it is released by itself.

    The decision of the released list stays as it was ratified. Its money is promised from the proposal on.
    """

    __table_args__ = (
        Index(
            "uq_moving_up_decision",
            "decision_id",
            unique=True,
            sqlite_where=text("status <> 'sent_back'"),
            postgresql_where=text("status <> 'sent_back'"),
        ),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "(status = 'released') = (released_by_id IS NOT NULL)"
            " AND (status = 'released') = (released_at IS NOT NULL)",
            name="released_has_evidence",
        ),
        CheckConstraint(
            "(status = 'sent_back') = (sent_back_by_id IS NOT NULL)"
            " AND (status = 'sent_back') = (sent_back_at IS NOT NULL)",
            name="sent_back_has_evidence",
        ),
        CheckConstraint("sent_back_by_id <> decided_by_id", name="sent_back_by_another"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), index=True)
    """The decision of the released list: in reserve."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """In minor units of the call's currency."""
    reason: Mapped[str]
    """Why it moves up; "" once the application was erased."""
    over_reason: Mapped[str] = mapped_column(default="")
    """Why others that stand before it do not; "" where it is the next."""
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]
    status: Mapped[MoveStatus] = mapped_column(enum_column(MoveStatus), default=MoveStatus.PROPOSED)
    sent_back_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    sent_back_at: Mapped[datetime | None]
    back_reason: Mapped[str] = mapped_column(default="")
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    decision: Mapped[Decision] = relationship()
    decided_by: Mapped[Person] = relationship(foreign_keys=decided_by_id)
    sent_back_by: Mapped[Person | None] = relationship(foreign_keys=sent_back_by_id)
    released_by: Mapped[Person | None] = relationship(foreign_keys=released_by_id)
    ratifications: Mapped[list["MoveRatification"]] = relationship(
        back_populates="move", order_by="MoveRatification.ratified_at"
    )

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: outcome, amount, who and when, and hashes of the reasons."""
        return {
            "decision": str(self.decision_id),
            "amount_minor": self.amount_minor,
            "reason_sha256": text_sha256(self.reason),
            "over_reason_sha256": text_sha256(self.over_reason),
            "decided_by": str(self.decided_by_id),
            "decided_at": canonical_time(self.decided_at),
            "status": self.status.value,
            "released_at": None if self.released_at is None else canonical_time(self.released_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class MoveRatification(Identified, Base):
    """One person ratified that an entry moves up; where two must, both have a row."""

    __table_args__ = (UniqueConstraint("move_id", "person_id"),)

    move_id: Mapped[UUID] = mapped_column(ForeignKey("moving_up.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    ratified_at: Mapped[datetime]

    move: Mapped[MovingUp] = relationship(back_populates="ratifications")
    person: Mapped[Person] = relationship()
