"""Reads of the lists that people try: what they come to, as far as the actor may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, CallStatus, Entry
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.list_rules import Share, Tried, Wish, balance, fingerprint, in_order, tried
from fundapp.review.models import TrialList, TrialMark
from fundapp.review.queries.asks import asks_of, awarded_asks, groups_of, terms_of
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, selection
from fundapp.review.slate import Ask, Measure, Rule, Terms
from fundapp.review.terms_rules import GroupKind, group_of

PRIZES: Final = "prizes:"
"""What the code of a rule begins with that is a category's own number of awards."""


@dataclass(frozen=True)
class Ground:
    """What all lists of a call are made from: its selection as the actor sees it, what is asked, and the terms.

    `awarded` are the awards that are decided now, with their amounts.
    """

    selection: Selection
    asks: Sequence[Ask]
    terms: Terms
    awarded: Sequence[Ask]

    @cached_property
    def rows(self) -> Mapping[str, Ranked]:
        """Return the row of each entry, by its id."""
        return {str(row.entry.id): row for row in self.selection.ranked}

    @cached_property
    def order(self) -> Sequence[str]:
        """Return the entries from best to worst, equals by reference."""
        place = {key: number for number, key in enumerate(self.rows)}
        return [ask.entry_id for ask in in_order(sorted(self.asks, key=lambda ask: place[ask.entry_id]))]

    @cached_property
    def decided_minor(self) -> Mapping[str, int]:
        """Return the awards that are decided now, with their amounts."""
        return {ask.entry_id: ask.amount_minor for ask in self.awarded}


@dataclass(frozen=True)
class Board:
    """One list as it comes out, with the marks that the actor may see, by entry."""

    trial: TrialList
    ground: Ground
    marks: Mapping[str, TrialMark]
    made: Tried

    @cached_property
    def seen(self) -> str:
        """Return a hash of everything that the page of the list is made from, present decisions included."""
        return fingerprint(
            [
                (ask.entry_id, ask.merit, ask.amount_minor, sorted(ask.groups), ask.pots and sorted(ask.pots))
                for ask in sorted(self.ground.asks, key=lambda each: each.entry_id)
            ],
            self.ground.terms,
            sorted((key, mark.kind.value, mark.amount_minor, mark.reason) for key, mark in self.marks.items()),
            sorted((key, row.decision.version) for key, row in self.ground.rows.items() if row.decision is not None),
            sorted((key, row.lot) for key, row in self.ground.rows.items() if row.lot is not None),
        )

    def row(self, entry_id: UUID) -> Ranked:
        """Return the row of an entry that can stand in the list. Raises NotFound."""
        if all(ask.entry_id != str(entry_id) for ask in self.ground.asks):
            raise NotFound
        return self.ground.rows[str(entry_id)]

    def with_wish(self, entry_id: UUID, wish: Wish | None) -> Tried:
        """Return the list as it would come out if people wanted this of an entry; None: left to the proposal."""
        wishes = {key: each for key, each in self.made.wishes.items() if key != str(entry_id)}
        if wish is not None:
            wishes[str(entry_id)] = wish
        return tried(self.ground.asks, self.ground.terms, wishes)


@dataclass(frozen=True)
class LastRound:
    """The last decided call of the same programme, with what was given there by group, in its own currency."""

    call: Call
    shares: Mapping[str, Share]
    given_minor: int


def lists_of(call: Call) -> list[TrialList]:
    """Return the lists that are tried in a call, the oldest first."""
    return list(
        db.session.scalars(
            select(TrialList)
            .where(TrialList.call_id == call.id)
            .options(joinedload(TrialList.made_by))
            .order_by(TrialList.made_at, TrialList.name)
        )
    )


def trial_list(*, call: Call, list_id: UUID) -> TrialList:
    """Return a list of a call. Raises NotFound."""
    found = db.session.scalar(select(TrialList).where(TrialList.id == list_id, TrialList.call_id == call.id))
    if found is None:
        raise NotFound
    return found


def ground_of(*, actor: Actor, call: Call) -> Ground:
    """Return what the lists of a call are made from, as the actor sees it."""
    return ground_from(selection(actor=actor, call=call))


def ground_from(found: Selection) -> Ground:
    """Return what lists are made from, of a selection that somebody sees."""
    groups = groups_of(found)
    terms = _with_prizes(terms_of(found.call), found.call)
    return Ground(found, asks_of(found, groups), terms, awarded_asks(found, groups))


def decided_list(ground: Ground) -> Tried:
    """Return the awards that are decided now as a list of their own: people made it, so it has no proposal."""
    return Tried(
        asks=tuple(ground.awarded),
        terms=ground.terms,
        wishes={},
        proposal=None,
        awarded=frozenset(ask.entry_id for ask in ground.awarded),
        broken=(),
        effects={},
    )


def _with_prizes(terms: Terms, call: Call) -> Terms:
    """Return terms with the number of awards of each category that fixes it as a rule."""
    rules = [
        Rule(
            f"{PRIZES}{category.code}", group_of(GroupKind.CATEGORY, category.code), Measure.AWARDS, 0, category.awards
        )
        for category in call.categories
        if category.awards is not None
    ]
    return replace(terms, rules=(*terms.rules, *rules))


def board_of(*, actor: Actor, trial: TrialList, ground: Ground) -> Board:
    """Return a list as it comes out for the actor: marks on what they may not see count for nothing."""
    marks = marks_of(actor=actor, trial=trial)
    wishes = {key: Wish(mark.kind, mark.amount_minor) for key, mark in marks.items()}
    return Board(trial, ground, marks, tried(ground.asks, ground.terms, wishes))


def marks_of(*, actor: Actor, trial: TrialList) -> dict[str, TrialMark]:
    """Return what people want of entries in a list, of those that the actor may see, by entry."""
    found = db.session.scalars(
        select(TrialMark)
        .join(TrialMark.entry)
        .join(Entry.application)
        .where(TrialMark.list_id == trial.id, goes_to_reviewers(), visible_to(actor))
        .options(joinedload(TrialMark.made_by))
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    )
    return {str(mark.entry_id): mark for mark in found}


def last_round(*, actor: Actor, call: Call) -> LastRound | None:
    """Return what the programme's last call that was decided before gave, of what the actor may see; None: none was."""
    last = db.session.scalar(
        select(Call)
        .where(
            Call.programme_id == call.programme_id,
            Call.id != call.id,
            Call.status == CallStatus.DECIDED,
            Call.decided_at < call.decided_at if call.decided_at is not None else true(),
        )
        .order_by(Call.decided_at.desc())
        .limit(1)
    )
    if last is None:
        return None
    ground = ground_of(actor=actor, call=last)
    given = ground.decided_minor
    return LastRound(last, balance(ground.asks, given), sum(given.values()))
