"""What still has to be done in the review of calls, in numbers over what somebody may see: for many calls at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, case, func, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call, Entry, ReviewPhase, Stage
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.review.models import (
    Anchor,
    Assignment,
    AssignmentStatus,
    ChairVote,
    Decision,
    PoolDraw,
    PoolLot,
    PoolPlace,
    PublicVote,
    Reviewer,
    ReviewerStatus,
    SelectionTerms,
    Slate,
    SlateStatus,
)
from fundapp.review.queries.active import in_its_stage, is_active
from fundapp.review.voting_rules import Proposal

TO_COME = (AssignmentStatus.ASSIGNED, AssignmentStatus.READING)


@dataclass(frozen=True)
class Work:
    """What a call's review still needs; `draw` is that of its pools, None where there is none."""

    slate: SlateStatus = SlateStatus.OPEN
    entries: int = 0
    """Eligible ones."""
    missing: int = 0
    """Readings that nobody has yet."""
    to_come: int = 0
    """Reviews that somebody has and did not give."""
    unanswered: int = 0
    """Invitations to read."""
    decided: int = 0
    to_vote: int = 0
    """Decided entries on which the actor has no vote that counts, where the chairs vote."""
    draw: PoolDraw | None = None
    unplaced: int = 0
    """Eligible applications in none of the pools that were drawn."""

    @property
    def undecided(self) -> int:
        """Return how many eligible entries wait for a decision."""
        return self.entries - self.decided


def work_of(*, actor: Actor, calls: Sequence[Call]) -> Mapping[UUID, Work]:
    """Return what the review of each call still needs."""
    ids = [call.id for call in calls]
    slates = statuses_of_lists(ids)
    draws = _draws([call.id for call in calls if call.is_impartial])
    unplaced = _unplaced(actor, draws)
    entries = _entries(actor, ids)
    decided = _decided(actor, ids)
    to_vote = _to_vote(actor, ids)
    unanswered = _unanswered(ids)
    found = {}
    for each in ids:
        number, missing, to_come = entries.get(each, (0, 0, 0))
        found[each] = Work(
            slate=slates.get(each, SlateStatus.OPEN),
            entries=number,
            missing=missing,
            to_come=to_come,
            unanswered=unanswered.get(each, 0),
            decided=decided.get(each, 0),
            to_vote=to_vote.get(each, 0),
            draw=draws.get(each),
            unplaced=unplaced.get(each, 0),
        )
    return found


def statuses_of_lists(call_ids: Collection[UUID]) -> dict[UUID, SlateStatus]:
    """Return where the lists of decisions stand, by call; a call without one is missing."""
    rows = db.session.execute(
        select(Slate.call_id, Slate.status).where(Slate.call_id.in_(call_ids)).order_by(Slate.number)
    )
    return dict(rows.all())  # the last of each call


def phases_of(call_ids: Collection[UUID]) -> dict[UUID, list[ReviewPhase]]:
    """Return the phases of calls in order of time, by call."""
    found: dict[UUID, list[ReviewPhase]] = {}
    phases = select(ReviewPhase).where(ReviewPhase.call_id.in_(call_ids)).order_by(ReviewPhase.starts_at)
    for phase in db.session.scalars(phases):
        found.setdefault(phase.call_id, []).append(phase)
    return found


def public_votes_of(call_ids: Collection[UUID]) -> dict[UUID, PublicVote]:
    """Return the votes of the public, by call."""
    votes = db.session.scalars(select(PublicVote).where(PublicVote.call_id.in_(call_ids)))
    return {vote.call_id: vote for vote in votes}


