"""What reviewers, and those who run the call, say to each other of an entry."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Entry, Stage
from fundapp.core.db import Base, Identified
from fundapp.review.models.panel import Assignment


class DiscussionPost(Identified, Base):
    """One contribution to the discussion of an entry in a stage. It never changes; erasing empties it."""

    __table_args__ = (
        Index("ix_discussion_post_entry_id_stage_id", "entry_id", "stage_id"),
        CheckConstraint("(text = '') = (erased_at IS NOT NULL)", name="empty_only_when_erased"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"))
    """As whose reader it was written; null: by somebody who runs the call."""
    text: Mapped[str]
    posted_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()
    stage: Mapped[Stage] = relationship()
    author: Mapped[Person] = relationship()
    assignment: Mapped[Assignment | None] = relationship()
    mentions: Mapped[list["PostMention"]] = relationship(back_populates="post")


class PostMention(Identified, Base):
    """A reader of the entry to whom a contribution is addressed."""

    __table_args__ = (UniqueConstraint("post_id", "assignment_id"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("discussion_post.id"))
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"), index=True)

    post: Mapped[DiscussionPost] = relationship(back_populates="mentions")
    assignment: Mapped[Assignment] = relationship()
