"""What a reviewer does: declare a conflict or none, save, submit."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Call, ConflictSource, Criterion, Entry
from fundapp.applications.services.submitting import begin_review
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import localised
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, ReviewStatus, Score
from fundapp.review.rules import (
    Answer,
    Step,
    Unjudged,
    answer_problems,
    comment_problems,
    completeness_problems,
    reason_problems,
)
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.transitions import ASSIGNMENT, REVIEW


def declare_no_conflict(*, actor: Actor, assignment: Assignment, now: datetime) -> None:
    """Let the reviewer start to read: from now on its people can't change what they sent.

    Raises InvalidTransition when it was declared before, NotFound for others, Conflict when the application is not
    among the eligible ones any more.
    """
    _require_own(actor, assignment)
    begin_review(application=assignment.entry.application, now=now)
    apply_transition(
        ASSIGNMENT,
        assignment,
        "declare_no_conflict",
        actor=actor,
        now=now,
        call_id=assignment.entry.call_id,
        evidence={"declared_at": now},
    )


def declare_conflict(*, actor: Actor, assignment: Assignment, reason: str, now: datetime) -> None:
    """Step back: the application is hidden from the reviewer everywhere, at once, in all its categories.

    Raises RuleViolations for a reason that is too long, NotFound for others than the reviewer.
    """
    _require_own(actor, assignment)
    if problems := reason_problems(reason):
        raise RuleViolations(problems)
    application = assignment.entry.application
    same_application = db.session.scalars(
        select(Assignment)
        .join(Assignment.entry)
        .join(Assignment.reviewer)
        .where(
            Entry.application_id == application.id,
            Reviewer.person_id == assignment.reviewer.person_id,
            Assignment.status != AssignmentStatus.RECUSED,
        )
        .order_by(Assignment.id)
    )
    for each in list(same_application):
        apply_transition(
            ASSIGNMENT,
            each,
            "recuse",
            actor=actor,
            now=now,
            call_id=application.call_id,
            evidence={"declared_at": each.declared_at or now},
        )
    record_conflict(
        actor=actor,
        application=application,
        person_id=assignment.reviewer.person_id,
        source=ConflictSource.DECLARED,
        reason=reason.strip(),
        now=now,
    )


def save_review(
    *, actor: Actor, assignment: Assignment, answers: Mapping[str, Answer], comment: str, version: int, now: datetime
) -> Review:
    """Keep a draft, complete or not. `answers` maps the codes of criteria; what is missing is not answered.

    `version` is that of the review which the page showed (0: none yet). Raises RuleViolations, also when the review
    was changed in another window meanwhile, InvalidTransition once it was submitted, NotFound for others.
    """
    _require_own(actor, assignment)
    actor.require(P.REVIEW_WRITE, assignment.entry.call_id)
    db.session.refresh(assignment, with_for_update={"of": Assignment})  # not of what was loaded along with it
    if assignment.status is not AssignmentStatus.READING:
        raise InvalidTransition(_l("This review was submitted, and can't be changed any more."))
    criteria = assignment.criteria
    problems = answer_problems(answers, steps(criteria)) + comment_problems(comment)
    review = db.session.scalar(
        select(Review)
        .where(Review.assignment_id == assignment.id)
        .execution_options(populate_existing=True)  # as it is now that the assignment is locked
    )
    if (review.version if review else 0) != version:
        problems.append(
            Problem(
                _l(
                    "This review was saved in another window meanwhile. Below is what you typed here; if you save"
                    " again, it replaces the other."
                )
            )
        )
    if problems:
        raise RuleViolations(problems)
    if review is None:
        review = Review(assignment_id=assignment.id, status=ReviewStatus.DRAFT)
        db.session.add(review)
    review.comment = comment
    review.saved_at = now
    kept = {score.criterion_id: score for score in review.scores}
    for criterion in criteria:
        answer = answers.get(criterion.code)
        score = kept.get(criterion.id)
        if answer is None:
            if score is not None:
                review.scores.remove(score)
            continue
        if score is None:
            score = Score(criterion_id=criterion.id)
            review.scores.append(score)
        score.cannot_judge = answer is Unjudged.CANNOT_JUDGE
        score.value = None if isinstance(answer, Unjudged) else answer
    db.session.flush()
    record(actor=actor, action="review:save", subject=review, now=now, call_id=assignment.entry.call_id)
    return review


def submit_review(
    *, actor: Actor, assignment: Assignment, answers: Mapping[str, Answer], comment: str, version: int, now: datetime
) -> Review:
    """Save and submit a review. Raises RuleViolations naming every criterion without an answer.

    Raises Conflict once the list of decisions was sent for ratification: then its tally is fixed. Raises NotFound for
    others than the reviewer.
    """
    _require_own(actor, assignment)
    call = db.session.get_one(Call, assignment.entry.call_id)
    lock_call(call)
    try:
        require_open_slate(call)
    except Conflict as error:
        raise Conflict(_l("Reviews of this call are closed. What you wrote is kept.")) from error
    criteria = assignment.criteria
    if problems := completeness_problems(answers, steps(criteria)):
        raise RuleViolations(problems)
    review = save_review(actor=actor, assignment=assignment, answers=answers, comment=comment, version=version, now=now)
    apply_transition(REVIEW, review, "submit", actor=actor, now=now, call_id=call.id, evidence={"submitted_at": now})
    apply_transition(ASSIGNMENT, assignment, "complete", actor=actor, now=now, call_id=call.id)
    return review


def answers_of(review: Review) -> dict[str, Answer]:
    """Return what a review holds, by the codes of criteria."""
    return {
        score.criterion.code: Unjudged.CANNOT_JUDGE if score.value is None else score.value for score in review.scores
    }


def steps(criteria: list[Criterion]) -> list[Step]:
    """Return a call's criteria as the rules see them, labelled in the current language."""
    return [Step(each.code, each.minimum, each.maximum, localised(each.labels)) for each in criteria]


def _require_own(actor: Actor, assignment: Assignment) -> None:
    """Let nobody act for another reviewer, whatever else they may do in the call."""
    if assignment.reviewer.person_id != actor.person_id:
        raise NotFound
