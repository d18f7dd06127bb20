"""Which assignments count: one condition for pages, loads, coverage and tally alike."""

from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, and_, select

from fundapp.applications.models import Entry
from fundapp.applications.scope import goes_to_reviewers, in_conflict
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    LineDraw,
    PoolDraw,
    Reviewer,
    ReviewerStatus,
    Slate,
    SlateStatus,
)


def is_active() -> ColumnElement[bool]:
    """Return the condition that an assignment counts, over Assignment joined to its Reviewer and Application.

    It does not once the reviewer is recused or in conflict, what they began was taken back, or the application is set
    aside or no longer eligible.
    """
    return and_(
        Assignment.status.not_in((AssignmentStatus.RECUSED, AssignmentStatus.TAKEN_BACK)),
        goes_to_reviewers(),
        ~in_conflict(Reviewer.person_id),
    )


def in_its_stage() -> ColumnElement[bool]:
    """Return the condition that an assignment is of the stage in which its Entry stands now."""
    return Assignment.stage_id == Entry.stage_id


def is_on_panel() -> ColumnElement[bool]:
    """Return the condition that a Reviewer accepted, and so can be given something to read."""
    return Reviewer.status == ReviewerStatus.ACCEPTED


def closed_to_reviews() -> CompoundSelect[UUID]:
    """Select the calls that take no more reviews.

    Their lists of decisions were sent; lots were fixed that decide at the line; or applicants review each other, and
    their scores were opened.
    """
    sent = select(Slate.call_id).where(Slate.status != SlateStatus.OPEN)
    opened = select(PoolDraw.call_id).where(PoolDraw.opened_at.is_not(None))
    return sent.union(opened, select(LineDraw.call_id))
