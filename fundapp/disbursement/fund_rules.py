"""Rules of funds: what ledger rows add up to, which money may pay for what, and what a change of it is made of.

No database, no web. All amounts are in minor units of one currency.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.slate import Ask, Pot, Terms, paid_from

MAX_NAME_CHARACTERS: Final = 200
MAX_REASON_CHARACTERS: Final = 2000


class MovementKind(StrEnum):
    """What a row of the ledger is."""

    PROMISED = "promised"
    """The funder promised so much, or (below zero) so much less."""
    RECEIVED = "received"
    """It came in, or (below zero) went back to the funder."""
    ALLOCATED = "allocated"
    """Set aside for an award."""
    RELEASED = "released"
    """Set free again; always below zero."""
    REALLOCATED = "reallocated"
    """One of the rows that move an award's money from fund to fund: together they come to nothing."""
    PAID = "paid"
    RETURNED = "returned"
    """Paid, and come back from the bank; always below zero."""


OF_FUNDERS: Final = frozenset({MovementKind.PROMISED, MovementKind.RECEIVED})
"""Rows between a funder and us; all others are about an award."""
COUNTED_IN: Final[Mapping[MovementKind, str]] = {
    MovementKind.PROMISED: "promised",
    MovementKind.RECEIVED: "received",
    MovementKind.ALLOCATED: "allocated",
    MovementKind.RELEASED: "allocated",
    MovementKind.REALLOCATED: "allocated",
    MovementKind.PAID: "paid",
    MovementKind.RETURNED: "paid",
}
"""Which sum of a fund a row changes, by the amount that stands in it."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the rows of a fund add up to."""

    promised: int = 0
    received: int = 0
    allocated: int = 0
    paid: int = 0

    @property
    def left(self) -> int:
        """Return what is promised and not set aside for any award."""
        return self.promised - self.allocated

    @property
    def to_pay(self) -> int:
        """Return what is set aside and not paid yet."""
        return self.allocated - self.paid

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.promised + other.promised,
            self.received + other.received,
            self.allocated + other.allocated,
            self.paid + other.paid,
        )

    @property
    def holds(self) -> bool:
        """Say whether no sum is impossible: nothing below zero, no more given than promised, nor paid than given."""
        return 0 <= self.paid <= self.allocated <= self.promised and self.received >= 0


def sums_of(rows: Iterable[tuple[MovementKind, int]]) -> Sums:
    """Return what rows (kind, amount) add up to."""
    found: Counter[str] = Counter()
    for kind, amount in rows:
        found[COUNTED_IN[kind]] += amount
    return Sums(**found)


@dataclass(frozen=True, slots=True)
class Step:
    """A row to write for one fund of an award."""

    kind: MovementKind
    fund: str
    amount: int


def steps_between(before: Mapping[str, int], after: Mapping[str, int]) -> list[Step]:
    """Return the rows that lead from what funds give an award to what they shall give it.

    What one fund gives less and another gives more is moved; only the rest is set free or set aside.
    """
    change = {fund: after.get(fund, 0) - before.get(fund, 0) for fund in sorted({*before, *after})}
    less = -sum(each for each in change.values() if each < 0)
    more = sum(each for each in change.values() if each > 0)
    moved = min(less, more)
    leaving, coming = moved, moved
    steps = []
    for fund, each in change.items():
        room = leaving if each < 0 else coming
        part = min(abs(each), room)
        sign = -1 if each < 0 else 1
        if part:
            steps.append(Step(MovementKind.REALLOCATED, fund, sign * part))
        if rest := abs(each) - part:
            steps.append(Step(MovementKind.RELEASED if each < 0 else MovementKind.ALLOCATED, fund, sign * rest))
        if each < 0:
            leaving -= part
        else:
            coming -= part
    return steps


def needs_reason(steps: Iterable[Step]) -> bool:
    """Say whether a change takes money of an award away from a fund: then it is written down why."""
    return any(step.amount < 0 for step in steps)


@dataclass(frozen=True, slots=True)
class Tied:
    """What binds the money of a fund: nothing, words, or words and the pot of the terms that says the same."""

    is_restricted: bool = False
    pot_code: str = ""

    def may_pay(self, pots: Collection[str] | None) -> bool:
        """Say whether it may pay an award that these pots of the terms may pay (None: there are no pots)."""
        return not self.is_restricted or (pots is not None and self.pot_code in pots)


@dataclass(frozen=True, slots=True)
class Need:
    """An award that lacks money, and the funds that may pay for it."""

    award: str
    lacks: int
    funds: frozenset[str]


def proposal(needs: Sequence[Need], left: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return which funds would give how much to each award; money with the narrowest use is given first.

    An award is covered whole or not at all. Where money does not reach for all, those that come first get it.
    """
    needs = [need for need in needs if need.lacks > 0]
    found = _covered(needs, left)
    if found is not None:
        return found
    taken: list[Need] = []
    best: dict[str, dict[str, int]] = {}
    for need in needs:
        if sum(left.get(fund, 0) for fund in need.funds) < need.lacks:
            continue
        found = _covered([*taken, need], left)
        if found is not None:
            taken.append(need)
            best = found
    return best


def _covered(needs: Sequence[Need], left: Mapping[str, int]) -> dict[str, dict[str, int]] | None:
    """Return a way to cover all of them; None where there is none."""
    pots = tuple(Pot(fund, money) for fund, money in sorted(left.items()) if money > 0)
    wanted = sum(need.lacks for need in needs)
    if not needs or wanted > sum(pot.money_minor for pot in pots):
        return None if needs else {}
    asks = [Ask(need.award, None, need.lacks, pots=need.funds) for need in needs]
    found = paid_from(asks, Terms(budget_minor=wanted, pots=pots))
    if found is None or not _is_exact(found, needs, left):
        return None
    return found


def _is_exact(found: Mapping[str, Mapping[str, int]], needs: Sequence[Need], left: Mapping[str, int]) -> bool:
    """Say whether a way to pay is right to the last unit: what made it reckons with fractions."""
    taken: Counter[str] = Counter()
    for need in needs:
        given = found[need.award]
        if sum(given.values()) != need.lacks or any(each < 0 or fund not in need.funds for fund, each in given.items()):
            return False
        taken.update(given)
    return all(amount <= left.get(fund, 0) for fund, amount in taken.items())


def reason_problems(reason: str, *, is_needed: bool) -> list[Problem]:
    """Say what is wrong with why money was moved or taken back."""
    if is_needed and not reason.strip():
        return [Problem(_l("Say why: it stays with the money."), field="reason")]
    if len(reason) > MAX_REASON_CHARACTERS:
        message = _l("Write at most %(number)s characters.", number=MAX_REASON_CHARACTERS)
        return [Problem(message, field="reason")]
    return []
