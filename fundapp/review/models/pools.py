"""How applicants review each other: two pools, drawn in public, and what each of them gives."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Application, Call, Category
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.review.pools import PoolName


class Duty(StrEnum):
    """How the people of an application stood to the reviews asked of them when the scores were opened."""

    NONE = "none"
    """Nothing was asked of them, or nothing of it could be given."""
    DONE = "done"
    EXCUSED = "excused"
    """Not done, and somebody who runs the call excused it before."""
    UNDONE = "undone"


class PoolDraw(Identified, Base):
    """The draw of a call's pools: the list is fixed, then a public value that nobody knew falls, then scores open.

    The last one by number counts; one whose value never came is followed by another.
    """

    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        CheckConstraint("value_at > fixed_at", name="value_after_list"),
        CheckConstraint(
            "(drawn_at IS NULL) = (drawn_by_id IS NULL) AND (drawn_at IS NULL) = (public_value IS NULL)"
            " AND (drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR drawn_at >= value_at)",
            name="drawn_has_evidence",
        ),
        CheckConstraint(
            "(opened_at IS NULL) = (opened_by_id IS NULL) AND (opened_at IS NULL OR drawn_at IS NOT NULL)",
            name="opened_has_evidence",
        ),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    value_source: Mapped[str]
    """Which public value will be the seed, in words that let anybody look it up."""
    value_at: Mapped[datetime]
    """When that value becomes public: after the list was fixed, so that nobody could choose one for the other."""
    fingerprint: Mapped[str]
    """SHA-256 of the list of lots as it was fixed."""
    fixed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    fixed_at: Mapped[datetime]
    public_value: Mapped[str | None]
    seed: Mapped[str | None]
    drawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    drawn_at: Mapped[datetime | None]
    opened_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime | None]
    """When the scores were opened to those who decide: from then on no review is given, and nobody is excused."""

    call: Mapped[Call] = relationship()
    lots: Mapped[list["PoolLot"]] = relationship(back_populates="draw", order_by="PoolLot.label")
    shares: Mapped[list["PoolShare"]] = relationship(back_populates="draw")


class PoolLot(Identified, Base):
    """What is drawn as one: an application together with all that are tied to it."""

    __table_args__ = (UniqueConstraint("draw_id", "label"),)

    draw_id: Mapped[UUID] = mapped_column(ForeignKey("pool_draw.id"))
    label: Mapped[str]
    """Picked at random when the list was fixed; says nothing of whose it is."""
    stratum: Mapped[int]
    """Those of one number are alike in categories, region and language; the number says not in which."""
    pool: Mapped[PoolName | None] = mapped_column(enum_column(PoolName))

    draw: Mapped[PoolDraw] = relationship(back_populates="lots")
    places: Mapped[list["PoolPlace"]] = relationship(back_populates="lot")


class PoolPlace(Identified, Base):
    """An application's place in a lot, and how its people stood to their own reviews."""

    __table_args__ = (
        UniqueConstraint("draw_id", "application_id"),
        CheckConstraint(
            "(excused_at IS NULL) = (excused_by_id IS NULL) AND (excused_at IS NOT NULL OR excuse = '')",
            name="excused_has_evidence",
        ),
    )

    draw_id: Mapped[UUID] = mapped_column(ForeignKey("pool_draw.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("pool_lot.id"), index=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    excuse: Mapped[str] = mapped_column(default="")
    """Why its people need not finish their reviews."""
    excused_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    excused_at: Mapped[datetime | None]
    duty: Mapped[Duty | None] = mapped_column(enum_column(Duty))
    """Fixed when the scores were opened; null before."""

    lot: Mapped[PoolLot] = relationship(back_populates="places")
    application: Mapped[Application] = relationship()


class PoolShare(Identified, Base):
    """What one pool gives, in a category with its own number of awards or in all others; fixed at the draw."""

    __table_args__ = (
        UniqueConstraint("draw_id", "category_id", "pool"),
        Index(
            "uq_pool_share_without_category",
            "draw_id",
            "pool",
            unique=True,
            sqlite_where=text("category_id IS NULL"),
            postgresql_where=text("category_id IS NULL"),
        ),
        CheckConstraint(
            "money_minor >= 0 AND (awards IS NULL OR awards >= 0) AND (requested IS NULL OR requested >= 0)",
            name="not_below_zero",
        ),
        CheckConstraint("(awards IS NULL) = (category_id IS NULL)", name="awards_by_category"),
    )

    draw_id: Mapped[UUID] = mapped_column(ForeignKey("pool_draw.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("category.id"))
    pool: Mapped[PoolName] = mapped_column(enum_column(PoolName))
    awards: Mapped[int | None]
    money_minor: Mapped[int] = mapped_column(MinorUnits)
    """In minor units of the call's currency."""
    requested: Mapped[int | None] = mapped_column(MinorUnits)
    """By what the whole was divided: entries where awards are counted, else the sum that they ask for, in minor units.

    Null where it was fixed before this was kept.
    """

    draw: Mapped[PoolDraw] = relationship(back_populates="shares")
    category: Mapped[Category | None] = relationship()
