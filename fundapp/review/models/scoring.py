"""What reviewers answer: a review of an entry, with a score for each criterion."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Criterion
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified, enum_column
from fundapp.review.models.panel import Assignment


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
