"""Who reads what: plan the assignment, apply the plan."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.assignment import AssignmentPlan, Pair, plan_assignment
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer
from fundapp.review.news_rules import News
from fundapp.review.queries.panel import PlanningFacts, planning_facts
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.services.news import tell_reviewer


@dataclass(frozen=True)
class PlanDraft:
    """A plan that was not applied: what it would add and take away, over what the planner may see."""

    plan: AssignmentPlan
    added: frozenset[Pair]
    removed: frozenset[Pair]
    loads: dict[str, int]
    fingerprint: str
    """The same for the same plan from the same state: applying asks for it, so that nobody applies what they did
    not see."""


def draft_plan(*, actor: Actor, call: Call) -> PlanDraft:
    """Return the best plan from the present state, without applying it."""
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    facts = planning_facts(actor=actor, call=call)
    plan = plan_assignment(
        facts.entries,
        facts.reviewers,
        conflicts=facts.conflicts,
        started=facts.started,
        current=facts.current,
        affinity=facts.affinity,
        salt=call.slug,
    )
    stored = _stored_open_pairs(call, facts.hidden)
    wanted = plan.pairs - facts.started
    loads = {reviewer.id: 0 for reviewer in facts.reviewers}
    for pair in plan.pairs:
        loads[pair.reviewer_id] += pair.entry_id not in facts.hidden
    return PlanDraft(
        plan=plan,
        added=wanted - stored,
        removed=stored - wanted,
        loads=loads,
        fingerprint=_fingerprint(wanted, stored | facts.started),
    )


def apply_plan(*, actor: Actor, call: Call, fingerprint: str, now: datetime) -> PlanDraft:
    """Apply the plan that was shown; reviewers with new entries get one mail each.

    Raises Conflict when the state has changed since and the plan with it, or when the list of decisions is frozen.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    require_open_slate(call)
    draft = draft_plan(actor=actor, call=call)
    if draft.fingerprint != fingerprint:
        raise Conflict(_l("Something has changed since this plan was made. Please look at the new plan."))
    _take_away(actor, call, draft.removed, now)
    made = _give(actor, call, draft.added, now)
    record(
        actor=actor,
        action="assignment:apply",
        subject=call,
        now=now,
        call_id=call.id,
        data={"added": _listed(draft.added), "removed": _listed(draft.removed)},
    )
    _tell_reviewers({assignment.reviewer_id for assignment in made}, now)
    return draft


def assign_by_hand(
    *, actor: Actor, call: Call, pairs: Collection[tuple[Entry, Reviewer]], now: datetime
) -> list[Assignment]:
    """Give entries to reviewers as somebody says, and return the new assignments; what they have already is left.

    Reviewers with new entries get one mail each. Raises RuleViolations naming every pair that cannot be (a conflict of
    interest, an application that is not eligible, another call); then nothing is assigned. Raises NotFound for an entry
    that the actor may not see, and Conflict when the list of decisions is frozen.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    require_open_slate(call)
    facts = planning_facts(actor=actor, call=call)
    if problems := _pair_problems(facts, pairs):
        raise RuleViolations(problems)
    wanted = {Pair(str(entry.id), str(reviewer.id)) for entry, reviewer in pairs}
    added = frozenset(wanted - facts.started - facts.current)
    made = _give(actor, call, added, now)
    record(
        actor=actor,
        action="assignment:by_hand",
        subject=call,
        now=now,
        call_id=call.id,
        data={"added": _listed(added)},
    )
    _tell_reviewers({assignment.reviewer_id for assignment in made}, now)
    return made


def _give(actor: Actor, call: Call, pairs: Collection[Pair], now: datetime) -> list[Assignment]:
    wanted = {UUID(pair.entry_id) for pair in pairs}
    stages = dict(db.session.execute(select(Entry.id, Entry.stage_id).where(Entry.id.in_(wanted))).all())
    made = [
        Assignment(
            entry_id=UUID(pair.entry_id),
            reviewer_id=UUID(pair.reviewer_id),
            stage_id=stages[UUID(pair.entry_id)],
            assigned_by_id=actor.person_id,
            assigned_at=now,
        )
        for pair in sorted(pairs)
    ]
    db.session.add_all(made)
    db.session.flush()
    for assignment in made:
        _record_pair("assignment:give", actor, call, assignment, now)
    return made


def _take_away(actor: Actor, call: Call, pairs: Collection[Pair], now: datetime) -> None:
    unread = db.session.scalars(
        select(Assignment)
        .join(Assignment.reviewer)
        .where(Reviewer.call_id == call.id, Assignment.status == AssignmentStatus.ASSIGNED)
        .order_by(Assignment.entry_id, Assignment.reviewer_id)
    )
    for assignment in unread:
        if Pair(str(assignment.entry_id), str(assignment.reviewer_id)) in pairs:
            _record_pair("assignment:take", actor, call, assignment, now)
            db.session.delete(assignment)


def _record_pair(action: str, actor: Actor, call: Call, assignment: Assignment, now: datetime) -> None:
    pair = {"entry": str(assignment.entry_id), "reviewer": str(assignment.reviewer_id)}
    record(actor=actor, action=action, subject=assignment, now=now, call_id=call.id, data=pair)


def _tell_reviewers(reviewer_ids: Collection[UUID], now: datetime) -> None:
    people = db.session.scalars(
        select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.id.in_(reviewer_ids))
    )
    for person in sorted(people, key=lambda each: each.sort_key):
        tell_reviewer(person, News.WORK, now=now)


def _pair_problems(facts: PlanningFacts, pairs: Collection[tuple[Entry, Reviewer]]) -> list[Problem]:
    """Say which pairs cannot be. Raises NotFound for an entry that the planner may not see."""
    eligible = {entry.id for entry in facts.entries}
    panel = {reviewer.id for reviewer in facts.reviewers}
    problems = []
    for entry, reviewer in pairs:
        pair = Pair(str(entry.id), str(reviewer.id))
        if pair.entry_id in facts.hidden:
            raise NotFound
        place = f"{entry.application.reference or ''}, {reviewer.person.name or reviewer.person.email}"
        if pair.entry_id not in eligible:
            problems.append(Problem(_l("This is no eligible entry of this call."), place=place))
        elif pair.reviewer_id not in panel:
            problems.append(Problem(_l("This person is no reviewer of this call."), place=place))
        elif pair in facts.conflicts:
            problems.append(Problem(_l("This reviewer has a conflict of interest."), place=place))
    return problems


def _stored_open_pairs(call: Call, hidden: frozenset[str]) -> frozenset[Pair]:
    """Return the assignments that were not started, those included that a new conflict has made void."""
    rows = db.session.execute(
        select(Assignment.entry_id, Assignment.reviewer_id)
        .join(Assignment.reviewer)
        .where(Reviewer.call_id == call.id, Assignment.status == AssignmentStatus.ASSIGNED)
    )
    pairs = frozenset(Pair(str(entry_id), str(reviewer_id)) for entry_id, reviewer_id in rows)
    return frozenset(pair for pair in pairs if pair.entry_id not in hidden)


def _fingerprint(wanted: Collection[Pair], present: Collection[Pair]) -> str:
    lines = [" ".join(pair) for pair in sorted(wanted)] + ["--"] + [" ".join(pair) for pair in sorted(present)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _listed(pairs: Collection[Pair]) -> list[list[str]]:
    return [list(pair) for pair in sorted(pairs)]
