"""What a reviewer does: declare a conflict or none, save, submit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Call, ConflictSource, Criterion, Entry
from fundapp.applications.services.saving import NO_ANSWER, mark
from fundapp.applications.services.submitting import begin_review
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Assignment, AssignmentStatus, Review, Reviewer, ReviewStatus, Score
from fundapp.review.queries.phases import rights_of
from fundapp.review.queries.reading import step_of
from fundapp.review.rules import reason_problems
from fundapp.review.scoring_rules import (
    COMMENT,
    CONFIDENCE,
    Confidence,
    Judged,
    Part,
    Parts,
    Step,
    Unjudged,
    completeness_problems,
    part_from_json,
    part_problems,
    part_to_json,
)
from fundapp.review.services.calls import lock_call
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


@dataclass(frozen=True)
class Saved:
    """What came of saving. `conflicts` holds, by part, what is stored where another window changed the same one."""

    review: Review
    conflicts: Parts = field(default_factory=dict)


def save_review(
    *,
    actor: Actor,
    assignment: Assignment,
    parts: Parts,
    now: datetime,
    seen: Mapping[str, str] | None = None,
    sent_before: Parts | None = None,
) -> Saved:
    """Keep parts of a draft, complete or not; other parts stay as they are.

    `seen` holds the marks of what the page showed: a part that another window changed since is not replaced, and told
    of (None: nothing was shown, everything is replaced). `sent_before` is what the same page sent without hearing
    whether it arrived. A draft counts nowhere, so it is kept also when scoring is over. Raises RuleViolations,
    InvalidTransition for a submitted review whose reviewer did not say that they change it, NotFound for others.
    """
    _require_own(actor, assignment)
    actor.require(P.REVIEW_WRITE, assignment.entry.call_id)
    review = _locked_review(assignment)
    if assignment.status is AssignmentStatus.REVIEWED and (review is None or review.draft is None):
        raise InvalidTransition(_l("This review was submitted. Choose “Change your review” first."))
    if assignment.status not in (AssignmentStatus.READING, AssignmentStatus.REVIEWED):
        raise InvalidTransition(_l("You can't score this application now."))
    known = {criterion.code for criterion in assignment.criteria} | {COMMENT, CONFIDENCE}
    parts = {name: part for name, part in parts.items() if name in known}
    if problems := part_problems(parts, steps(assignment.criteria)):
        raise RuleViolations(problems)
    stored = draft_of(review)
    changes, conflicts = _compared(parts, stored, seen, sent_before or {})
    if review is None:
        review = Review(assignment_id=assignment.id, status=ReviewStatus.DRAFT, draft={})
        db.session.add(review)
    elif not changes:
        return Saved(review, conflicts)
    review.draft = {name: part_to_json(part) for name, part in {**stored, **changes}.items()}
    review.saved_at = now
    db.session.flush()
    record(actor=actor, action="review:save", subject=review, now=now, call_id=assignment.entry.call_id)
    return Saved(review, conflicts)


def submit_review(
    *,
    actor: Actor,
    assignment: Assignment,
    parts: Parts,
    now: datetime,
    seen: Mapping[str, str] | None = None,
    sent_before: Parts | None = None,
) -> Saved:
    """Save and submit a review, or changes to one; not where another window changed the same part.

    Raises RuleViolations naming everything that is missing, Conflict when scoring is over, and what `save_review`
    raises.
    """
    _require_own(actor, assignment)
    call = db.session.get_one(Call, assignment.entry.call_id)
    lock_call(call)
    _require_scoring(assignment, now)
    criteria = assignment.criteria
    given: Parts = {**draft_of(_locked_review(assignment)), **parts}
    if problems := missing_in(assignment, given):
        raise RuleViolations(problems)
    saved = save_review(actor=actor, assignment=assignment, parts=parts, now=now, seen=seen, sent_before=sent_before)
    if saved.conflicts:
        return saved
    review = saved.review
    given = draft_of(review)
    _keep_scores(review, criteria, given)
    review.comment, review.draft = str(given.get(COMMENT, "")), None
    chosen = given.get(CONFIDENCE)
    review.confidence = Confidence(str(chosen)) if chosen and assignment.stage.asks_confidence else None
    event = "submit" if review.submitted_at is None else "submit_again"
    apply_transition(REVIEW, review, event, actor=actor, now=now, call_id=call.id, evidence={"submitted_at": now})
    if assignment.status is AssignmentStatus.READING:
        apply_transition(ASSIGNMENT, assignment, "complete", actor=actor, now=now, call_id=call.id)
    return saved


def change_review(*, actor: Actor, assignment: Assignment, now: datetime) -> Review:
    """Let the reviewer change what they submitted: it counts as it is until the changes are submitted.

    Raises InvalidTransition when nothing was submitted, Conflict when scoring is over, NotFound for others.
    """
    _require_own(actor, assignment)
    _require_scoring(assignment, now)
    review = _locked_review(assignment)
    if review is None or assignment.status is not AssignmentStatus.REVIEWED:
        raise InvalidTransition(_l("Nothing was submitted yet."))
    if review.draft is None:
        review.draft = {name: part_to_json(part) for name, part in submitted_parts(review).items()}
        review.saved_at = now
        db.session.flush()
        record(actor=actor, action="review:change", subject=review, now=now, call_id=assignment.entry.call_id)
    return review


def leave_review(*, actor: Actor, assignment: Assignment, now: datetime) -> None:
    """Throw changes away that were not submitted: the review stays as it counts. Raises NotFound for others."""
    _require_own(actor, assignment)
    review = _locked_review(assignment)
    if review is None or review.submitted_at is None or review.draft is None:
        return
    review.draft = None
    db.session.flush()
    record(actor=actor, action="review:leave", subject=review, now=now, call_id=assignment.entry.call_id)


def missing_in(assignment: Assignment, parts: Parts) -> list[Problem]:
    """Return what is missing before these parts can be submitted."""
    return completeness_problems(parts, steps(assignment.criteria), asks_confidence=assignment.stage.asks_confidence)


def draft_of(review: Review | None) -> Parts:
    """Return what is being written of a review, by part."""
    return {name: part_from_json(kept) for name, kept in ((review.draft if review else None) or {}).items()}


def submitted_parts(review: Review) -> Parts:
    """Return what was submitted of a review, by part."""
    judged = {
        score.criterion.code: Judged(
            Unjudged.CANNOT_JUDGE if score.value is None else score.value, score.reason, score.comment
        )
        for score in review.scores
    }
    return {**judged, COMMENT: review.comment, CONFIDENCE: review.confidence.value if review.confidence else ""}


def shown_parts(review: Review | None) -> Parts:
    """Return what the reviewer sees of their review: what is being written, else what was submitted."""
    if review is None or review.draft is not None or review.submitted_at is None:
        return draft_of(review)
    return submitted_parts(review)


def part_mark(part: Part | None) -> str:
    """Return a short text that is another one for another content of a part."""
    return mark(None if part is None or part in ("", Judged()) else part_to_json(part))


def steps(criteria: list[Criterion]) -> list[Step]:
    """Return a call's criteria as the rules see them, labelled in the current language."""
    return [step_of(each) for each in criteria]


