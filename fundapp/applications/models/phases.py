"""The phases of a stage: from when to when its reviewers may do what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.calls import Stage
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.db import Base, Identified, enum_column


class ReviewPhase(Identified, Base):
    """One row of rights. Phases of a stage never overlap, so at most one is active; phase_rules says which."""

    __table_args__ = (
        UniqueConstraint("call_id", "code"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"), index=True)
    position: Mapped[int]
    code: Mapped[str]
    titles: Mapped[dict[str, str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Exclusive."""
    may_score: Mapped[bool]
    others: Mapped[SeenOthers] = mapped_column(enum_column(SeenOthers))
    shown_as: Mapped[ShownAs] = mapped_column(enum_column(ShownAs))
    may_discuss: Mapped[bool]

    stage: Mapped[Stage] = relationship(back_populates="phases")
