"""Reviewers, what they are asked to read, what they answered, and the list that people decide."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Criterion, Entry, Stage
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified, MinorUnits, enum_column


class Reviewer(Identified, Base):
    """A person who reads for one call."""

    __table_args__ = (
        UniqueConstraint("call_id", "person_id"),
        CheckConstraint("max_entries >= 1", name="reads_at_least_one"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    max_entries: Mapped[int]
    languages: Mapped[list[str]]
    invited_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    assignments: Mapped[list["Assignment"]] = relationship(back_populates="reviewer")


class AssignmentStatus(StrEnum):
    """Where one reviewer stands with one entry."""

    ASSIGNED = "assigned"
    READING = "reading"
    REVIEWED = "reviewed"
    RECUSED = "recused"


class Assignment(Identified, Base):
    """An entry given to a reviewer. Reading starts only after "no conflict" was declared."""

    __table_args__ = (
        UniqueConstraint("entry_id", "reviewer_id", "stage_id"),
        CheckConstraint("(status = 'assigned') = (declared_at IS NULL)", name="declared_has_time"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("reviewer.id"), index=True)
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"), index=True)
    """The stage in which it is read; it stays when the entry goes on."""
    status: Mapped[AssignmentStatus] = mapped_column(enum_column(AssignmentStatus), default=AssignmentStatus.ASSIGNED)
    assigned_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime]
    declared_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()
    reviewer: Mapped[Reviewer] = relationship(back_populates="assignments")
    stage: Mapped[Stage] = relationship()
    review: Mapped["Review | None"] = relationship(back_populates="assignment")

    @property
    def criteria(self) -> list[Criterion]:
        """Return what is asked of this entry, in its category, in the stage in which it is read."""
        return [each for each in self.stage.criteria if each.category_id in (None, self.entry.category_id)]


class ReviewStatus(StrEnum):
    """A review is worked on, then given."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class Review(Identified, Base):
    """What one reviewer says of one entry."""

    __table_args__ = (
        CheckConstraint("(status = 'submitted') = (submitted_at IS NOT NULL)", name="submitted_has_time"),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), unique=True)
    status: Mapped[ReviewStatus] = mapped_column(enum_column(ReviewStatus), default=ReviewStatus.DRAFT)
    comment: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    assignment: Mapped[Assignment] = relationship(back_populates="review")
    scores: Mapped[list["Score"]] = relationship(back_populates="review", cascade="all, delete-orphan")

    def kept(self) -> dict[str, Any] | None:
        """Return what its versions keep, once it is submitted: each score, and the hash of the comment."""
        if self.submitted_at is None:
            return None
        return {
            "assignment": str(self.assignment_id),
            "status": self.status.value,
            "comment_sha256": text_sha256(self.comment),
            "submitted_at": canonical_time(self.submitted_at),
            "scores": {
                str(score.criterion_id): {"value": score.value, "cannot_judge": score.cannot_judge}
                for score in self.scores
            },
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class Score(Identified, Base):
    """One criterion's answer: a number, or "cannot judge", which is not a number. No row: not answered yet."""

    __table_args__ = (
        UniqueConstraint("review_id", "criterion_id"),
        CheckConstraint("(value IS NULL) = cannot_judge", name="value_or_cannot_judge"),
    )

    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    criterion_id: Mapped[UUID] = mapped_column(ForeignKey("criterion.id"))
    value: Mapped[int | None]
    cannot_judge: Mapped[bool]

    review: Mapped[Review] = relationship(back_populates="scores")
    criterion: Mapped[Criterion] = relationship()


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
    tally: Mapped[dict[str, Any]]
    """The tally as it stood when the list was proposed: {} while open."""
    proposed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime | None]
    return_reason: Mapped[str] = mapped_column(default="")
    """Why the ratifier last sent the list back."""
    ratified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ratified_at: Mapped[datetime | None]
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship()
    decisions: Mapped[list["Decision"]] = relationship(back_populates="slate")


class Outcome(StrEnum):
    """What was decided of an entry."""

    AWARD = "award"
    DECLINE = "decline"


class Decision(Identified, Base):
    """A pending decision on an entry; it binds when its slate is released."""

    __table_args__ = (
        CheckConstraint(
            "(outcome = 'award' AND amount_minor > 0) OR (outcome = 'decline' AND amount_minor = 0)",
            name="award_has_amount",
        ),
    )

    slate_id: Mapped[UUID] = mapped_column(ForeignKey("slate.id"), index=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), unique=True)
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """Amount awarded in minor units of the call's currency; 0 for a decline."""
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
