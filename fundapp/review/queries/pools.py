"""The pools of a call: which were drawn, who stands on which side, what each gives, who did what was asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager, joinedload

from fundapp.accounts.models import Membership, MembershipRole, Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.links import Way
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.queries.conflicts import People, causes, pairs_in_conflict
from fundapp.applications.rules import UndoneReviews
from fundapp.applications.scope import goes_to_reviewers, of_own_organisation, visible_to
from fundapp.core.db import db
from fundapp.review.assignment import Pair
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    Duty,
    PoolDraw,
    PoolLot,
    PoolPlace,
    PoolShare,
    Reviewer,
    ReviewerStatus,
)
from fundapp.review.pools import PoolName
from fundapp.review.queries.active import is_active
from fundapp.review.tally import ScoreRow

NOT_DRAWN: Final = "-"
"""Stands for the pool of an entry that is in none."""
BELONGING: Final = frozenset({Way.OWN, Way.MEMBER, Way.ORGANISATION, Way.COLLEAGUE})
"""Who is tied in one of these ways to an organisation that applies is one of its people."""


@dataclass(frozen=True)
class Pools:
    """The pools of a call as the selection needs them: by application, what they give, and what became of duties."""

    draw: PoolDraw | None
    of_application: Mapping[UUID, PoolName]
    shares: Mapping[tuple[UUID | None, PoolName], PoolShare]
    undone: frozenset[UUID]
    """Applications whose people did not do what was asked of them, once the scores were opened."""

    @property
    def are_open(self) -> bool:
        """Return whether those who decide see the scores."""
        return self.draw is not None and self.draw.opened_at is not None


@dataclass(frozen=True)
class DutyRow:
    """How the people of an application stand to the reviews that were asked of them."""

    place: PoolPlace
    asked: int
    """How many of its people were asked to review."""
    unanswered: int
    """How many of those did not accept, or declined."""
    given: int
    """How many reviews they were given that count."""
    done: int

    @property
    def outcome(self) -> Duty:
        """Return how it counts: what nobody could do, and what is excused, is not held against anybody."""
        if not self.unanswered and self.done == self.given:
            return Duty.DONE if self.given else Duty.NONE
        return Duty.EXCUSED if self.place.excused_at else Duty.UNDONE


def current_draw(call: Call) -> PoolDraw | None:
    """Return the draw that counts: the last one, or None before the list was fixed."""
    return db.session.scalar(
        select(PoolDraw).where(PoolDraw.call_id == call.id).order_by(PoolDraw.number.desc()).limit(1)
    )


def draws(call: Call) -> list[PoolDraw]:
    """Return all draws of a call, those that were replaced among them, the first one first."""
    return list(db.session.scalars(select(PoolDraw).where(PoolDraw.call_id == call.id).order_by(PoolDraw.number)))


def pools_of(call: Call) -> Pools:
    """Return the pools of an impartial call, as far as they are drawn."""
    draw = current_draw(call)
    if draw is None or draw.drawn_at is None:
        return Pools(draw, {}, {}, frozenset())
    placed = db.session.execute(
        select(PoolPlace.application_id, PoolLot.pool, PoolPlace.duty)
        .join(PoolPlace.lot)
        .where(PoolPlace.draw_id == draw.id, PoolLot.pool.is_not(None))
    ).all()
    given = db.session.scalars(select(PoolShare).where(PoolShare.draw_id == draw.id))
    return Pools(
        draw=draw,
        of_application={application_id: pool for application_id, pool, _duty in placed if pool is not None},
        shares={(share.category_id, share.pool): share for share in given},
        undone=frozenset(application_id for application_id, _pool, duty in placed if duty is Duty.UNDONE),
    )


def scores_are_opened(call: Call) -> bool:
    """Say whether the scores of an impartial call were opened, read afresh; in other calls nothing opens them."""
    return bool(
        db.session.scalar(
            select(PoolDraw.id).where(PoolDraw.call_id == call.id, PoolDraw.opened_at.is_not(None)).limit(1)
        )
    )


def scores_are_closed(call: Call) -> bool:
    """Say whether nobody who runs the call may know yet what was said: applicants review each other still."""
    return call.is_impartial and not scores_are_opened(call)


def consequence(call: Call, pools: Pools) -> Mapping[UUID, UndoneReviews]:
    """Return the applications that bear what the call announced for reviews that were not done."""
    if call.undone_reviews is UndoneReviews.NOTHING:
        return {}
    return dict.fromkeys(pools.undone, call.undone_reviews)


def lot_ties(call: Call) -> list[tuple[str, UUID]]:
    """Return which applicants are tied to which eligible applications: each ties all of theirs into one lot.

    Applicants are the people of the organisations that apply; what counts for them is every conflict of interest.
    """
    applicants = _applicants(call, select(Person.id))
    everybody = pairs_in_conflict(call=call, people=select(Person.id))
    return sorted((str(application_id), person) for application_id, person in everybody if person in applicants)


def pool_bars(call: Call) -> frozenset[Pair]:
    """Return which entries of an impartial call cannot be read by which of its reviewers, as ids of both.

    People of an organisation that applies read only the other pool, and nothing before the draw. Somebody who is tied
    to both pools, which a later fact can make them, reads nothing. Whoever does not apply reads anything.
    """
    if not call.is_impartial:
        return frozenset()
    pools = pools_of(call).of_application
    people = select(Reviewer.person_id).where(Reviewer.call_id == call.id)
    applicants = _applicants(call, people)
    sides: dict[UUID, set[PoolName | None]] = {}
    for application_id, person in _tied(call, people):
        if person in applicants:
            sides.setdefault(person, set()).add(pools.get(application_id))
    reviewers = [
        (reviewer_id, sides[person])
        for reviewer_id, person in db.session.execute(
            select(Reviewer.id, Reviewer.person_id).where(Reviewer.call_id == call.id)
        )
        if person in sides
    ]
    entries = db.session.execute(
        select(Entry.id, Entry.application_id).join(Entry.application).where(Entry.call_id == call.id)
    ).all()
    return frozenset(
        Pair(str(entry_id), str(reviewer_id))
        for entry_id, application_id in entries
        for reviewer_id, own in reviewers
        if not pools or pools.get(application_id) in {*own, None}
    )


def duties(*, actor: Actor, draw: PoolDraw) -> list[DutyRow]:
    """Return how the people of each placed application stand to their reviews, for those who run the call."""
    return _duties(draw, visible_to(actor))


def own_duties(*, actor: Actor, draw: PoolDraw) -> list[DutyRow]:
    """Return how the actor's own applications stand."""
    return _duties(draw, of_own_organisation(actor))


