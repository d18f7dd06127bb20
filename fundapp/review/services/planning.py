"""Plans of who reads what: asked for, computed (in the background where a call is large), applied, undone."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.queries import actor_of
from fundapp.applications.models import Call, Entry
from fundapp.core import clock
from fundapp.core.audit import record
from fundapp.core.db import db, note_aside
from fundapp.core.errors import Conflict, NotFound
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.outbox import Finish, JobKind, enqueue, still_at_work
from fundapp.core.workflow import apply_transition
from fundapp.review.assignment import Pair, Step, Told, plan_assignment, tell_nobody
from fundapp.review.models import Anchor, PairRule, PairRuleKind, Plan, PlanStatus, Reviewer
from fundapp.review.plan_progress import PlanPhase, PlanProgress
from fundapp.review.plan_result import PlanResult, plan_result
from fundapp.review.queries.planning import PLAN_KIND, PlanningFacts, is_begun, last_applied, planning_facts
from fundapp.review.services.calls import lock_call, require_reviewing
from fundapp.review.services.pairs import give, listed, set_readers, take_away
from fundapp.review.services.telling import tell_of_work_later
from fundapp.review.transitions import PLAN

AT_ONCE_PAIRS: Final = 40_000
"""A plan over at most as many pairs of entry and reviewer is there within a second or so; others wait for a worker."""
TELL_AFTER: Final = timedelta(seconds=2)
"""A job writes down how far it is when something new begins, and else not more often than this."""
FAIR_ROUNDS: Final = 8
"""About as many programmes does it take to fit the worst pair first."""


def request_plan(
    *, actor: Actor, call: Call, now: datetime, is_fair: bool = False, without: Collection[UUID] = ()
) -> Plan:
    """Ask for the best plan from the present state: small calls get it at once, large ones from a worker.

    With `is_fair` the worst fitting pair comes before the sum of all. Reviewers in `without`, who do not answer, keep
    what they began and get nothing. Nothing changes before the plan is applied.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    _drop_unapplied(actor, call, now)
    last = db.session.scalar(select(func.max(Plan.number)).where(Plan.call_id == call.id)) or 0
    panel = db.session.scalars(select(Reviewer.id).where(Reviewer.call_id == call.id, Reviewer.id.in_(without)))
    plan = Plan(
        call=call,
        number=last + 1,
        is_fair=is_fair,
        without=sorted(str(reviewer_id) for reviewer_id in panel),
        requested_by_id=actor.person_id,
        requested_at=now,
    )
    db.session.add(plan)
    db.session.flush()
    data = {"number": plan.number, "is_fair": is_fair, "without": plan.without}
    record(actor=actor, action="plan:request", subject=plan, now=now, call_id=call.id, data=data)
    if _pairs_in(call) * (FAIR_ROUNDS if is_fair else 1) <= AT_ONCE_PAIRS:
        result, state = _compute(actor, plan)
        _keep(plan, result, state, now)
    else:
        enqueue(kind=PLAN_KIND, subject_id=plan.id, now=now)
    return plan


def plan_job() -> JobKind:
    """Return the outbox work that computes a plan with the eyes of whoever asked for it."""

    def work(plan_id: UUID) -> Finish | None:
        plan = db.session.get(Plan, plan_id)
        if plan is None or plan.status is not PlanStatus.WAITING:
            return None
        person = db.session.get(Person, plan.requested_by_id) if plan.requested_by_id else None
        diary = _Diary(plan_id)
        diary.enter(PlanProgress(PlanPhase.FACTS))
        result, state = _compute(actor_of(person) if person else system_actor(), plan, diary.enter_step)
        diary.enter_writing()

        def finish(now: datetime) -> None:
            found = db.session.get(Plan, plan_id)
            if found is not None and found.status is PlanStatus.WAITING:
                _keep(found, result, state, now)

        return finish

    def gave_up(plan_id: UUID, now: datetime, _error: str) -> None:
        plan = db.session.get(Plan, plan_id)
        if plan is not None and plan.status is PlanStatus.WAITING:
            apply_transition(PLAN, plan, "fail", actor=system_actor(), now=now, call_id=plan.call_id)

    return JobKind(name=PLAN_KIND, work=work, gave_up=gave_up)


