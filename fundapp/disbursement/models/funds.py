"""Whose money is behind calls, and the ledger of what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Programme
from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.disbursement.fund_rules import MovementKind, Tied
from fundapp.disbursement.models.awards import Award


class Funder(Identified, Base):
    """Somebody who gives the money of funds."""

    __table_args__ = (CheckConstraint("name <> ''", name="has_name"),)

    name: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    """How the funder calls its grant to us; "" where it has no name."""
    is_named: Mapped[bool] = mapped_column(default=False)
    """Whether the public may read who it is."""
    added_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    funds: Mapped[list["Fund"]] = relationship(back_populates="funder")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class Fund(Identified, Base):
    """Money of a funder behind a call, or (call_id null) behind every call of a programme.

    The four counters are the sums of its movements. They change in one conditional UPDATE, and the checks are the last
    defence: nothing is set aside that was not promised, nothing is paid that was not set aside.
    """

    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("is_restricted = (restriction <> '')", name="restriction_has_words"),
        CheckConstraint("pot_code = '' OR (is_restricted AND call_id IS NOT NULL)", name="pot_restricts_in_call"),
        CheckConstraint("allocated_minor >= 0 AND allocated_minor <= promised_minor", name="allocated_is_promised"),
        CheckConstraint("paid_minor >= 0 AND paid_minor <= allocated_minor", name="paid_is_allocated"),
        CheckConstraint("received_minor >= 0", name="received_not_below_zero"),
    )

    funder_id: Mapped[UUID] = mapped_column(ForeignKey("funder.id"), index=True)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), index=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"), index=True)
    name: Mapped[str]
    currency: Mapped[str]
    is_restricted: Mapped[bool] = mapped_column(default=False)
    restriction: Mapped[str] = mapped_column(default="")
    """What it may be used for, in the words of the funder; "" where it may pay for everything."""
    pot_code: Mapped[str] = mapped_column(default="")
    """The pot of the call's terms that says the same; "": none, and then no award is paid from it."""
    promised_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    received_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    allocated_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    paid_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    added_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    funder: Mapped[Funder] = relationship(back_populates="funds")
    programme: Mapped[Programme] = relationship()
    call: Mapped[Call | None] = relationship()

    @property
    def tied(self) -> Tied:
        """Return what binds its money."""
        return Tied(self.is_restricted, self.pot_code)

    @property
    def edition(self) -> int:
        """Return a number that grows with every change of it or of its funder: both stand in one form."""
        return self.version + self.funder.version

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class FundShare(Identified, Base):
    """What one fund gives one award: the sum of the movements of the two, in minor units of their currency."""

    __table_args__ = (
        UniqueConstraint("fund_id", "award_id"),
        CheckConstraint("paid_minor >= 0 AND paid_minor <= allocated_minor", name="paid_is_allocated"),
    )

    fund_id: Mapped[UUID] = mapped_column(ForeignKey("fund.id"))
    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"), index=True)
    allocated_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    paid_minor: Mapped[int] = mapped_column(MinorUnits, default=0)

    fund: Mapped[Fund] = relationship()
    award: Mapped[Award] = relationship()


class FundMovement(Identified, Base):
    """One row of the ledger: the database takes no change of it, and no end.

    Its amount is in minor units of the fund's currency; what takes back is below zero.
    """

    __table_args__ = (
        CheckConstraint(
            "amount_minor <> 0 AND (kind NOT IN ('allocated', 'paid') OR amount_minor > 0)"
            " AND (kind NOT IN ('released', 'returned') OR amount_minor < 0)",
            name="amount_has_sign_of_kind",
        ),
        CheckConstraint("(kind IN ('promised', 'received')) = (award_id IS NULL)", name="award_or_funder"),
        CheckConstraint("(kind = 'reallocated') = (move_id IS NOT NULL)", name="moved_together"),
        CheckConstraint("amount_minor > 0 OR reason <> ''", name="taking_back_has_reason"),
        {"info": GUARDED},
    )

    fund_id: Mapped[UUID] = mapped_column(ForeignKey("fund.id"), index=True)
    award_id: Mapped[UUID | None] = mapped_column(ForeignKey("award.id"), index=True)
    kind: Mapped[MovementKind] = mapped_column(enum_column(MovementKind))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    reason: Mapped[str] = mapped_column(default="")
    move_id: Mapped[UUID | None]
    """What was moved together has the same one."""
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null: the system did."""
    made_at: Mapped[datetime]

    fund: Mapped[Fund] = relationship()
    award: Mapped[Award | None] = relationship()
    made_by: Mapped[Person | None] = relationship()

    def facts(self) -> dict[str, Any]:
        """Return what the record keeps of it."""
        return {
            "fund": str(self.fund_id),
            "amount_minor": self.amount_minor,
            **({"award": str(self.award_id)} if self.award_id else {}),
        }
