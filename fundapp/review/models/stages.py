"""Who sits in which stage, and how entries went on from one to the next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Entry, Stage
from fundapp.core.db import Base, Identified


class StageSeat(Identified, Base):
    """A reviewer who reads in a stage. A stage without seats is read by the whole panel."""

    __table_args__ = (UniqueConstraint("stage_id", "reviewer_id"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("reviewer.id"), index=True)

    stage: Mapped[Stage] = relationship(backref=backref("seats", cascade="all, delete-orphan"))


class StageMove(Identified, Base):
    """One recorded step: entries that went on to the next stage together."""

    __table_args__ = (
        CheckConstraint("to_stage_id <> from_stage_id", name="moves"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_has_evidence"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    from_stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"))
    to_stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"))
    reason: Mapped[str]
    """Needed where the choice is not what the scores propose."""
    moved_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    moved_at: Mapped[datetime]
    undone_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None]

    from_stage: Mapped[Stage] = relationship(foreign_keys=[from_stage_id])
    to_stage: Mapped[Stage] = relationship(foreign_keys=[to_stage_id])
    moved_by: Mapped[Person] = relationship(foreign_keys=[moved_by_id])
    moved: Mapped[list["MovedEntry"]] = relationship(back_populates="move")


class MovedEntry(Identified, Base):
    """An entry that went on with a step."""

    __table_args__ = (UniqueConstraint("move_id", "entry_id"),)

    move_id: Mapped[UUID] = mapped_column(ForeignKey("stage_move.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), index=True)

    move: Mapped[StageMove] = relationship(back_populates="moved")
    entry: Mapped[Entry] = relationship()
