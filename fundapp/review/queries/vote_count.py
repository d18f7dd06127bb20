"""The count of a public vote, which nobody reads before it has closed, and what one that decides makes of entries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, Category, Entry
from fundapp.applications.rules import Opening, opening
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Ballot, Finalist, PublicVote, SetAsideVotes
from fundapp.review.queries.ranking import category_code
from fundapp.review.rules import Choice
from fundapp.review.vote_rules import VoteMode, chosen_by_votes, won_by_votes


@dataclass(frozen=True)
class Counted:
    """The votes of one finalist: those that count, and all that were confirmed."""

    finalist: Finalist
    counted: int
    confirmed: int


@dataclass(frozen=True)
class CategoryResult:
    """The votes on a category, most first; `chosen` are the entries that the votes choose.

    `won` are those of them that no tie for the last place leaves to people.
    """

    code: str
    category: Category | None
    rows: Sequence[Counted]
    chosen: frozenset[UUID]
    won: frozenset[UUID]
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


def opening_of(vote: PublicVote, now: datetime) -> Opening:
    """Return whether a vote has not begun, is open or has closed at an instant."""
    return opening(opens_at=vote.opens_at, closes_at=vote.closes_at, now=now)


def result(*, actor: Actor, vote: PublicVote, now: datetime) -> list[CategoryResult]:
    """Return the votes by category, over what the actor may see. Raises NotFound while the vote has not closed."""
    return _result(vote, visible_to(actor), now)


def whole_result(*, vote: PublicVote, now: datetime) -> list[CategoryResult]:
    """Return the votes for rules about the whole list, never to be shown to staff. Raises NotFound before it closed."""
    return _result(vote, true(), now)


def decides(vote: PublicVote | None, entry: Entry) -> bool:
    """Say whether a vote was announced to decide about the category of an entry."""
    if vote is None or vote.mode is not VoteMode.DECIDING:
        return False
    return vote.category_id is None or vote.category_id == entry.category_id


def choices_by_vote(
    call: Call, entries: Iterable[Entry], visible: ColumnElement[bool], now: datetime
) -> dict[UUID, Choice]:
    """Return what a vote that was announced to decide makes of entries once it has closed, over what may be seen.

    Entries that it leaves to people are left out: those that tie for the last place, and all where nobody voted.
    """
    vote = vote_of(call)
    if vote is None or vote.mode is not VoteMode.DECIDING or opening_of(vote, now) is not Opening.CLOSED:
        return {}
    results = {each.code: each for each in _result(vote, visible, now) if each.chosen}
    found = {}
    for entry in entries:
        counted = results.get(category_code(entry)) if decides(vote, entry) else None
        if counted is None or (entry.id in counted.chosen and entry.id not in counted.won):
            continue
        found[entry.id] = Choice.AWARD if entry.id in counted.won else Choice.DECLINE
    return found


def counts() -> ColumnElement[bool]:
    """Return the condition that a Ballot is in the count: in no group that is left out of it."""
    left_out = select(SetAsideVotes.id).where(SetAsideVotes.ended_at.is_(None))
    return or_(Ballot.set_aside_id.is_(None), Ballot.set_aside_id.not_in(left_out))


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
    confirmed, counted = _votes(vote, true()), _votes(vote, counts())
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
    won = frozenset(UUID(each) for each in won_by_votes(votes, places))
    ordered = sorted(group, key=lambda row: (-row.counted, row.finalist.entry.application.reference or ""))
    return CategoryResult(code, category, ordered, chosen, won, places)


def _votes(vote: PublicVote, which: ColumnElement[bool]) -> Counter[UUID]:
    rows = db.session.execute(
        select(Ballot.finalist_id, func.count()).where(Ballot.vote_id == vote.id, which).group_by(Ballot.finalist_id)
    ).all()
    return Counter({row[0]: row[1] for row in rows})
