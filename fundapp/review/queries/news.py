"""Whom the mail of the day concerns: for whom news wait, who has reviews still to come, and who has not answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from fundapp.applications.models import Entry, ReviewPhase, Stage
from fundapp.core.db import db
from fundapp.review.models import Assignment, AssignmentStatus, DiscussionPost, Reviewer, ReviewerNews, ReviewerStatus
from fundapp.review.queries.active import closed_to_reviews, in_its_stage, is_active
from fundapp.review.queries.due import due_at


def people_with_news() -> set[UUID]:
    """Return those for whom something waits to be told."""
    return {news.person_id for news in db.session.scalars(select(ReviewerNews)) if news.waiting}


def work_to_come() -> dict[UUID, list[datetime | None]]:
    """Return for each person with reviews to come when each of their stages ends (None: no day is set).

    Only what still can be done counts: nothing of calls that take no more reviews.
    """
    rows = db.session.execute(_to_come().with_only_columns(Reviewer.person_id, Assignment.stage_id).distinct()).all()
    ends = due_at({stage_id for _, stage_id in rows})
    found: dict[UUID, list[datetime | None]] = {}
    for person_id, stage_id in rows:
        found.setdefault(person_id, []).append(ends.get(stage_id))
    return found


def people_with_contributions() -> set[UUID]:
    """Return those who can read what somebody else contributed to a discussion since they were told anything last.

    Nothing counts of what they stepped back from, or have come to have a conflict of interest with.
    """
    return set(
        db.session.scalars(
            select(Reviewer.person_id)
            .join(Reviewer.assignments)
            .join(Assignment.entry)
            .join(Entry.application)
            .join(ReviewerNews, ReviewerNews.person_id == Reviewer.person_id)
            .join(
                DiscussionPost,
                and_(DiscussionPost.entry_id == Entry.id, DiscussionPost.stage_id == Assignment.stage_id),
            )
            .where(
                is_active(),
                DiscussionPost.author_id != Reviewer.person_id,
                or_(ReviewerNews.told_at.is_(None), DiscussionPost.posted_at >= ReviewerNews.told_at),
            )
            .distinct()
        )
    )


def open_invitations(now: datetime) -> dict[UUID, list[datetime]]:
    """Return for each person whom calls ask to review when each asked them, while they can still accept.

    An invitation ends with the reviews: the call takes none any more, or the last day for scoring in it is over.
    """
    last_day = (
        select(func.max(ReviewPhase.ends_at))
        .join(ReviewPhase.stage)
        .where(Stage.call_id == Reviewer.call_id, ReviewPhase.may_score)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Reviewer.person_id, Reviewer.invited_at)
        .where(
            Reviewer.status == ReviewerStatus.INVITED,
            Reviewer.call_id.not_in(closed_to_reviews()),
            or_(last_day.is_(None), last_day > now),
        )
        .order_by(Reviewer.invited_at, Reviewer.id)
    )
    found: dict[UUID, list[datetime]] = {}
    for person_id, invited_at in rows:
        found.setdefault(person_id, []).append(invited_at)
    return found


def has_work_to_come(reviewer: Reviewer) -> bool:
    """Say whether somebody still has reviews to give in a call, and can."""
    return db.session.scalar(_to_come().where(Assignment.reviewer_id == reviewer.id).limit(1)) is not None


def _to_come() -> Select[Assignment]:
    return (
        select(Assignment)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(
            Assignment.status.in_((AssignmentStatus.ASSIGNED, AssignmentStatus.READING)),
            is_active(),
            in_its_stage(),
            Entry.call_id.not_in(closed_to_reviews()),
        )
    )
