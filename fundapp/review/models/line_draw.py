"""The draw of lots at the line of a call's list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Call, Entry
from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified


class LineDraw(Identified, Base):
    """The draw of a call: the lots are fixed and reviews end, then a public value that nobody knew falls and draws.

    The last one by number counts; one whose value never came is followed by another. Nothing follows one that is drawn.
    """

    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        CheckConstraint("value_at > fixed_at", name="value_after_list"),
        CheckConstraint(
            "(drawn_at IS NULL) = (drawn_by_id IS NULL) AND (drawn_at IS NULL) = (public_value IS NULL)"
            " AND (drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR drawn_at >= value_at)",
            name="drawn_has_evidence",
        ),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    width: Mapped[int]
    """How many entries on each side of the line, as the terms said; 0: equals at the line."""
    value_source: Mapped[str]
    """Which public value will be the seed, in words that let anybody look it up."""
    value_at: Mapped[datetime]
    fingerprint: Mapped[str]
    """SHA-256 of the list of lots as it was fixed."""
    fixed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    fixed_at: Mapped[datetime]
    public_value: Mapped[str | None]
    seed: Mapped[str | None]
    drawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    drawn_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship()
    lots: Mapped[list["LineLot"]] = relationship(back_populates="draw", order_by="LineLot.label")

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: all of it, with whose lot each label is, and where it came."""
        return {
            "call": str(self.call_id),
            "number": self.number,
            "width": self.width,
            "value_source": self.value_source,
            "value_at": canonical_time(self.value_at),
            "fingerprint": self.fingerprint,
            "fixed_by": str(self.fixed_by_id),
            "fixed_at": canonical_time(self.fixed_at),
            "public_value": self.public_value,
            "seed": self.seed,
            "drawn_by": str(self.drawn_by_id) if self.drawn_by_id else None,
            "drawn_at": canonical_time(self.drawn_at) if self.drawn_at else None,
            "lots": sorted([lot.label, lot.stratum, str(lot.entry_id), lot.place] for lot in self.lots),
        }


class LineLot(Identified, Base):
    """The lot of one entry."""

    __table_args__ = (
        UniqueConstraint("draw_id", "label"),
        UniqueConstraint("draw_id", "entry_id"),
        CheckConstraint("stratum >= 1 AND (place IS NULL OR place >= 1)", name="counted_from_one"),
    )

    draw_id: Mapped[UUID] = mapped_column(ForeignKey("line_draw.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), index=True)
    label: Mapped[str]
    """Picked at random when the lots were fixed; says nothing of whose it is."""
    stratum: Mapped[int]
    """Lots of one number stand at one line: that of the call, of a category or of a pool."""
    place: Mapped[int | None]
    """Where it came among the lots of its line, counted from 1; null before the draw."""

    draw: Mapped[LineDraw] = relationship(back_populates="lots")
    entry: Mapped[Entry] = relationship()
