"""Who reads what, one pair at a time: give, take back, keep together, keep apart, let more people read an entry."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.assignment import Bar, Pair
from fundapp.review.bar_words import BAR_PROBLEMS
from fundapp.review.models import Anchor, Assignment, AssignmentStatus, PairRule, PairRuleKind, Reviewer
from fundapp.review.news_rules import News
from fundapp.review.queries.planning import PlanningFacts, planning_facts
from fundapp.review.services.calls import lock_call, require_reviewing
from fundapp.review.services.news import tell_reviewer

MAX_READERS: Final = 50
"""Of one entry."""


def assign_by_hand(
    *, actor: Actor, call: Call, pairs: Collection[tuple[Entry, Reviewer]], now: datetime
) -> list[Assignment]:
    """Give entries to reviewers as somebody says, and return the new assignments; what they have already is left.

    Reviewers with new entries get one mail each. Raises RuleViolations naming every pair that cannot be (a conflict of
    interest, an application that is not eligible, another call); then nothing is assigned. Raises NotFound for an entry
    that the actor may not see, and Conflict when the list of decisions is frozen.
    """
    facts = _facts_to_change(actor, call)
    if problems := [problem for entry, reviewer in pairs if (problem := pair_problem(facts, entry, reviewer))]:
        raise RuleViolations(problems)
    wanted = {pair_of(entry, reviewer) for entry, reviewer in pairs}
    added = frozenset(wanted - facts.started - facts.current)
    made = give(actor, call, added, now)
    record(
        actor=actor, action="assignment:by_hand", subject=call, now=now, call_id=call.id, data={"added": listed(added)}
    )
    tell_of_work({assignment.reviewer_id for assignment in made}, now)
    return made


def take_by_hand(*, actor: Actor, entry: Entry, reviewer: Reviewer, now: datetime) -> None:
    """Take an entry back from a reviewer who did not begin with it.

    Raises Conflict where they did, or where they do not have it, or when the list of decisions is frozen.
    """
    call = entry.application.call
    facts = _facts_to_change(actor, call)
    _require_seen(facts, entry)
    pair = pair_of(entry, reviewer)
    if pair in facts.started:
        raise Conflict(_l("This review has begun. It can only be taken back on the page of the reviewer."))
    if pair not in facts.stored:
        raise Conflict(_l("This reviewer does not have this application any more."))
    take_away(actor, call, {pair}, now)


def rule_pair(*, actor: Actor, entry: Entry, reviewer: Reviewer, kind: PairRuleKind | None, now: datetime) -> None:
    """Lay down that every plan keeps two together, or apart; None lifts what was laid down. It changes no assignment.

    Raises RuleViolations for two who are to be together and cannot be.
    """
    call = entry.application.call
    facts = _facts_to_change(actor, call)
    _require_seen(facts, entry)
    found = db.session.scalar(
        select(PairRule).where(PairRule.entry_id == entry.id, PairRule.reviewer_id == reviewer.id)
    )
    if kind is PairRuleKind.PIN:
        problem = pair_problem(facts, entry, reviewer, lifted=found is not None)
        if problem:
            raise RuleViolations([problem])
    if found is None:
        if kind is None:
            return
        found = PairRule(entry_id=entry.id, reviewer_id=reviewer.id, kind=kind, set_at=now)
        db.session.add(found)
    elif kind is None:
        _record_pair("pair:lift", actor, call, found, now)
        db.session.delete(found)
        db.session.flush()
        return
    found.kind = kind
    found.set_by_id, found.set_at = actor.person_id, now
    db.session.flush()
    _record_pair(f"pair:{kind.value}", actor, call, found, now)


def set_readers(*, actor: Actor, entry: Entry, readers: int | None, now: datetime) -> None:
    """Let more people read an entry than others (an anchor); None: as many as any other. The next plan follows it.

    Raises RuleViolations (field readers) for a number that no plan could mean.
    """
    call = entry.application.call
    facts = _facts_to_change(actor, call)
    _require_seen(facts, entry)
    anchor = db.session.scalar(select(Anchor).where(Anchor.entry_id == entry.id))
    if readers is None:
        if anchor is not None:
            record(actor=actor, action="anchor:lift", subject=anchor, now=now, call_id=call.id)
            db.session.delete(anchor)
            db.session.flush()
        return
    if not 1 <= readers <= MAX_READERS:
        message = _l("Enter a number from 1 to %(most)s.", most=MAX_READERS)
        raise RuleViolations([Problem(message, field="readers")])
    if anchor is None:
        anchor = Anchor(entry_id=entry.id)
        db.session.add(anchor)
    anchor.readers, anchor.set_by_id, anchor.set_at = readers, actor.person_id, now
    db.session.flush()
    data = {"entry": str(entry.id), "readers": readers}
    record(actor=actor, action="anchor:set", subject=anchor, now=now, call_id=call.id, data=data)


def pair_of(entry: Entry, reviewer: Reviewer) -> Pair:
    """Return the ids of two."""
    return Pair(str(entry.id), str(reviewer.id))


def pair_problem(facts: PlanningFacts, entry: Entry, reviewer: Reviewer, *, lifted: bool = False) -> Problem | None:
    """Say why two cannot be put together; with `lifted` as if nothing were laid down about them.

    Raises NotFound for an entry that the planner may not see.
    """
    _require_seen(facts, entry)
    pair = pair_of(entry, reviewer)
    place = f"{entry.application.reference or ''}, {reviewer.person.name or reviewer.person.email}"
    bar = facts.barred.get(pair)
    if pair.entry_id not in {each.id for each in facts.entries}:
        return Problem(_l("This is no eligible entry of this call."), place=place)
    if pair.reviewer_id not in {each.id for each in facts.reviewers}:
        return Problem(_l("This person is no reviewer of this call."), place=place)
    if bar is not None and not (lifted and bar is Bar.FORBIDDEN):
        return Problem(BAR_PROBLEMS[bar], place=place)
    return None


def give(actor: Actor, call: Call, pairs: Collection[Pair], now: datetime) -> list[Assignment]:
    """Write the assignments, each with its entry in the record."""
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


def take_away(actor: Actor, call: Call, pairs: Collection[Pair], now: datetime) -> None:
    """Delete what was given and not begun, each with its entry in the record."""
    unread = db.session.scalars(
        select(Assignment)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .where(
            Reviewer.call_id == call.id,
            Assignment.status == AssignmentStatus.ASSIGNED,
            Assignment.stage_id == Entry.stage_id,
        )
        .options(joinedload(Assignment.review))  # there is none, and each deletion would look for it
        .order_by(Assignment.entry_id, Assignment.reviewer_id)
    )
    for assignment in unread:
        if Pair(str(assignment.entry_id), str(assignment.reviewer_id)) in pairs:
            _record_pair("assignment:take", actor, call, assignment, now)
            db.session.delete(assignment)
    db.session.flush()


def tell_of_work(reviewer_ids: Collection[UUID], now: datetime) -> None:
    """Tell reviewers that there is something new to read."""
    people = db.session.scalars(
        select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.id.in_(reviewer_ids))
    )
    for person in sorted(people, key=lambda each: each.sort_key):
        tell_reviewer(person, News.WORK, now=now)


def listed(pairs: Collection[Pair]) -> list[list[str]]:
    """Return pairs as the record keeps them."""
    return [list(pair) for pair in sorted(pairs)]


def _facts_to_change(actor: Actor, call: Call) -> PlanningFacts:
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    require_reviewing(call)
    return planning_facts(actor=actor, call=call)


def _require_seen(facts: PlanningFacts, entry: Entry) -> None:
    if str(entry.id) in facts.hidden:
        raise NotFound


def _record_pair(action: str, actor: Actor, call: Call, subject: Assignment | PairRule, now: datetime) -> None:
    pair = {"entry": str(subject.entry_id), "reviewer": str(subject.reviewer_id)}
    record(actor=actor, action=action, subject=subject, now=now, call_id=call.id, data=pair)
