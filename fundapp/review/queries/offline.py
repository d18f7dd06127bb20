"""What a reviewer may take away to read and score without a connection, and what they may bring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call, Entry, Stage, Submission
from fundapp.applications.scope import in_calls
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, Score
from fundapp.review.queries.active import in_its_stage
from fundapp.review.queries.reading import closed_calls, given_to, in_reading_order


@dataclass(frozen=True)
class TakenAway:
    """What somebody reads in a call now; `undeclared` is of how many it is not known whether they have a conflict."""

    assignments: Sequence[Assignment]
    undeclared: int
    is_closed: bool


def own_reviewer(*, actor: Actor, slug: str) -> Reviewer:
    """Return the actor as reviewer of a call. Raises NotFound."""
    reviewer = db.session.scalar(
        select(Reviewer)
        .join(Reviewer.call)
        .where(
            Call.slug == slug,
            Reviewer.person_id == actor.person_id,
            in_calls(actor, P.REVIEW_WRITE, Reviewer.call_id),
        )
        .options(contains_eager(Reviewer.call))
    )
    if reviewer is None:
        raise NotFound
    return reviewer


def to_take_away(*, actor: Actor, reviewer: Reviewer) -> TakenAway:
    """Return what can be read offline: declared, in the stage where its entry stands, while the call takes reviews.

    Everything that a packet and the sheet show is loaded with it, in a number of statements that does not grow.
    """
    given = given_to(actor).where(Entry.call_id == reviewer.call_id, in_its_stage())
    undeclared = db.session.scalar(
        given.where(Assignment.status == AssignmentStatus.ASSIGNED)
        .with_only_columns(func.count(), maintain_column_froms=True)
        .order_by(None)
    )
    declared = given.where(Assignment.status != AssignmentStatus.ASSIGNED)
    found = in_reading_order(
        db.session.scalars(
            _with_scores(declared).options(
                contains_eager(Assignment.entry)
                .contains_eager(Entry.application)
                .options(
                    selectinload(Application.submissions).joinedload(Submission.form_version),
                    selectinload(Application.attachments),
                    selectinload(Application.clarifications),
                    selectinload(Application.translations),
                ),
            )
        )
    )
    is_closed = reviewer.call_id in closed_calls(found)
    return TakenAway([] if is_closed else found, undeclared or 0, is_closed)


def to_bring_back(*, actor: Actor, call_id: UUID) -> dict[UUID, Assignment]:
    """Return, by id, everything of a call that the actor may write about, with what stands of their reviews."""
    found = db.session.scalars(_with_scores(given_to(actor).where(Entry.call_id == call_id)).order_by(Assignment.id))
    return {assignment.id: assignment for assignment in found}


def _with_scores(assignments: Select[Assignment]) -> Select[Assignment]:
    return assignments.options(
        joinedload(Assignment.review).selectinload(Review.scores).joinedload(Score.criterion),
        joinedload(Assignment.stage).selectinload(Stage.criteria),
    )