def _duties(draw: PoolDraw, seen: ColumnElement[bool]) -> list[DutyRow]:
    """Return the duties of applications by reference.

    Held against nobody: reviews that were recused, taken back or in conflict, applications that are no longer read,
    and an invitation that the fund itself took back. Nothing is asked of the people of a protected application: what
    became of it would tell whoever knows the list of reviewers who they are.
    """
    places = list(
        db.session.scalars(
            select(PoolPlace)
            .join(PoolPlace.application)
            .join(PoolPlace.lot)
            .where(PoolPlace.draw_id == draw.id, seen)
            .options(contains_eager(PoolPlace.application), contains_eager(PoolPlace.lot))
            .order_by(Application.reference)
        )
    )
    people: dict[UUID, set[UUID]] = {place.application_id: {place.application.person_id} for place in places}
    for application_id, person_id in db.session.execute(
        select(PoolPlace.application_id, Membership.person_id)
        .join(PoolPlace.application)
        .join(Membership, Membership.organisation_id == Application.organisation_id)
        .where(PoolPlace.draw_id == draw.id, Membership.role != MembershipRole.AFFILIATE)
    ):
        if application_id in people:
            people[application_id].add(person_id)
    standing = dict(
        db.session.execute(
            select(Reviewer.person_id, Reviewer.status).where(
                Reviewer.call_id == draw.call_id, Reviewer.status != ReviewerStatus.REMOVED
            )
        ).all()
    )
    work = _work(draw.call)
    rows = []
    for place in places:
        asked = [] if place.application.is_protected else people[place.application_id] & standing.keys()
        counts = [work.get(person, (0, 0)) for person in asked]
        rows.append(
            DutyRow(
                place=place,
                asked=len(asked),
                unanswered=sum(standing[person] is not ReviewerStatus.ACCEPTED for person in asked),
                given=sum(given for given, _done in counts),
                done=sum(done for _given, done in counts),
            )
        )
    return rows


