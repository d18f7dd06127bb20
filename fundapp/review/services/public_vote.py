"""Set the terms of a public vote, leave groups of odd votes out of its count, and hold decisions against it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.applications.rules import Opening
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.keys import Part
from fundapp.core.sealing import current_keys
from fundapp.review.models import Ballot, Outcome, PublicVote, SetAsideVotes
from fundapp.review.queries.public_vote import odd_patterns
from fundapp.review.queries.ranking import category_code
from fundapp.review.queries.vote_count import decides, opening_of, vote_of, whole_result
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_open_slate, require_sight_of_all
from fundapp.review.vote_rules import VoteMode, terms_problems


def set_terms(
    *,
    actor: Actor,
    call: Call,
    category_code: str,
    mode: VoteMode,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
) -> PublicVote:
    """Say when the public votes, about which category ("" each of them), and whether that decides.

    Raises RuleViolations, NotAllowed, and Conflict once the vote has opened: what people vote under does not change.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    vote = vote_of(call)
    if vote is not None and opening_of(vote, now) is not Opening.NOT_YET:
        raise Conflict(_l("The vote has opened: its rules do not change any more."))
    problems = terms_problems(opens_at, closes_at, now)
    category = next((each for each in call.categories if each.code == category_code), None)
    if category_code and category is None:
        problems.append(Problem(_l("Choose one of the categories."), field="category"))
    if problems:
        raise RuleViolations(problems)
    if vote is None:
        vote = PublicVote(call_id=call.id, key_number=current_keys().newest(Part.INDEX))
        db.session.add(vote)
    vote.category_id = category.id if category else None
    vote.mode, vote.opens_at, vote.closes_at = mode, opens_at, closes_at
    vote.set_by_id, vote.set_at = _person(actor), now
    db.session.flush()
    record(actor=actor, action="public-vote:set", subject=vote, now=now, call_id=call.id, data={"mode": mode.value})
    return vote


def set_aside(*, actor: Actor, call: Call, pattern_id: str, reason: str, now: datetime) -> SetAsideVotes:
    """Leave a group of odd votes out of the count, with the reason; both counts stay to be read.

    Raises NotFound for a group that is not there (any more), RuleViolations without a reason, NotAllowed for somebody
    in conflict with anything that is decided, and Conflict once the list of decisions was sent.
    """
    vote = _changeable(actor, call)
    pattern = next((each for each in odd_patterns(actor=actor, vote=vote, now=now) if each.id == pattern_id), None)
    if pattern is None:
        raise NotFound
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    group = SetAsideVotes(
        vote_id=vote.id,
        kind=pattern.kind,
        ballots=len(pattern.casts),
        reason=reason.strip(),
        set_by_id=_person(actor),
        set_at=now,
    )
    db.session.add(group)
    db.session.flush()
    data = {"kind": pattern.kind.value, "ballots": group.ballots}
    record(actor=actor, action="ballots:set_aside", subject=vote, now=now, call_id=call.id, data=data)
    in_group = Ballot.id.in_([UUID(cast.id) for cast in pattern.casts])
    for ballot in db.session.scalars(select(Ballot).where(in_group)):
        ballot.set_aside_id = group.id
    db.session.flush()
    return group


def count_again(*, actor: Actor, call: Call, group_id: UUID, now: datetime) -> None:
    """Let a group count again that was left out; that it was stays on record. Raises as `set_aside` does."""
    vote = _changeable(actor, call)
    group = db.session.get(SetAsideVotes, group_id, populate_existing=True)
    if group is None or group.vote_id != vote.id or group.ended_at is not None:
        raise NotFound
    group.ended_by_id, group.ended_at = _person(actor), now
    data = {"kind": group.kind.value, "ballots": group.ballots}
    record(actor=actor, action="ballots:count_again", subject=vote, now=now, call_id=call.id, data=data)
    db.session.flush()


def vote_problems(*, call: Call, entry: Entry, outcome: Outcome, reason: str, now: datetime) -> list[Problem]:
    """Say what a vote that was announced to decide has against a decision on an entry.

    Before it has closed nothing is decided of its category. After that, whoever does otherwise than the votes says why;
    between those who tie, people decide.
    """
    vote = vote_of(call)
    if vote is None or not decides(vote, entry):
        return []
    if opening_of(vote, now) is not Opening.CLOSED:
        return [Problem(_l("The public votes on this category. Decide when the vote has closed."), field="outcome")]
    results = whole_result(vote=vote, now=now)
    found = next((each for each in results if each.code == category_code(entry)), None)
    if found is None or not found.chosen or reason.strip():
        return []
    if outcome is Outcome.AWARD and entry.id not in found.chosen:
        return [Problem(_l("The public vote chose otherwise. Say why this is right."), field="reason")]
    if outcome is not Outcome.AWARD and entry.id in found.won:
        return [Problem(_l("The public vote chose this entry. Say why it gets no award."), field="reason")]
    return []


def _changeable(actor: Actor, call: Call) -> PublicVote:
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)
    vote = vote_of(call)
    if vote is None:
        raise NotFound
    return vote


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    return actor.person_id
