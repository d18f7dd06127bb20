"""What reviewers say of themselves, and what follows from it: who is experienced, and how much more they can take."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Reviewer,
    ReviewerProfile,
    Slate,
    SlateStatus,
)
from fundapp.review.queries.active import in_its_stage, is_active, is_on_panel


def profile_of(person_id: UUID | None) -> ReviewerProfile | None:
    """Return what a person says of themselves as a reviewer, or None before they said anything."""
    return db.session.scalar(select(ReviewerProfile).where(ReviewerProfile.person_id == person_id))


def have_reviewed(person_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of these people have given a review here that counts, in any call."""
    rows = db.session.scalars(
        select(Reviewer.person_id)
        .join(Assignment, Assignment.reviewer_id == Reviewer.id)
        .where(Reviewer.person_id.in_(person_ids), Assignment.status == AssignmentStatus.REVIEWED)
        .distinct()
    )
    return frozenset(rows)


def limits_at_once(call: Call) -> dict[UUID, int]:
    """Return for each reviewer of a call how many entries they can have in it, done ones included, by reviewer's id.

    That is the call's limit, or less where they take only so many at a time over all calls: reviews that are still to
    come elsewhere take room, and so does nothing that is done.
    """
    to_come = (
        select(Reviewer.person_id, func.count().label("entries"))
        .join(Assignment, Assignment.reviewer_id == Reviewer.id)
        .join(Assignment.entry)
        .join(Entry.application)
        .outerjoin(Slate, (Slate.call_id == Entry.call_id) & (Slate.status != SlateStatus.OPEN))
        .where(
            Reviewer.call_id != call.id,
            Assignment.status.in_((AssignmentStatus.ASSIGNED, AssignmentStatus.READING)),
            is_active(),
            in_its_stage(),
            Slate.id.is_(None),
        )
        .group_by(Reviewer.person_id)
        .subquery()
    )
    done = (
        select(Assignment.reviewer_id, func.count().label("entries"))
        .join(Assignment.reviewer)
        .where(Reviewer.call_id == call.id, Assignment.status == AssignmentStatus.REVIEWED)
        .group_by(Assignment.reviewer_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Reviewer.id,
            Reviewer.max_entries,
            ReviewerProfile.max_at_once,
            func.coalesce(to_come.c.entries, 0),
            func.coalesce(done.c.entries, 0),
        )
        .outerjoin(ReviewerProfile, ReviewerProfile.person_id == Reviewer.person_id)
        .outerjoin(to_come, to_come.c.person_id == Reviewer.person_id)
        .outerjoin(done, done.c.reviewer_id == Reviewer.id)
        .where(Reviewer.call_id == call.id, is_on_panel())
    )
    return {
        reviewer_id: most if at_once is None else max(0, min(most, at_once - elsewhere + here))
        for reviewer_id, most, at_once, elsewhere, here in rows
    }
