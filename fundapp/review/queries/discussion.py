"""What reviewers of an entry said: their reviews before each other, and the discussion.

A reviewer reads it through their own assignment, which is gone once they are recused or in conflict; those who run
the call read entries that they have no conflict with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call, Entry, Stage
from fundapp.applications.scope import goes_to_reviewers, in_calls, visible_to
from fundapp.core.audit import KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    PostMention,
    Review,
    Reviewer,
    ReviewStatus,
    Score,
)
from fundapp.review.queries.active import is_active


@dataclass(frozen=True)
class Versions:
    """A submitted review, and the contents of all its submitted versions, the oldest first."""

    review: Review
    contents: Sequence[dict[str, object]]


def readers_of(entry_id: UUID, stage_id: UUID) -> list[Assignment]:
    """Return who reads an entry in a stage and has said that they have no conflict, in a random order that stays."""
    return list(
        db.session.scalars(
            _of_entry(entry_id, stage_id)
            .where(Assignment.status != AssignmentStatus.ASSIGNED)
            .options(contains_eager(Assignment.reviewer).joinedload(Reviewer.person))
            .order_by(Assignment.id)
        )
    )


def submitted_reviews(entry_id: UUID, stage_id: UUID) -> list[Versions]:
    """Return the reviews of an entry that count in a stage, with their versions, in an order that says nothing."""
    reviews = db.session.scalars(
        _of_entry(entry_id, stage_id)
        .join(Assignment.review)
        .where(Review.status == ReviewStatus.SUBMITTED)
        .with_only_columns(Review)
        .options(
            contains_eager(Review.assignment).options(
                contains_eager(Assignment.reviewer).joinedload(Reviewer.person),
                contains_eager(Assignment.entry),
                joinedload(Assignment.stage).selectinload(Stage.criteria),
            ),
            selectinload(Review.scores).joinedload(Score.criterion),
        )
        .order_by(Assignment.id)
    ).all()
    contents: dict[UUID, list[dict[str, object]]] = {}
    for version in db.session.scalars(
        select(KeptVersion)
        .where(KeptVersion.object_type == "review", KeptVersion.object_id.in_([each.id for each in reviews]))
        .order_by(KeptVersion.object_id, KeptVersion.number)
    ):
        if version.content is not None:
            contents.setdefault(version.object_id, []).append(version.content)
    return [Versions(review, contents.get(review.id, ())) for review in reviews]


def posts_of(entry_id: UUID, stage_id: UUID) -> list[DiscussionPost]:
    """Return the contributions to the discussion of an entry in a stage, the oldest first."""
    return list(
        db.session.scalars(
            select(DiscussionPost)
            .where(_is_about(entry_id, stage_id))
            .options(
                joinedload(DiscussionPost.author),
                selectinload(DiscussionPost.mentions)
                .joinedload(PostMention.assignment)
                .joinedload(Assignment.reviewer)
                .joinedload(Reviewer.person),
            )
            .order_by(DiscussionPost.posted_at, DiscussionPost.id)
        )
    )


def count_of_posts(entry_id: UUID, stage_id: UUID) -> int:
    """Return how many contributions the discussion of an entry has in a stage."""
    counted = select(func.count()).select_from(DiscussionPost)
    return db.session.scalar(counted.where(_is_about(entry_id, stage_id))) or 0


def discussed_entry(*, actor: Actor, call: Call, entry_id: UUID) -> Entry:
    """Return an entry whose discussion the actor follows for those who run the call.

    Whoever reads it as a reviewer follows it there, after their own review. Raises NotFound.
    """
    own = (
        select(Assignment.id)
        .join(Assignment.reviewer)
        .where(
            Assignment.entry_id == Entry.id,
            Reviewer.person_id == actor.person_id,
            Assignment.status.in_((AssignmentStatus.ASSIGNED, AssignmentStatus.READING)),
        )
    )
    entry = db.session.scalar(
        select(Entry)
        .join(Entry.application)
        .where(
            Entry.id == entry_id,
            Entry.call_id == call.id,
            in_calls(actor, P.DISCUSSION_READ, Entry.call_id),
            visible_to(actor),
            or_(goes_to_reviewers(), select(DiscussionPost.id).where(DiscussionPost.entry_id == Entry.id).exists()),
            ~own.exists(),
        )
        .options(contains_eager(Entry.application), joinedload(Entry.category), joinedload(Entry.stage))
    )
    if entry is None:
        raise NotFound
    return entry


def _is_about(entry_id: UUID, stage_id: UUID) -> ColumnElement[bool]:
    return and_(DiscussionPost.entry_id == entry_id, DiscussionPost.stage_id == stage_id)


def _of_entry(entry_id: UUID, stage_id: UUID) -> Select[Assignment]:
    return (
        select(Assignment)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .join(Application.call)
        .where(Assignment.entry_id == entry_id, Assignment.stage_id == stage_id, is_active())
    )
