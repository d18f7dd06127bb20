"""What reviewers answer: a review of an entry, with a score for each criterion."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Criterion
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, ExactNumber, Identified, enum_column
from fundapp.review.models.panel import Assignment
from fundapp.review.scoring_rules import Confidence, kept_number


class ReviewStatus(StrEnum):
    """A review is worked on, then given."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class Review(Identified, Base):
    """What one reviewer says of one entry. What was submitted counts until changes to it are submitted too."""

    __table_args__ = (
        CheckConstraint("(status = 'submitted') = (submitted_at IS NOT NULL)", name="submitted_has_time"),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), unique=True)
    status: Mapped[ReviewStatus] = mapped_column(enum_column(ReviewStatus), default=ReviewStatus.DRAFT)
    draft: Mapped[dict[str, Any] | None]
    """What is being written, as scoring_rules has it: all of it before the first time, later changes; null: nothing."""
    comment: Mapped[str] = mapped_column(default="")
    confidence: Mapped[Confidence | None] = mapped_column(enum_column(Confidence))
    """Null where it was not said, or the stage does not ask."""
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    assignment: Mapped[Assignment] = relationship(back_populates="review")
    scores: Mapped[list["Score"]] = relationship(back_populates="review", cascade="all, delete-orphan")

    def kept(self) -> dict[str, Any] | None:
        """Return what its versions keep, once it is submitted: each score, and the hashes of what was written."""
        if self.submitted_at is None:
            return None
        return {
            "assignment": str(self.assignment_id),
            "status": self.status.value,
            "comment_sha256": text_sha256(self.comment),
            "submitted_at": canonical_time(self.submitted_at),
            "scores": {str(score.criterion_id): score.content() for score in self.scores},
            **({"confidence": self.confidence.value} if self.confidence else {}),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class Score(Identified, Base):
    """One criterion's answer, as it was submitted: a number, or "cannot judge", which is not a number."""

    __table_args__ = (
        UniqueConstraint("review_id", "criterion_id"),
        CheckConstraint("(value IS NULL) = cannot_judge", name="value_or_cannot_judge"),
    )

    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"))
    criterion_id: Mapped[UUID] = mapped_column(ForeignKey("criterion.id"))
    value: Mapped[Decimal | None] = mapped_column(ExactNumber)
    cannot_judge: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    """Why it cannot be judged, in a few words; of no account beside a number."""
    comment: Mapped[str] = mapped_column(default="", server_default="")

    review: Mapped[Review] = relationship(back_populates="scores")
    criterion: Mapped[Criterion] = relationship()

    def content(self) -> dict[str, Any]:
        """Return what versions of the review keep of it."""
        texts = {"reason": self.reason, "comment": self.comment}
        return {
            "value": None if self.value is None else kept_number(self.value),
            "cannot_judge": self.cannot_judge,
            **{f"{name}_sha256": text_sha256(text) for name, text in texts.items() if text},
        }
