"""Voting as a chair, stepping back from a row, and keeping an award that the chairs have not approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Call, ConflictSource
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import ChairVote, Slate, UnapprovedAward
from fundapp.review.queries.voting import RowVotes, chairs_vote, votes_of, whole_votes
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.voting_rules import Proposal, VoteChoice, vote_problems


@dataclass(frozen=True)
class Ballot:
    """A vote as it is handed in: on which entry, on what proposal, what, and why."""

    entry_id: UUID
    about: Proposal | None
    choice: VoteChoice
    reason: str


def give_votes(*, actor: Actor, call: Call, ballots: Sequence[Ballot], now: datetime) -> list[ChairVote]:
    """Vote as a chair, or vote again, on one or several rows; what was voted before stays in the kept versions.

    Either all votes are kept or none. Raises RuleViolations, with fields named by `field_of`, for a vote against
    without a reason and for a row whose outcome or amount is not what the page showed; Conflict where the chairs do not
    vote or the list was sent; NotFound for a row that the actor may not see; NotAllowed.
    """
    rows = _rows_to_vote_on(actor, call)
    problems = []
    for ballot in ballots:
        row = rows.get(ballot.entry_id)
        if row is None:
            raise NotFound
        problems += _ballot_problems(row, ballot)
    if problems:
        raise RuleViolations(problems)
    return [_give(actor, call, rows[ballot.entry_id], ballot, now) for ballot in ballots]


def field_of(entry_id: UUID, name: str) -> str:
    """Return the name of a field about one row, in a form about several."""
    return f"{entry_id}-{name}"


def step_back(*, actor: Actor, call: Call, entry_id: UUID, reason: str, now: datetime) -> None:
    """Declare a chair's own conflict of interest: the row is hidden from now on, and a vote on it counts no more.

    Raises NotFound for a row that the actor may not see, NotAllowed.
    """
    actor.require(P.DECISION_VOTE, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_VOTE)
    lock_call(call)
    row = votes_of(actor=actor, call=call).get(entry_id)
    if row is None:
        raise NotFound
    record_conflict(
        actor=actor,
        application=row.entry.application,
        person_id=actor.person_id,
        source=ConflictSource.DECLARED,
        reason=reason.strip(),
        now=now,
    )


def keep_unapproved(
    *, actor: Actor, call: Call, entry_id: UUID, about: Proposal | None, reason: str, now: datetime
) -> UnapprovedAward:
    """Keep an award on the list although the chairs have not approved it; it holds for this amount only.

    Raises RuleViolations without a reason, Conflict where there is nothing to keep, the award is another one than the
    page showed or the list was sent, NotFound for a row that the actor may not see, NotAllowed.
    """
    actor.require(P.DECISION_MAKE, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    lock_call(call)
    require_open_slate(call)
    row = votes_of(actor=actor, call=call).get(entry_id)
    if row is None:
        raise NotFound
    if row.proposal != about:
        raise Conflict(_l("Somebody else decided this entry meanwhile. Please look again."))
    if not row.is_unapproved_award:
        raise Conflict(_l("It needs no reason: it is no award, or the chairs approved it."))
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    kept = db.session.scalar(select(UnapprovedAward).where(UnapprovedAward.entry_id == entry_id))
    kept = kept or UnapprovedAward(entry_id=entry_id)
    db.session.add(kept)
    kept.amount_minor, kept.reason = row.decision.amount_minor, reason.strip()
    kept.given_by_id, kept.given_at = actor.person_id, now
    db.session.flush()
    data = {"entry": str(entry_id), "amount_minor": kept.amount_minor}
    record(actor=actor, action="unapproved:keep", subject=kept, now=now, call_id=call.id, data=data)
    return kept


def unapproved_problems(call: Call) -> list[Problem]:
    """Name the awards that keep the list from being sent: not approved by the chairs, and nobody said why they stay."""
    return [
        Problem(
            _l("The chairs have not approved this award. Wait for their votes, change it, or say why it stays."),
            place=row.entry.application.reference or "",
        )
        for row in whole_votes(call=call).values()
        if row.holds_up_the_list
    ]


def record_count(*, actor: Actor, slate: Slate, now: datetime) -> None:
    """Record what the votes on each row came to when the list was sent; nothing where the chairs do not vote."""
    rows = whole_votes(call=slate.call)
    if not rows:
        return
    counted = {
        str(row.entry.id): {
            "for": row.count.in_favour,
            "against": row.count.against,
            "abstained": row.count.abstained,
            "approved": row.count.is_approved,
        }
        for row in rows.values()
    }
    record(actor=actor, action="vote:count", subject=slate, now=now, call_id=slate.call_id, data={"votes": counted})


def _rows_to_vote_on(actor: Actor, call: Call) -> dict[UUID, RowVotes]:
    actor.require(P.DECISION_VOTE, call.id)
    lock_call(call)
    if not chairs_vote(call):
        raise Conflict(_l("The chairs of this call do not vote."))
    require_open_slate(call)
    return votes_of(actor=actor, call=call)


def _ballot_problems(row: RowVotes, ballot: Ballot) -> list[Problem]:
    place = row.entry.application.reference or ""
    if row.proposal != ballot.about:
        message = _l("What is proposed was changed meanwhile. Look again, and vote on what it is now.")
        return [Problem(message, place=place, field=field_of(ballot.entry_id, "choice"))]
    return [
        Problem(problem.message, place=place, field=field_of(ballot.entry_id, problem.field or "choice"))
        for problem in vote_problems(ballot.choice, ballot.reason)
    ]


def _give(actor: Actor, call: Call, row: RowVotes, ballot: Ballot, now: datetime) -> ChairVote:
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_VOTE)
    before = row.of(actor.person_id)
    vote = before.vote if before else ChairVote(entry_id=row.entry.id, person_id=actor.person_id)
    db.session.add(vote)
    vote.choice, vote.reason = ballot.choice, ballot.reason.strip()
    vote.outcome, vote.amount_minor = row.proposal.outcome, row.proposal.amount_minor
    vote.voted_at = now
    db.session.flush()
    record(
        actor=actor,
        action="vote:give",
        subject=vote,
        now=now,
        call_id=call.id,
        data={
            "entry": str(row.entry.id),
            "outcome": vote.choice.value,
            "about": vote.outcome,
            "amount_minor": vote.amount_minor,
        },
    )
    return vote
