"""How the chairs of a panel voted on the rows of the list, and awards that stay on it without their approval."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Entry
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.review.voting_rules import Proposal, VoteChoice


class ChairVote(Identified, Base):
    """A chair's vote on an entry, as it is now; what it was before stays in its kept versions."""

    __table_args__ = (
        UniqueConstraint("entry_id", "person_id"),
        CheckConstraint("amount_minor >= 0", name="not_below_zero"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    choice: Mapped[VoteChoice] = mapped_column(enum_column(VoteChoice))
    outcome: Mapped[str]
    """What was proposed when the vote was given: the value of an Outcome."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """The amount that was proposed, in minor units of the call's currency; 0 where it was no award."""
    reason: Mapped[str] = mapped_column(default="")
    """Why; needed for a vote against."""
    voted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    entry: Mapped[Entry] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def about(self) -> Proposal:
        """Return what was voted on."""
        return Proposal(self.outcome, self.amount_minor)

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: the vote, on what, when, and the hash of the reason."""
        return {
            "entry": str(self.entry_id),
            "person": str(self.person_id),
            "choice": self.choice.value,
            "outcome": self.outcome,
            "amount_minor": self.amount_minor,
            "reason_sha256": text_sha256(self.reason),
            "voted_at": canonical_time(self.voted_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class UnapprovedAward(Identified, Base):
    """Why an award of one amount stays on the list although the chairs did not approve it."""

    __table_args__ = (
        UniqueConstraint("entry_id"),
        CheckConstraint("amount_minor > 0", name="is_an_award"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """The award for which the reason holds, in minor units of the call's currency."""
    reason: Mapped[str]
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    entry: Mapped[Entry] = relationship()
    given_by: Mapped[Person] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: the award, who let it stay and when, and the hash of the reason."""
        return {
            "entry": str(self.entry_id),
            "amount_minor": self.amount_minor,
            "reason_sha256": text_sha256(self.reason),
            "given_by": str(self.given_by_id),
            "given_at": canonical_time(self.given_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
