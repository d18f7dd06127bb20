"""Who reads: reviewers of calls, what they say of themselves, what they are given, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Criterion, Entry, Stage
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text

if TYPE_CHECKING:
    from fundapp.review.models.scoring import Review


class ReviewerStatus(StrEnum):
    """How somebody stands to a call that asks them to read."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REMOVED = "removed"
    """Taken off the panel by those who run the call; finishes at most what was begun."""


class Reviewer(Identified, Base):
    """A person who is asked to read for one call. Only whoever accepted is given anything."""

    __table_args__ = (
        UniqueConstraint("call_id", "person_id"),
        CheckConstraint("max_entries >= 1", name="reads_at_least_one"),
        CheckConstraint("status NOT IN ('accepted', 'declined') OR answered_at IS NOT NULL", name="answered_has_time"),
        CheckConstraint("(status = 'removed') = (removed_at IS NOT NULL)", name="removed_has_time"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[ReviewerStatus] = mapped_column(
        enum_column(ReviewerStatus), default=ReviewerStatus.INVITED, server_default=ReviewerStatus.ACCEPTED.value
    )
    max_entries: Mapped[int]
    languages: Mapped[list[str]]
    regions: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Those of the profile, as it is for this call: words in small letters."""
    themes: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    is_experienced: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Has given a review in another call, or says so of another place."""
    invited_at: Mapped[datetime]
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer_reason: Mapped[str] = mapped_column(default="", server_default="")
    """Why they declined, if they said so."""
    removed_at: Mapped[datetime | None]
    organisation_sealed: Mapped[bytes | None]
    organisation_version: Mapped[int] = mapped_column(default=0, server_default="0")
    organisation = sealed_text("organisation_sealed", ring=Ring.IDENTITY, version="organisation_version")
    """To which organisation whoever invited them says they belong; it counts for nothing before they accept."""

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    call: Mapped[Call] = relationship()
    assignments: Mapped[list["Assignment"]] = relationship(back_populates="reviewer")


class ReviewerProfile(Identified, Base):
    """What a reviewer says of themselves, once for all calls."""

    __table_args__ = (CheckConstraint("max_at_once >= 1", name="takes_at_least_one"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    languages: Mapped[list[str]]
    regions: Mapped[list[str]]
    themes: Mapped[list[str]]
    has_reviewed_before: Mapped[bool]
    """As they say it; reviews that were given here count by themselves."""
    max_at_once: Mapped[int | None]
    """How many entries they take at a time over all calls; null: each call's own limit is enough."""
    updated_at: Mapped[datetime]


class ReviewerNews(Identified, Base):
    """What a reviewer is to be told with their next mail, and when they had the last one: never two on one day."""

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    waiting: Mapped[list[str]]
    """Kinds of news (see news_rules.News) that came after the mail of the day."""
    told_at: Mapped[datetime | None]
    """When the last mail was written."""


class AssignmentStatus(StrEnum):
    """Where one reviewer stands with one entry."""

    ASSIGNED = "assigned"
    READING = "reading"
    REVIEWED = "reviewed"
    RECUSED = "recused"
    TAKEN_BACK = "taken_back"
    """What was begun was taken back by those who run the call: it counts nowhere, and nobody gets it again."""


class Assignment(Identified, Base):
    """An entry given to a reviewer. Reading starts only after "no conflict" was declared."""

    __table_args__ = (
        UniqueConstraint("entry_id", "reviewer_id", "stage_id"),
        # Of both: with one of the stage alone, SQLite walks all assignments of a stage for each of its entries.
        Index(None, "stage_id", "entry_id"),
        CheckConstraint("(status = 'assigned') = (declared_at IS NULL)", name="declared_has_time"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("reviewer.id"), index=True)
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"))
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
