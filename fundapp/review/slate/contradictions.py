"""Rules that cannot all hold: named, so that people can change the right one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fundapp.review.slate.model import Ask, Terms
from fundapp.review.slate.programme import choose

BUDGET: Final = "budget"
PLACES: Final = "places"
"""Beside the codes of rules, and of pots, what a contradiction may name."""


def contradiction(asks: Sequence[Ask], terms: Terms, held: Mapping[str, bool] | None = None) -> tuple[str, ...]:
    """Return the fewest rules that cannot all hold with each other; () where all can, minima too.

    Not the fewest of all sets, but one from which none can be left out: leave any rule of it out and the rest can hold.
    `held` says which entries people put in or took out: those are not questioned.
    """
    names = [rule.code for rule in terms.rules] + ([PLACES] if terms.places is not None else []) + [BUDGET]

    def can_hold(left: Sequence[str]) -> bool:
        rules = tuple(rule for rule in terms.rules if rule.code in left)
        everything = sum(ask.amount_minor for ask in asks)
        some = replace(
            terms,
            rules=rules,
            places=terms.places if PLACES in left else None,
            budget_minor=terms.budget_minor if BUDGET in left else max(everything, terms.budget_minor),
            pots=terms.pots if BUDGET in left else (),
        )
        allowed = {ask.entry_id: False for ask in asks if below_floor(ask, terms)} | dict(held or {})
        return choose(asks, some, weights=[0.0] * len(asks), held=allowed, minima_bend=False) is not None

    if can_hold(names):
        return ()
    needed = list(names)
    for name in names:
        rest = [each for each in needed if each != name]
        if not can_hold(rest):
            needed = rest
    return tuple(needed)


def below_floor(ask: Ask, terms: Terms) -> bool:
    """Return whether an entry may not be proposed: it was not tallied, or is below the floor."""
    return ask.merit is None or (terms.floor is not None and ask.merit < terms.floor)
