"""Two pools in which applicants review each other, so that nobody's scores touch what becomes of themselves.

People read only the other pool. Each pool is ranked, funded and decided by itself: what it gives is fixed before the
scores are opened, so nothing that is said about one pool can move a rank or an award in the other.
Source: partition mechanisms of peer selection (Alon, Fischer, Procaccia, Tennenholtz 2011; Aziz and others 2019).

The draw can be repeated by anybody (compare RFC 3797): a list of lots is fixed and published first; a value that
nobody could know then becomes public; the SHA-256 of both deals the lots.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, TypeVar

from fundapp.review.tally import EntryTally

Item = TypeVar("Item")


class PoolName(StrEnum):
    """Which half an application is in: those tied to one pool read only the other."""

    A = "A"
    B = "B"


class Lot(NamedTuple):
    """What is drawn as one. Lots of one stratum are alike; a label says nothing of whose lot it is."""

    stratum: int
    label: str


def tied_groups(items: Collection[str], ties: Iterable[tuple[str, Item]]) -> list[list[str]]:
    """Return the items in groups: whoever is tied to two items ties them to each other, and so on along the chain.

    `ties` names an item and who is tied to it; those of other items count for nothing. Groups and their members are in
    the order of the items.
    """
    leader = {item: item for item in items}

    def root(item: str) -> str:
        while leader[item] != item:
            leader[item] = leader[leader[item]]
            item = leader[item]
        return item

    first: dict[Item, str] = {}
    for item, tied in ties:
        if item in leader:
            leader[root(item)] = root(first.setdefault(tied, item))
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(root(item), []).append(item)
    return list(groups.values())


def fingerprint(lots: Iterable[Lot]) -> str:
    """Return the SHA-256 of the list of lots: a line "stratum label" each, in order, with a line feed between."""
    return _sha256("\n".join(f"{lot.stratum} {lot.label}" for lot in sorted(lots)))


def seed_of(list_fingerprint: str, public_value: str) -> str:
    """Return the seed: the SHA-256 of the list's fingerprint and, on a line of its own, the public value.

    White space around the value, and how much of it stands inside, makes no difference.
    """
    return _sha256(f"{list_fingerprint}\n{plain_value(public_value)}")


def plain_value(public_value: str) -> str:
    """Return a public value with single spaces and none around it."""
    return " ".join(public_value.split())


def deal(lots: Iterable[Lot], seed: str) -> dict[str, PoolName]:
    """Return the pool of each label: lots stand by stratum, shuffled inside by the seed, and are dealt in turn.

    So each stratum is halved, and the whole too, to within one lot.
    """
    order = sorted(lots, key=lambda lot: (lot.stratum, _sha256(f"{seed}\n{lot.label}")))
    turns = tuple(PoolName) if coin(seed, "first") else tuple(reversed(PoolName))
    return {lot.label: turns[place % 2] for place, lot in enumerate(order)}


def coin(seed: str, what: str) -> bool:
    """Return a throw that the seed decides: whether the last digit of the SHA-256 of both is even."""
    return int(_sha256(f"{seed}\n{what}")[-1], 16) % 2 == 0


def divided(total: int, requested: Mapping[PoolName, int], *, odd_to: PoolName) -> dict[PoolName, int]:
    """Divide a whole number between the pools in proportion to what is requested in each; halves where nothing is.

    A unit that cannot be divided goes where the larger part of it belongs, and to `odd_to` where that is equal.
    """
    asked = sum(requested.values())
    parts = {pool: requested.get(pool, 0) if asked else 1 for pool in PoolName}
    whole = sum(parts.values())
    given = {pool: total * part // whole for pool, part in parts.items()}
    if left := total - sum(given.values()):
        most = max(PoolName, key=lambda pool: (total * parts[pool] % whole, pool is odd_to))
        given[most] += left
    return given


@dataclass(frozen=True, slots=True)
class Share:
    """What a pool gives in one category, or in all that fix no number of awards; money in minor units."""

    awards: int | None
    money_minor: int


@dataclass(frozen=True, slots=True)
class FixedAwards:
    """A category with its own number of awards, each of the same amount in minor units."""

    code: str
    awards: int
    award_minor: int


def shares(
    *,
    budget_minor: int,
    categories: Sequence[FixedAwards],
    requested: Mapping[tuple[str, PoolName], int],
    seed: str,
) -> dict[tuple[str, PoolName], Share]:
    """Return what each pool gives, by category code and pool; "" is all that fixes no number of awards.

    `requested` holds sums in minor units for "", and numbers of entries for the categories, whose prizes are all alike.
    Raises ValueError where the prizes alone are more than the budget.
    """
    rest = budget_minor - sum(each.awards * each.award_minor for each in categories)
    if rest < 0:
        raise ValueError("the prizes are more than the budget")
    found = {}
    for each in categories:
        seats = divided(each.awards, _of(each.code, requested), odd_to=_odd(seed, each.code))
        found.update({(each.code, pool): Share(n, n * each.award_minor) for pool, n in seats.items()})
    if any(code == "" for code, _pool in requested):
        money = divided(rest, _of("", requested), odd_to=_odd(seed, ""))
        found.update({("", pool): Share(None, minor) for pool, minor in money.items()})
    return found


def put_last(figures: Sequence[EntryTally], last: Collection[str]) -> list[EntryTally]:
    """Return the figures of one pool ranked again: those in `last` come after all others that have a rank.

    Figures must be in the order of their ranks, as `tally` returns them.
    """
    ahead = _ranked_again([each for each in figures if each.rank is not None and each.entry_id not in last], 0)
    behind = [each for each in figures if each.rank is not None and each.entry_id in last]
    return [*ahead, *_ranked_again(behind, len(ahead)), *(each for each in figures if each.rank is None)]


def _ranked_again(figures: Sequence[EntryTally], before: int) -> list[EntryTally]:
    groups: dict[int | None, list[EntryTally]] = defaultdict(list)
    for each in figures:
        groups[each.rank].append(each)
    ranked: list[EntryTally] = []
    for group in groups.values():
        rank = before + len(ranked) + 1
        ranked += [replace(each, rank=rank, tied=len(group) > 1) for each in group]
    return ranked


def _of(code: str, requested: Mapping[tuple[str, PoolName], int]) -> dict[PoolName, int]:
    return {pool: requested.get((code, pool), 0) for pool in PoolName}


def _odd(seed: str, code: str) -> PoolName:
    return PoolName.A if coin(seed, f"odd {code}") else PoolName.B


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
