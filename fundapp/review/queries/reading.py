"""What a reviewer may read: what was given to them, and nothing else."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.identity import kept_from_reviewers, submitted_form
from fundapp.applications.models import Application, Attachment, Call, Criterion, Entry, FileStatus, Stage, Submission
from fundapp.applications.scope import in_calls
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.i18n import localised
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, Score
from fundapp.review.queries.active import closed_to_reviews, is_active
from fundapp.review.rules import reading_place
from fundapp.review.scoring_rules import Step


def my_assignments(*, actor: Actor) -> list[Assignment]:
    """Return what the actor was given to read, with entries, calls and reviews, in the order in which they read."""
    return in_reading_order(db.session.scalars(given_to(actor).options(joinedload(Assignment.review))))


def in_reading_order(assignments: Iterable[Assignment]) -> list[Assignment]:
    """Return assignments call by call, in each in an order of the reviewer's own.

    Everybody tires, so that what all read last would fare worse. The order says nothing about who applied when, who
    they are, or how they stand.
    """

    def place(assignment: Assignment) -> tuple[UUID, bytes, UUID]:
        entry = assignment.entry
        own = reading_place(entry.call_id, assignment.stage_id, assignment.reviewer_id, entry.application_id)
        return entry.call_id, own, entry.id

    return sorted(assignments, key=place)


def closed_calls(assignments: Iterable[Assignment]) -> frozenset[UUID]:
    """Return the calls of these assignments that take no more reviews."""
    calls = {assignment.entry.call_id for assignment in assignments}
    return frozenset(db.session.scalars(select(Call.id).where(Call.id.in_(calls), Call.id.in_(closed_to_reviews()))))


def my_assignment(*, actor: Actor, assignment_id: UUID) -> Assignment:
    """Return one assignment of the actor with its review and the call's criteria. Raises NotFound."""
    assignment = db.session.scalar(
        given_to(actor)
        .where(Assignment.id == assignment_id)
        .options(
            joinedload(Assignment.review).selectinload(Review.scores).joinedload(Score.criterion),
            contains_eager(Assignment.entry).contains_eager(Entry.application).contains_eager(Application.call),
            joinedload(Assignment.stage).selectinload(Stage.criteria),
        )
    )
    if assignment is None:
        raise NotFound
    return assignment


def application_to_read(*, actor: Actor, assignment_id: UUID) -> Application:
    """Return the application with what was submitted. Raises NotFound before "no conflict" was declared."""
    assignment = my_assignment(actor=actor, assignment_id=assignment_id)
    if assignment.status is AssignmentStatus.ASSIGNED:
        raise NotFound
    return db.session.scalars(
        select(Application)
        .where(Application.id == assignment.entry.application_id)
        .options(
            selectinload(Application.submissions).joinedload(Submission.form_version),
            selectinload(Application.attachments),
            selectinload(Application.clarifications),
            selectinload(Application.translations),
        )
        .execution_options(populate_existing=True)
    ).one()


def attachment_to_read(*, actor: Actor, application_id: UUID, attachment_id: UUID) -> Attachment:
    """Return a file that the submitted answers name, and of which there is a copy, of an application the actor reads.

    Raises NotFound, also for files that could tell who somebody is.
    """
    assignment_id = db.session.scalar(
        given_to(actor)
        .where(Entry.application_id == application_id, Assignment.status != AssignmentStatus.ASSIGNED)
        .with_only_columns(Assignment.id)
        .limit(1)
    )
    if assignment_id is None:
        raise NotFound
    application = application_to_read(actor=actor, assignment_id=assignment_id)
    if application.is_protected:
        raise NotFound  # whatever its answers look like: a file shows whose it is
    kept = kept_from_reviewers(
        submitted_form(application),
        is_protected=application.is_protected,
        see=application.call.reviewers_see,
    )
    named = {  # one that tells who somebody is, and every one of a protected application, is sealed: no name is read
        answer["attachment"]
        for name, answer in application.submissions[-1].answers.items()
        if name_of(name) not in kept and isinstance(answer, dict) and "attachment" in answer
    }
    for attachment in application.attachments:
        if attachment.id == attachment_id and str(attachment.id) in named and attachment.status is FileStatus.READY:
            return attachment
    raise NotFound


def step_of(criterion: Criterion) -> Step:
    """Return a criterion as the rules see it, labelled in the current language."""
    return Step(
        criterion.code,
        criterion.minimum,
        criterion.maximum,
        localised(criterion.labels),
        criterion.step,
        criterion.comment_needed.value,
    )


def given_to(actor: Actor) -> Select[Assignment]:
    """Return the selection of what counts among what the actor was given, with entries, applications and calls."""
    return (
        select(Assignment)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .join(Application.call)
        .where(
            Reviewer.person_id == actor.person_id,
            in_calls(actor, P.REVIEW_WRITE, Entry.call_id),
            is_active(),
        )
        .options(
            contains_eager(Assignment.reviewer),
            contains_eager(Assignment.entry).options(
                contains_eager(Entry.application).contains_eager(Application.call).joinedload(Call.programme),
                joinedload(Entry.category),
            ),
        )
    )
