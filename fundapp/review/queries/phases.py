"""What a reviewer may do with what they were given, by the phase that is active now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.applications.models import ReviewPhase
from fundapp.applications.phase_rules import Rights, rights
from fundapp.core.db import db
from fundapp.review.models import Assignment, Review
from fundapp.review.queries.active import in_its_stage
from fundapp.review.queries.reading import closed_calls


def phases_of(stage_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ReviewPhase]]:
    """Return the phases of stages by their dates, read afresh."""
    found: dict[UUID, list[ReviewPhase]] = {stage_id: [] for stage_id in stage_ids}
    for phase in db.session.scalars(
        select(ReviewPhase)
        .where(ReviewPhase.stage_id.in_(stage_ids))
        .order_by(ReviewPhase.starts_at)
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    ):
        found[phase.stage_id].append(phase)
    return found


def rights_in(assignments: Sequence[Assignment], now: datetime) -> Mapping[UUID, Rights]:
    """Return what their reviewers may do with these assignments, by id, in three statements however many there are."""
    phases = phases_of({each.stage_id for each in assignments})
    closed = closed_calls(assignments)
    facts = {
        assignment_id: (submitted_at is not None, stands_there)
        for assignment_id, submitted_at, stands_there in db.session.execute(
            select(Assignment.id, Review.submitted_at, in_its_stage())
            .join(Assignment.entry)
            .outerjoin(Assignment.review)
            .where(Assignment.id.in_([each.id for each in assignments]))
        )
    }
    return {
        each.id: rights(
            phases[each.stage_id],
            now,
            has_submitted=facts[each.id][0],
            is_open=facts[each.id][1] and each.entry.call_id not in closed,
        )
        for each in assignments
    }


def rights_of(assignment: Assignment, now: datetime) -> Rights:
    """Return what its reviewer may do with one assignment."""
    return rights_in([assignment], now)[assignment.id]