def counted(call: Call, rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Return the scores that count: all, or where applicants review each other those of the other pool, once opened.

    What somebody said of their own pool counts nowhere, whoever gave it to them.
    """
    if not call.is_impartial:
        return list(rows)
    barred = None if scores_are_closed(call) else pool_bars(call)
    return [row for row in rows if barred is not None and Pair(row.entry_id, row.reviewer_id) not in barred]


def unplaced(*, actor: Actor, call: Call, pools: Pools) -> list[str]:
    """Return the references of eligible applications that are in no pool, in order, over what the actor may see."""
    rows = db.session.execute(
        select(Application.id, Application.reference)
        .where(Application.call_id == call.id, goes_to_reviewers(), visible_to(actor))
        .order_by(Application.reference)
    )
    return [reference or "" for application_id, reference in rows if application_id not in pools.of_application]


def lots_by_reference(draw: PoolDraw) -> list[PoolPlace]:
    """Return the places of a draw with their lots, by reference: for those who check it, and for the lists of pools."""
    return list(
        db.session.scalars(
            select(PoolPlace)
            .join(PoolPlace.application)
            .where(PoolPlace.draw_id == draw.id)
            .options(contains_eager(PoolPlace.application), joinedload(PoolPlace.lot))
            .order_by(Application.reference)
        )
    )


def lots_as_text(draw: PoolDraw) -> str:
    """Return a draw as a file of plain lines that anybody can reckon again; references say where each one is."""
    lines = [
        f"fingerprint {draw.fingerprint}",
        f"value {draw.public_value or ''}",
        f"seed {draw.seed or ''}",
        *(f"lot {lot.stratum} {lot.label} {lot.pool or ''}".rstrip() for lot in sorted(draw.lots, key=_order)),
    ]
    if draw.drawn_at is not None:
        lines += [f"application {place.application.reference} {place.lot.pool}" for place in lots_by_reference(draw)]
    return "\n".join(lines) + "\n"


def _order(lot: PoolLot) -> tuple[int, str]:
    return lot.stratum, lot.label


def _work(call: Call) -> dict[UUID, tuple[int, int]]:
    """Return how many reviews each reviewer of the call was given that count, and how many of them they gave."""
    bars = pool_bars(call)
    work: dict[UUID, tuple[int, int]] = {}
    for person, reviewer_id, entry_id, status in db.session.execute(
        select(Reviewer.person_id, Assignment.reviewer_id, Assignment.entry_id, Assignment.status)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(Reviewer.call_id == call.id, is_active())
    ):
        if Pair(str(entry_id), str(reviewer_id)) not in bars:
            given, done = work.get(person, (0, 0))
            work[person] = (given + 1, done + (status is AssignmentStatus.REVIEWED))
    return work


def _applicants(call: Call, people: People) -> frozenset[UUID]:
    """Return which of these people belong to an organisation that has an eligible application."""
    found = causes(applications=_eligible(call), people=people)
    return frozenset(
        person
        for (_application_id, person), each in found.items()
        if any(cause.way in BELONGING and cause.party is None for cause in each)
    )


def _tied(call: Call, people: People) -> set[tuple[UUID, UUID]]:
    """Return to which eligible applications facts tie these people; what a manager says is no conflict is none.

    A statement of their own hides one application from them and leaves the rest: somebody who says "I know them" keeps
    what they read besides.
    """
    facts = causes(applications=_eligible(call), people=people)
    return set(facts.keys() & pairs_in_conflict(call=call, people=people))


def _eligible(call: Call) -> ColumnElement[bool]:
    return (Application.call_id == call.id) & goes_to_reviewers()
