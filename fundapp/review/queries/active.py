"""Which assignments count: one condition for pages, loads, coverage and tally alike."""

from sqlalchemy import ColumnElement, and_

from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.scope import in_conflict
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer


def is_active() -> ColumnElement[bool]:
    """Return the condition that an assignment counts, over Assignment joined to its Reviewer and Application.

    It does not once the reviewer is recused or in conflict, or the application is no longer eligible.
    """
    return and_(
        Assignment.status != AssignmentStatus.RECUSED,
        Application.status == ApplicationStatus.ELIGIBLE,
        ~in_conflict(Reviewer.person_id),
    )
