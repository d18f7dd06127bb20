"""The list of a call that people decide."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Entry
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified, MinorUnits, enum_column


class SlateStatus(StrEnum):
    """Where the list of decisions stands."""

    OPEN = "open"
    PROPOSED = "proposed"
    RATIFIED = "ratified"
    RELEASED = "released"


class Slate(Identified, Base):
    """The list of a call's decisions: worked on, proposed (frozen), ratified by somebody else, released."""

    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        CheckConstraint(
            "(status = 'open') = (proposed_by_id IS NULL) AND (status = 'open') = (proposed_at IS NULL)",
            name="proposed_has_evidence",
        ),
        CheckConstraint(
            "(status IN ('ratified', 'released')) = (ratified_by_id IS NOT NULL)"
            " AND (status IN ('ratified', 'released')) = (ratified_at IS NOT NULL)",
            name="ratified_has_evidence",
        ),
        CheckConstraint(
            "(status = 'released') = (released_by_id IS NOT NULL)"
            " AND (status = 'released') = (released_at IS NOT NULL)",
            name="released_has_evidence",
        ),
        CheckConstraint("ratified_by_id <> proposed_by_id", name="ratified_by_another"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int] = mapped_column(default=1)
    status: Mapped[SlateStatus] = mapped_column(enum_column(SlateStatus), default=SlateStatus.OPEN)
    proposed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime | None]
    ratified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Whoever ratified last, where two must; each of them has a Ratification."""
    ratified_at: Mapped[datetime | None]
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship()
    decisions: Mapped[list["Decision"]] = relationship(back_populates="slate")


class Outcome(StrEnum):
    """What was decided of an entry."""

    AWARD = "award"
    RESERVE = "reserve"
    """Not awarded now; it may move up later. The reserve list is in order of rank."""
    DECLINE = "decline"


class Decision(Identified, Base):
    """A pending decision on an entry; it binds when its slate is released."""

    __table_args__ = (
        CheckConstraint(
            "(outcome = 'award' AND amount_minor > 0) OR (outcome <> 'award' AND amount_minor = 0)",
            name="award_has_amount",
        ),
    )

    slate_id: Mapped[UUID] = mapped_column(ForeignKey("slate.id"), index=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), unique=True)
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """Amount awarded in minor units of the call's currency; 0 for a reserve and for a decline."""
    rank: Mapped[int | None]
    """The entry's rank in the tally when this was decided; null where it had no review."""
    reason: Mapped[str] = mapped_column(default="")
    """Required wherever the choice goes against rank."""
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    slate: Mapped[Slate] = relationship(back_populates="decisions")
    entry: Mapped[Entry] = relationship()
    decided_by: Mapped[Person] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: outcome, amount, rank, who and when, and the hash of the reason."""
        return {
            "slate": str(self.slate_id),
            "entry": str(self.entry_id),
            "outcome": self.outcome.value,
            "amount_minor": self.amount_minor,
            "rank": self.rank,
            "reason_sha256": text_sha256(self.reason),
            "decided_by": str(self.decided_by_id),
            "decided_at": canonical_time(self.decided_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