def decided_minor(*, actor: Actor, call_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return what the decisions of calls give, in minor units of each call's currency, as far as the actor may see."""
    rows = db.session.execute(
        select(Slate.call_id, func.sum(Decision.amount_minor))
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .where(Slate.call_id.in_(call_ids), visible_to(actor))
        .group_by(Slate.call_id)
    )
    return {call_id: int(amount) for call_id, amount in rows}


def _entries(actor: Actor, call_ids: Collection[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Return how many eligible entries calls have, how many readings they miss, and how many are to come."""
    given = (
        select(
            Assignment.entry_id.label("entry_id"),
            func.count().label("given"),
            func.sum(case((Assignment.status.in_(TO_COME), 1), else_=0)).label("to_come"),
        )
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(Entry.call_id.in_(call_ids), in_its_stage(), is_active(), visible_to(actor))
        .group_by(Assignment.entry_id)
        .subquery()
    )
    missing = func.coalesce(Anchor.readers, Stage.reviews_per_entry) - func.coalesce(given.c.given, 0)
    rows = db.session.execute(
        select(
            Entry.call_id,
            func.count(),
            func.sum(case((missing > 0, missing), else_=0)),
            func.sum(func.coalesce(given.c.to_come, 0)),
        )
        .join(Entry.application)
        .join(Entry.stage)
        .outerjoin(Anchor, Anchor.entry_id == Entry.id)
        .outerjoin(given, given.c.entry_id == Entry.id)
        .where(Entry.call_id.in_(call_ids), goes_to_reviewers(), visible_to(actor))
        .group_by(Entry.call_id)
    )
    return {call_id: (number, int(lacks), int(to_come)) for call_id, number, lacks, to_come in rows}


def _decided(actor: Actor, call_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = db.session.execute(
        select(Entry.call_id, func.count(Decision.id))
        .join(Decision.entry)
        .join(Entry.application)
        .where(Entry.call_id.in_(call_ids), goes_to_reviewers(), visible_to(actor))
        .group_by(Entry.call_id)
    )
    return dict(rows.all())


def _to_vote(actor: Actor, call_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return on how many rows the actor, if they are a chair, has not voted as they are proposed now."""
    rows = db.session.execute(
        select(Entry.call_id, Decision, ChairVote)
        .join(Decision.entry)
        .join(Entry.application)
        .join(SelectionTerms, SelectionTerms.call_id == Entry.call_id)
        .outerjoin(ChairVote, and_(ChairVote.entry_id == Entry.id, ChairVote.person_id == actor.person_id))
        .where(Entry.call_id.in_(call_ids), SelectionTerms.chairs_vote, goes_to_reviewers(), visible_to(actor))
    )
    found: dict[UUID, int] = {}
    for call_id, decision, vote in rows:
        if vote is None or vote.about != Proposal(decision.outcome.value, decision.amount_minor):
            found[call_id] = found.get(call_id, 0) + 1
    return found


def _unanswered(call_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = db.session.execute(
        select(Reviewer.call_id, func.count())
        .where(Reviewer.call_id.in_(call_ids), Reviewer.status == ReviewerStatus.INVITED)
        .group_by(Reviewer.call_id)
    )
    return dict(rows.all())


def _draws(call_ids: Collection[UUID]) -> dict[UUID, PoolDraw]:
    """Return the draws that count, by call."""
    rows = db.session.scalars(select(PoolDraw).where(PoolDraw.call_id.in_(call_ids)).order_by(PoolDraw.number))
    return {draw.call_id: draw for draw in rows}


def _unplaced(actor: Actor, draws: Mapping[UUID, PoolDraw]) -> dict[UUID, int]:
    drawn = {call_id: draw.id for call_id, draw in draws.items() if draw.drawn_at is not None}
    placed = (
        select(PoolPlace.application_id)
        .join(PoolPlace.lot)
        .where(PoolPlace.draw_id.in_(drawn.values()), PoolLot.pool.is_not(None))
    )
    rows = db.session.execute(
        select(Application.call_id, func.count())
        .where(
            Application.call_id.in_(list(drawn)),
            goes_to_reviewers(),
            visible_to(actor),
            Application.id.not_in(placed),
        )
        .group_by(Application.call_id)
    )
    return dict(rows.all())