def apply_plan(*, actor: Actor, plan: Plan, now: datetime) -> PlanResult:
    """Apply a plan as it was shown, as one step; reviewers with new entries are told soon after.

    Raises NotFound for a plan of somebody else, who saw other things, and Conflict when anything has changed since it
    was computed, or when the list of decisions is frozen.
    """
    call = plan.call
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    if plan.requested_by_id != actor.person_id:
        raise NotFound
    lock_call(call)
    require_reviewing(call)
    if planning_facts(actor=actor, call=call, without=plan.without).sha256 != plan.state_sha256:
        raise Conflict(_l("Something has changed since this plan was made. Please make a new plan."))
    result = PlanResult.from_json(plan.result)
    apply_transition(
        PLAN,
        plan,
        "apply",
        actor=actor,
        now=now,
        call_id=call.id,
        evidence={"applied_at": now},
        data={"added": listed(result.added), "removed": listed(result.removed)},
    )
    take_away(actor, call, result.removed, now)
    made = give(actor, call, result.added, now)
    tell_of_work_later({assignment.reviewer_id for assignment in made}, f"{plan.id}:applied", now)
    return result


def undo_plan(*, actor: Actor, plan: Plan, now: datetime) -> None:
    """Put back what the plan that was applied last has changed; what was changed by hand since stays.

    Raises Conflict once something of it was begun, when another plan was applied since, or when the list of decisions
    is frozen.
    """
    call = plan.call
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    require_reviewing(call)
    facts = planning_facts(actor=actor, call=call)
    result = PlanResult.from_json(plan.result)
    if any(pair.entry_id in facts.hidden for pair in result.added | result.removed):
        raise NotFound
    if last_applied(call) is not plan:
        raise Conflict(_l("Only the plan that was applied last can be undone."))
    if is_begun(plan):
        raise Conflict(_l("Some reviews of this plan have begun, so it cannot be undone. Make a new plan instead."))
    apply_transition(PLAN, plan, "undo", actor=actor, now=now, call_id=call.id, evidence={"undone_at": now})
    take_away(actor, call, result.added, now)
    back = _still_possible(facts, result.removed)
    made = give(actor, call, back, now)
    tell_of_work_later({assignment.reviewer_id for assignment in made}, f"{plan.id}:undone", now)


def accept_bridges(*, actor: Actor, plan: Plan, now: datetime) -> int:
    """Pin the pairs that a plan proposes so that reviewers bridge its languages; return how many.

    The next plan has them.
    """
    actor.require(P.ASSIGNMENT_PLAN, plan.call_id)
    lock_call(plan.call)
    facts = planning_facts(actor=actor, call=plan.call)
    known = {(rule.entry_id, rule.reviewer_id) for rule in db.session.scalars(select(PairRule))}
    proposed = [
        pair
        for pair in PlanResult.from_json(plan.result).bridges
        if pair not in facts.barred
        and pair.entry_id not in facts.hidden
        and (UUID(pair.entry_id), UUID(pair.reviewer_id)) not in known
    ]
    for pair in proposed:
        rule = PairRule(
            entry_id=UUID(pair.entry_id),
            reviewer_id=UUID(pair.reviewer_id),
            kind=PairRuleKind.PIN,
            set_by_id=actor.person_id,
            set_at=now,
        )
        db.session.add(rule)
        db.session.flush()
        data = {"entry": pair.entry_id, "reviewer": pair.reviewer_id}
        record(actor=actor, action="pair:pin", subject=rule, now=now, call_id=plan.call_id, data=data)
    return len(proposed)


def accept_anchors(*, actor: Actor, plan: Plan, now: datetime) -> int:
    """Let more people read the entries that a plan proposes; return how many. The next plan gives them out."""
    proposed = dict(PlanResult.from_json(plan.result).anchors)
    entries = db.session.scalars(
        select(Entry).where(Entry.call_id == plan.call_id, Entry.id.in_([UUID(each) for each in proposed]))
    ).all()
    for entry in sorted(entries, key=lambda each: each.application.reference or ""):
        set_readers(actor=actor, entry=entry, readers=proposed[str(entry.id)], now=now)
    return len(entries)


