"""What people try before they decide: the proposal with their wishes in it, its balance, and what a wish changes.

No database, no web. All money is in minor units of the call's currency; entries are named by their ids.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.rules import MAX_NAME_CHARACTERS, amount_problems, reason_problems
from fundapp.review.slate import Ask, Proposal, Reason, Terms, Why, contradiction, effects_of_rules, paid_from, propose
from fundapp.review.slate.contradictions import below_floor

MOST_COMPARED: Final = 4
MOST_ATTRIBUTED: Final = 2_000
"""Above this many entries nobody waits until the list was made once more without each rule."""


class MarkKind(StrEnum):
    """What somebody wants of an entry in a list."""

    PUT_IN = "put_in"
    TAKE_OUT = "take_out"
    RESERVE = "reserve"
    """Not now, but first in line should money come free."""
    AMOUNT = "amount"
    """Proposed like any other, but for another amount."""


HELD: Final = {MarkKind.PUT_IN: True, MarkKind.TAKE_OUT: False, MarkKind.RESERVE: False}
"""What a wish holds fast; a wish for another amount leaves the choice to the proposal."""
TAKES_AMOUNT: Final = frozenset({MarkKind.PUT_IN, MarkKind.AMOUNT})


LEFT_TO_PEOPLE: Final = frozenset({Why.EQUAL_AT_LINE, Why.NOT_TALLIED})
"""Why nothing is decided of an entry when a list is adopted: a person must do it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What people want of an entry; `amount_minor` None: what it would get in full."""

    kind: MarkKind
    amount_minor: int | None = None


@dataclass(frozen=True)
class Tried:
    """A list as it comes out. `proposal` is None where what people put in breaks the terms; then `awarded` is that.

    It is None too where people decided: then `awarded` and `asks` are the awards that are decided, and nothing else.

    `asks` hold the amounts of this list. `broken` names rules that cannot all hold. `effects` says, for each rule
    that a reason names, who is in and who is out because of it; None where there are too many entries to find that out.
    """

    asks: tuple[Ask, ...]
    terms: Terms
    wishes: Mapping[str, Wish]
    proposal: Proposal | None
    awarded: frozenset[str]
    broken: tuple[str, ...]
    effects: Mapping[str, tuple[frozenset[str], frozenset[str]]] | None

    @property
    def spent_minor(self) -> int:
        """Return the money of all awards of the list."""
        return sum(self.given.values())

    @property
    def left_minor(self) -> int:
        """Return what the list leaves of the budget; below zero where people put in too much."""
        return self.terms.budget_minor - self.spent_minor

    @cached_property
    def pots_left(self) -> Mapping[str, int] | None:
        """Return what the list leaves of each pot, by its code; None where the pots cannot pay for it."""
        paid = self.proposal.paid_from if self.proposal else paid_from(self.chosen, self.terms)
        if paid is None:
            return None
        left = {pot.code: pot.money_minor for pot in self.terms.pots}
        for each in paid.values():
            for code, money_minor in each.items():
                left[code] -= money_minor
        return left

    @cached_property
    def chosen(self) -> tuple[Ask, ...]:
        """Return what is in."""
        return tuple(ask for ask in self.asks if ask.entry_id in self.awarded)

    @cached_property
    def counted(self) -> Mapping[str, int]:
        """Return what each rule counts, in its own measure."""
        return {rule.code: sum(map(rule.counts, self.chosen)) for rule in self.terms.rules}

    @property
    def short(self) -> Mapping[str, int]:
        """Return by how much each minimum is missed, in its own measure."""
        missing = {rule.code: rule.least - self.counted[rule.code] for rule in self.terms.rules}
        return {code: number for code, number in missing.items() if number > 0}

    @property
    def exceeded(self) -> Mapping[str, int]:
        """Return by how much each maximum is broken, in its own measure: people can put in too much."""
        over = {rule.code: self.counted[rule.code] - rule.most for rule in self.terms.rules if rule.most is not None}
        return {code: number for code, number in over.items() if number > 0}

    @property
    def under_floor(self) -> frozenset[str]:
        """Return what is in with a merit below the floor."""
        floor = self.terms.floor
        if floor is None:
            return frozenset()
        return frozenset(ask.entry_id for ask in self.chosen if ask.merit is not None and ask.merit < floor)

    @property
    def unscored(self) -> frozenset[str]:
        """Return what is in without a merit: nobody can say whether it reaches a floor."""
        return frozenset(ask.entry_id for ask in self.chosen if ask.merit is None)

    @property
    def mean_merit(self) -> float | None:
        """Return the mean merit of what is in, where anything in it was tallied."""
        merits = [ask.merit for ask in self.chosen if ask.merit is not None]
        return sum(merits) / len(merits) if merits else None

    def reason(self, entry_id: str) -> Reason:
        """Return why an entry is in or is not."""
        if self.proposal is not None:
            return self.proposal.reasons[entry_id]
        wish = self.wishes.get(entry_id)
        if wish is not None and wish.kind in HELD:
            return Reason(Why.PUT_IN if HELD[wish.kind] else Why.TAKEN_OUT)
        return Reason(Why.BELOW_LINE)

    @cached_property
    def given(self) -> Mapping[str, int]:
        """Return what each entry that is in gets."""
        return {ask.entry_id: ask.amount_minor for ask in self.chosen}

    @cached_property
    def split_equals(self) -> frozenset[str]:
        """Return entries of which some are in and some are not, though to merit, rules and pots all are equal.

        The solver had to pick, and such a pick is nobody's decision. What people put in or took out is decided.
        """
        counted = {rule.group for rule in self.terms.rules}
        alike: dict[tuple[float, frozenset[str], frozenset[str] | None], list[str]] = {}
        for ask in self.asks:
            if ask.entry_id not in self.held and ask.merit is not None and not below_floor(ask, self.terms):
                alike.setdefault((ask.merit, ask.groups & counted, ask.pots), []).append(ask.entry_id)
        split = (each for each in alike.values() if 0 < sum(key in self.awarded for key in each) < len(each))
        return frozenset(key for each in split for key in each)

    def leaves_to_people(self, entry_id: str) -> bool:
        """Say whether the list says nothing of an entry: equals do not all fit, or it was not tallied."""
        return entry_id in self.split_equals or self.reason(entry_id).why in LEFT_TO_PEOPLE

    @cached_property
    def held(self) -> frozenset[str]:
        """Return the entries that people put in, took out, or hold in reserve."""
        return frozenset(key for key, wish in self.wishes.items() if wish.kind in HELD)


def tried(asks: Sequence[Ask], terms: Terms, wishes: Mapping[str, Wish]) -> Tried:
    """Return the list that comes of the terms and of what people want. The last ones made are remembered."""
    return _tried(tuple(asks), terms, tuple(sorted(wishes.items(), key=lambda each: each[0])))


@lru_cache(maxsize=16)
def _tried(asks: tuple[Ask, ...], terms: Terms, wished: tuple[tuple[str, Wish], ...]) -> Tried:
    wishes = dict(wished)
    asks = tuple(_with_wish(ask, wishes.get(ask.entry_id)) for ask in asks)
    there = {ask.entry_id for ask in asks}
    held = {key: HELD[wish.kind] for key, wish in wishes.items() if wish.kind in HELD and key in there}
    proposal = propose(asks, terms, held)
    effects: Mapping[str, tuple[frozenset[str], frozenset[str]]] | None = {}
    if proposal is not None:
        effects = effects_of_rules(asks, terms, proposal, held) if len(asks) <= MOST_ATTRIBUTED else None
    return Tried(
        asks=asks,
        terms=terms,
        wishes=wishes,
        proposal=proposal,
        awarded=proposal.awarded if proposal else frozenset(key for key, is_in in held.items() if is_in),
        broken=contradiction(asks, terms, held) if proposal is None or proposal.short else (),
        effects=effects,
    )


def _with_wish(ask: Ask, wish: Wish | None) -> Ask:
    return ask if wish is None or wish.amount_minor is None else replace(ask, amount_minor=wish.amount_minor)


def in_order(asks: Iterable[Ask]) -> list[Ask]:
    """Return entries from the best to the worst, those that were not tallied last; equals stay as they come."""
    return sorted(asks, key=lambda ask: (ask.merit is None, -(ask.merit or 0.0)))


def line_after(made: Tried, order: Sequence[str]) -> str | None:
    """Return the last entry above the plain line of rank order, entries in the given order; None where no line is.

    What people put in or took out is on neither side of the line, nor is what stands below the floor.
    """
    above = made.proposal.line if made.proposal and made.proposal.line_ends else 0
    out = {ask.entry_id for ask in made.asks if below_floor(ask, made.terms)}
    free = [key for key in order if key not in made.held and key not in out]
    return free[above - 1] if 0 < above <= len(free) else None


@dataclass(frozen=True, slots=True)
class Share:
    """How many entries of a group there are, and their money."""

    number: int = 0
    money_minor: int = 0

    def more(self, money_minor: int) -> "Share":
        """Return the share with one more entry in it."""
        return Share(self.number + 1, self.money_minor + money_minor)


def balance(asks: Iterable[Ask], given: Mapping[str, int] | None = None) -> dict[str, Share]:
    """Return the share of each group of entries: of those that are `given` something, or of all with what they ask."""
    shares: dict[str, Share] = {}
    for ask in asks:
        if given is None or ask.entry_id in given:
            money_minor = ask.amount_minor if given is None else given[ask.entry_id]
            for group in ask.groups:
                shares[group] = shares.get(group, Share()).more(money_minor)
    return shares


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes from one list to another: who comes in, who goes out, and who gets another amount."""

    comes_in: tuple[str, ...]
    goes_out: tuple[str, ...]
    other_amount: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Say whether all stays as it is."""
        return not (self.comes_in or self.goes_out or self.other_amount)


def effect(before: Mapping[str, int], after: Mapping[str, int], order: Sequence[str]) -> Effect:
    """Return what changes between awards with their amounts, entries in the given order."""
    return Effect(
        comes_in=tuple(key for key in order if key in after and key not in before),
        goes_out=tuple(key for key in order if key in before and key not in after),
        other_amount=tuple(key for key in order if key in before and key in after and before[key] != after[key]),
    )


def fingerprint(*parts: object) -> str:
    """Return a hash of what a page was made from, so that what is kept is what was shown."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def wish_problems(
    kind: MarkKind, amount_minor: int | None, reason: str, *, in_full_minor: int | None, is_fixed: bool
) -> list[Problem]:
    """Say what is wrong with what somebody wants of an entry."""
    problems = []
    if kind is MarkKind.AMOUNT or (kind is MarkKind.PUT_IN and (amount_minor is not None or in_full_minor is None)):
        problems = amount_problems(amount_minor, in_full_minor=in_full_minor, is_fixed=is_fixed)
    return problems + reason_problems(reason, required=True)


def name_problems(name: str, others: Collection[str]) -> list[Problem]:
    """Say what is wrong with the name of a list among the others of its call."""
    if not name.strip():
        return [Problem(_l("Give the list a name."), field="name")]
    if len(name) > MAX_NAME_CHARACTERS:
        message = _l("A name has at most %(limit)s characters.", limit=MAX_NAME_CHARACTERS)
        return [Problem(message, field="name")]
    if name.strip() in others:
        return [Problem(_l("Another list has this name."), field="name")]
    return []
