"""Lists that people try before they decide: what if this one came in, or that one got less?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Entry
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.review.list_rules import MarkKind


class TrialList(Identified, Base):
    """A named list that somebody tries: the proposal within the terms of the call, and what people marked otherwise.

    It decides nothing until it is adopted, and holds no proposal: that is made whenever it is shown.
    """

    __table_args__ = (UniqueConstraint("call_id", "name"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    name: Mapped[str]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    made_by: Mapped[Person] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class TrialMark(Identified, Base):
    """What somebody wants of one entry in one list, and why."""

    __table_args__ = (
        UniqueConstraint("list_id", "entry_id"),
        CheckConstraint(
            "(kind = 'put_in' AND (amount_minor IS NULL OR amount_minor > 0))"
            " OR (kind = 'amount' AND amount_minor IS NOT NULL AND amount_minor > 0)"
            " OR (kind IN ('take_out', 'reserve') AND amount_minor IS NULL)",
            name="amount_fits_kind",
        ),
    )

    list_id: Mapped[UUID] = mapped_column(ForeignKey("trial_list.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), index=True)
    kind: Mapped[MarkKind] = mapped_column(enum_column(MarkKind))
    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    """In minor units of the call's currency; null for what it would get in full."""
    reason: Mapped[str]
    """Always given; "" once the application was erased."""
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    trial_list: Mapped[TrialList] = relationship()
    entry: Mapped[Entry] = relationship()
    made_by: Mapped[Person] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
