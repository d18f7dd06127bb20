"""A public vote: where it stands, what nobody reads before it has closed, and what looks odd in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp.accounts.permissions import Actor
from fundapp.accounts.secrets import token_hash
from fundapp.applications.models import Call, Category, Entry
from fundapp.applications.rules import Opening, opening
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Ballot, Finalist, PublicVote, SetAsideVotes, Slate, SlateStatus, VoteRequest
from fundapp.review.queries.finalists import ShownFinalist, call_with_finalists, category_code, shown_finalists
from fundapp.review.vote_rules import Cast, Pattern, VoteMode, chosen_by_votes, patterns


@dataclass(frozen=True)
class Counted:
    """The votes of one finalist: those that count, and all that were confirmed."""

    finalist: Finalist
    counted: int
    confirmed: int


@dataclass(frozen=True)
class CategoryResult:
    """The votes on a category, most first; `chosen` are the entries that the votes choose."""

    code: str
    category: Category | None
    rows: Sequence[Counted]
    chosen: frozenset[UUID]
    places: int

    @property
    def is_tied(self) -> bool:
        """Say whether the votes leave more than can win, so that people decide between them."""
        return len(self.chosen) > self.places


def vote_of(call: Call) -> PublicVote | None:
    """Return the public vote of a call, or None."""
    return db.session.scalar(
        select(PublicVote)
        .where(PublicVote.call_id == call.id)
        .options(joinedload(PublicVote.category))
        .execution_options(populate_existing=True)
    )


def vote_by_id(vote_id: UUID) -> PublicVote:
    """Return a public vote by its id."""
    return db.session.get_one(PublicVote, vote_id)


def opening_of(vote: PublicVote, now: datetime) -> Opening:
    """Return whether a vote has not begun, is open or has closed at an instant."""
    return opening(opens_at=vote.opens_at, closes_at=vote.closes_at, now=now)


def announced_vote(slug: str) -> PublicVote:
    """Return the public vote of a call whose finalists are announced. Raises NotFound."""
    vote = vote_of(call_with_finalists(slug))
    if vote is None:
        raise NotFound
    return vote


def on_the_ballot(vote: PublicVote) -> list[ShownFinalist]:
    """Return for whom people can vote, by category and name: those finalists of whom everybody may read."""
    shown = shown_finalists(call=vote.call)
    return [each for each in shown if vote.category_id is None or each.entry.category_id == vote.category_id]


def request_by_token(token: str) -> VoteRequest:
    """Return the vote that waits for the click on a link. Raises NotFound once it was used, and for no such link."""
    found = db.session.scalar(
        select(VoteRequest).where(VoteRequest.token_hash == token_hash(token)).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def confirmed_ballots(*, actor: Actor, vote: PublicVote) -> int:
    """Return how many votes were confirmed, for finalists that the actor may see: all that is told of an open vote."""
    return db.session.scalars(
        select(func.count(Ballot.id))
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(Ballot.vote_id == vote.id, visible_to(actor))
    ).one()


def result(*, actor: Actor, vote: PublicVote, now: datetime) -> list[CategoryResult]:
    """Return the votes by category, over what the actor may see. Raises NotFound while the vote has not closed."""
    return _result(vote, visible_to(actor), now)


def whole_result(*, vote: PublicVote, now: datetime) -> list[CategoryResult]:
    """Return the votes for rules about the whole list, never to be shown to staff. Raises NotFound before it closed."""
    return _result(vote, true(), now)


def public_result(*, vote: PublicVote, now: datetime) -> Mapping[UUID, int]:
    """Return the votes that count, by finalist, as everybody reads them: of those who are shown, after the release."""
    released = select(Slate.id).where(Slate.call_id == vote.call_id, Slate.status == SlateStatus.RELEASED).limit(1)
    if opening_of(vote, now) is not Opening.CLOSED or db.session.scalar(released) is None:
        return {}
    shown = {each.finalist.id for each in on_the_ballot(vote)}
    rows = [row for each in whole_result(vote=vote, now=now) for row in each.rows]
    return {row.finalist.id: row.counted for row in rows if row.finalist.id in shown}


def odd_patterns(*, actor: Actor, vote: PublicVote, now: datetime) -> list[Pattern]:
    """Return what looks odd among the votes that count. Raises NotFound while the vote has not closed."""
    if opening_of(vote, now) is not Opening.CLOSED:
        raise NotFound
    ballots = db.session.scalars(
        select(Ballot)
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(Ballot.vote_id == vote.id, _counts(), visible_to(actor))
        .order_by(Ballot.confirmed_at, Ballot.id)
    )
    return patterns([_cast(each) for each in ballots])


def set_aside_groups(*, actor: Actor, vote: PublicVote) -> list[tuple[SetAsideVotes, int]]:
    """Return the groups of votes that were left out of the count, also those that count again, the first one first.

    Each with how many of its votes the actor may know of; a group without any is left out.
    """
    rows = db.session.execute(
        select(SetAsideVotes, func.count(Ballot.id))
        .join(Ballot, Ballot.set_aside_id == SetAsideVotes.id)
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(SetAsideVotes.vote_id == vote.id, visible_to(actor))
        .group_by(SetAsideVotes.id)
        .options(selectinload(SetAsideVotes.set_by))
        .order_by(SetAsideVotes.set_at, SetAsideVotes.id)
    ).all()
    return [(group, number) for group, number in rows]


def decides(vote: PublicVote | None, entry: Entry) -> bool:
    """Say whether a vote was announced to decide about the category of an entry."""
    if vote is None or vote.mode is not VoteMode.DECIDING:
        return False
    return vote.category_id is None or vote.category_id == entry.category_id


def _result(vote: PublicVote, visible: ColumnElement[bool], now: datetime) -> list[CategoryResult]:
    if opening_of(vote, now) is not Opening.CLOSED:
        raise NotFound
    finalists = select(Finalist).join(Finalist.entry).join(Entry.application).outerjoin(Entry.category)
    if vote.category_id is not None:
        finalists = finalists.where(Entry.category_id == vote.category_id)
    rows = db.session.scalars(
        finalists.where(Finalist.call_id == vote.call_id, visible)
        .options(
            contains_eager(Finalist.entry).contains_eager(Entry.application),
            contains_eager(Finalist.entry).contains_eager(Entry.category),
        )
        .order_by(Category.position, Finalist.id)
    ).all()
    confirmed, counted = _votes(vote, true()), _votes(vote, _counts())
    groups: dict[str, list[Counted]] = {}
    for each in rows:
        row = Counted(each, counted[each.id], confirmed[each.id])
        groups.setdefault(category_code(each.entry), []).append(row)
    return [_category_result(code, group) for code, group in groups.items()]


def _category_result(code: str, group: list[Counted]) -> CategoryResult:
    category = group[0].finalist.entry.category
    places = (category.awards if category else None) or 1
    votes = {
        str(row.finalist.entry_id): row.counted for row in group if row.finalist.entry.application.goes_to_reviewers
    }
    chosen = frozenset(UUID(each) for each in chosen_by_votes(votes, places))
    ordered = sorted(group, key=lambda row: (-row.counted, row.finalist.entry.application.reference or ""))
    return CategoryResult(code, category, ordered, chosen, places)


def _votes(vote: PublicVote, which: ColumnElement[bool]) -> Counter[UUID]:
    rows = db.session.execute(
        select(Ballot.finalist_id, func.count()).where(Ballot.vote_id == vote.id, which).group_by(Ballot.finalist_id)
    ).all()
    return Counter({row[0]: row[1] for row in rows})


def _counts() -> ColumnElement[bool]:
    """Return the condition that a Ballot is in the count: in no group that is left out of it."""
    left_out = select(SetAsideVotes.id).where(SetAsideVotes.ended_at.is_(None))
    return or_(Ballot.set_aside_id.is_(None), Ballot.set_aside_id.not_in(left_out))


def _cast(ballot: Ballot) -> Cast:
    return Cast(
        id=str(ballot.id),
        finalist=str(ballot.finalist_id),
        minute=ballot.confirmed_at,
        network=ballot.network_key or "",
        domain=ballot.domain_key or "",
        shape=ballot.shape_key or "",
        is_throwaway=ballot.is_throwaway,
    )