def may_score(assignment: Assignment, now: datetime) -> bool:
    """Say whether the reviewer can write, change and submit a review of this entry now."""
    try:
        _require_scoring(assignment, now)
    except Conflict:
        return False
    return True


def _require_scoring(assignment: Assignment, now: datetime) -> None:
    """Raise Conflict where the phase has no scoring, the entry went on, or the list of decisions was sent."""
    if not rights_of(assignment, now).may_score:
        raise Conflict(_l("Reviews of this call are closed. What you wrote is kept."))


def _locked_review(assignment: Assignment) -> Review | None:
    """Lock an assignment, and return its review as it is then."""
    lock_row(assignment)
    return db.session.scalar(
        select(Review).where(Review.assignment_id == assignment.id).execution_options(populate_existing=True)
    )


def _compared(
    parts: Parts, stored: Parts, seen: Mapping[str, str] | None, before: Parts
) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return what is to be stored, and what is stored where another window changed the same part."""
    changes: dict[str, Part] = {}
    conflicts: dict[str, Part] = {}
    for name, part in parts.items():
        there = part_mark(stored.get(name))
        if part_mark(part) == there:
            continue
        known = there if seen is None else seen.get(name) or NO_ANSWER
        if known == there or (name in before and there == part_mark(before[name])):
            changes[name] = part
        elif part_mark(part) != known:  # as the page showed it: nobody changed it here
            conflicts[name] = stored.get(name, Judged() if name[0] != "." else "")
    return changes, conflicts


def _keep_scores(review: Review, criteria: list[Criterion], given: Parts) -> None:
    """Make the scores of a review what its complete draft says."""
    kept = {score.criterion_id: score for score in review.scores}
    for criterion in criteria:
        judged = given[criterion.code]
        if not isinstance(judged, Judged):
            raise TypeError(f"part {criterion.code} is not about a criterion")
        score = kept.get(criterion.id)
        if score is None:
            score = Score(criterion_id=criterion.id)
            review.scores.append(score)
        score.cannot_judge = judged.answer is Unjudged.CANNOT_JUDGE
        score.value = None if isinstance(judged.answer, Unjudged) or judged.answer is None else Decimal(judged.answer)
        score.reason = judged.reason if score.cannot_judge else ""
        score.comment = judged.comment


def _require_own(actor: Actor, assignment: Assignment) -> None:
    """Let nobody act for another reviewer, whatever else they may do in the call."""
    if assignment.reviewer.person_id != actor.person_id:
        raise NotFound