def _drop_unapplied(actor: Actor, call: Call, now: datetime) -> None:
    """Let go of plans of the same person that were never applied: only the newest is looked at."""
    dropped = db.session.scalars(
        select(Plan).where(Plan.call_id == call.id, Plan.requested_by_id == actor.person_id, Plan.applied_at.is_(None))
    )
    for plan in dropped:
        record(actor=actor, action="plan:drop", subject=plan, now=now, call_id=call.id, data={"number": plan.number})
        db.session.delete(plan)
    db.session.flush()


def _pairs_in(call: Call) -> int:
    counted = (
        select(func.count()).select_from(Entry).where(Entry.call_id == call.id).scalar_subquery(),
        select(func.count()).select_from(Reviewer).where(Reviewer.call_id == call.id).scalar_subquery(),
    )
    entries, reviewers = db.session.execute(select(*counted)).one()
    return int(entries) * int(reviewers)


class _Diary:
    """Writes down beside the work how far it is: each line commits alone, and one that finds no room is left out."""

    def __init__(self, plan_id: UUID) -> None:
        self._plan_id = plan_id
        self._last = PlanProgress(PlanPhase.FACTS)
        self._written_at = clock.now()

    def enter(self, progress: PlanProgress) -> None:
        """Write a line, and keep the work from being taken for dead."""
        self._last, self._written_at = progress, clock.now()
        note_aside(update(Plan).where(Plan.id == self._plan_id).values(progress=progress.to_json()))
        still_at_work(self._plan_id)

    def enter_step(self, step: Step) -> None:
        """Write what the solver says, where it is a new round or the last line is old."""
        is_new = self._last.phase is not PlanPhase.MATCHING or step.round != self._last.round
        if is_new or clock.now() - self._written_at >= TELL_AFTER:
            self.enter(PlanProgress(PlanPhase.MATCHING, step.round, step.steps, step.seats, step.seats_done))

    def enter_writing(self) -> None:
        """Write that the plan is found."""
        self.enter(replace(self._last, phase=PlanPhase.WRITING))


def _compute(actor: Actor, plan: Plan, told: Told = tell_nobody) -> tuple[PlanResult, str]:
    """Return the plan and the hash of what it was computed from."""
    facts = planning_facts(actor=actor, call=plan.call, without=plan.without)
    best = plan_assignment(
        facts.entries,
        facts.reviewers,
        barred=facts.barred,
        started=facts.started,
        pinned=facts.pinned,
        current=facts.current,
        is_fair=plan.is_fair,
        salt=plan.call.slug,
        told=told,
    )
    anchors = db.session.scalars(select(Anchor.entry_id).join(Anchor.entry).where(Entry.call_id == plan.call_id))
    result = plan_result(
        best,
        entries=[entry for entry in facts.entries if entry.id not in facts.hidden],
        reviewers=facts.reviewers,
        barred=facts.barred,
        started=facts.started,
        stored=facts.stored,
        present=facts.present,
        anchors=[str(entry_id) for entry_id in anchors],
        minutes=facts.minutes,
        hidden=facts.hidden,
    )
    return result, facts.sha256


def _keep(plan: Plan, result: PlanResult, state: str, now: datetime) -> None:
    plan.result, plan.state_sha256 = result.to_json(), state
    apply_transition(
        PLAN,
        plan,
        "compute",
        actor=system_actor(),
        now=now,
        call_id=plan.call_id,
        evidence={"ready_at": now},
        data={"added": len(result.added), "removed": len(result.removed)},
    )


def _still_possible(facts: PlanningFacts, pairs: Collection[Pair]) -> frozenset[Pair]:
    entries = {entry.id for entry in facts.entries}
    panel = {reviewer.id for reviewer in facts.reviewers if reviewer.max_load}
    taken = facts.started | facts.stored
    return frozenset(
        pair
        for pair in pairs
        if pair.entry_id in entries and pair.reviewer_id in panel and pair not in facts.barred and pair not in taken
    )
