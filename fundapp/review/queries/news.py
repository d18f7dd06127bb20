"""Whom the mail of the day concerns: people for whom news wait, and people with reviews still to come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from fundapp.applications.models import Entry
from fundapp.core.db import db
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer, ReviewerNews, Slate, SlateStatus
from fundapp.review.queries.active import in_its_stage, is_active
from fundapp.review.queries.due import due_at


def people_with_news() -> set[UUID]:
    """Return those for whom something waits to be told."""
    return {news.person_id for news in db.session.scalars(select(ReviewerNews)) if news.waiting}


def work_to_come() -> dict[UUID, list[datetime | None]]:
    """Return for each person with reviews to come when each of their stages ends (None: no day is set).

    Only what still can be done counts: nothing of calls whose decisions are with the ratifiers, or made.
    """
    rows = db.session.execute(_to_come().with_only_columns(Reviewer.person_id, Assignment.stage_id).distinct()).all()
    ends = due_at({stage_id for _, stage_id in rows})
    found: dict[UUID, list[datetime | None]] = {}
    for person_id, stage_id in rows:
        found.setdefault(person_id, []).append(ends.get(stage_id))
    return found


def has_work_to_come(reviewer: Reviewer) -> bool:
    """Say whether somebody still has reviews to give in a call, and can."""
    return db.session.scalar(_to_come().where(Assignment.reviewer_id == reviewer.id).limit(1)) is not None


def _to_come() -> Select[Assignment]:
    closed = select(Slate.call_id).where(Slate.status != SlateStatus.OPEN)
    return (
        select(Assignment)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(
            Assignment.status.in_((AssignmentStatus.ASSIGNED, AssignmentStatus.READING)),
            is_active(),
            in_its_stage(),
            Entry.call_id.not_in(closed),
        )
    )
