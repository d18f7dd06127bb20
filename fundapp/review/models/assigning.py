"""What those who run a call lay down about who reads what, and the plans that follow from it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Entry
from fundapp.core.db import Base, Identified, enum_column
from fundapp.review.models.panel import Reviewer


class PairRuleKind(StrEnum):
    """What is laid down about an entry and a reviewer."""

    PIN = "pin"
    """Every plan keeps them together, unless a conflict of interest comes up."""
    FORBID = "forbid"


class PairRule(Identified, Base):
    """An entry and a reviewer that belong together, or do not."""

    __table_args__ = (UniqueConstraint("entry_id", "reviewer_id"),)

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("reviewer.id"), index=True)
    kind: Mapped[PairRuleKind] = mapped_column(enum_column(PairRuleKind))
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()
    reviewer: Mapped[Reviewer] = relationship()


class Anchor(Identified, Base):
    """An entry that more people read than others, so that reviewers who share no language can be compared."""

    __table_args__ = (CheckConstraint("readers >= 1", name="read_by_somebody"),)

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), unique=True)
    readers: Mapped[int]
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()


class PlanStatus(StrEnum):
    """Where a plan stands."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    APPLIED = "applied"
    UNDONE = "undone"


class Plan(Identified, Base):
    """Who would read what: asked for, computed, applied as one step, and perhaps undone."""

    __tablename__ = "assignment_plan"
    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        CheckConstraint("(status IN ('waiting', 'failed')) = (ready_at IS NULL)", name="ready_has_time"),
        CheckConstraint("(status IN ('applied', 'undone')) = (applied_at IS NOT NULL)", name="applied_has_time"),
        CheckConstraint("(status = 'undone') = (undone_at IS NOT NULL)", name="undone_has_time"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    status: Mapped[PlanStatus] = mapped_column(enum_column(PlanStatus), default=PlanStatus.WAITING)
    is_fair: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The worst fitting pair comes before the sum of all."""
    without: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Ids of reviewers who do not answer: they keep what they began and get nothing."""
    result: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """PlanResult.to_json(): {} until it is computed."""
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """PlanProgress.to_json(), written by the job as it goes on: {} before it has begun."""
    state_sha256: Mapped[str] = mapped_column(default="", server_default="")
    """What it was computed from: a plan from another state is not applied."""
    requested_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship()
    requested_by: Mapped[Person | None] = relationship()
