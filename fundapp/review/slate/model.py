"""What a proposal is made from, and what it says. All money is in minor units of one currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Ask:
    """An entry, how good it is (None: not tallied) and what it would be given.

    `merit` is on any scale, higher is better; equal merits share a rank. `groups` are all that rules may count it
    under ("region:north", "theme:land"). `pots` are those that may pay for it; None: all of them.
    """

    entry_id: str
    merit: float | None
    amount_minor: int
    groups: frozenset[str] = frozenset()
    pots: frozenset[str] | None = None


class Measure(StrEnum):
    """What a rule counts."""

    MONEY = "money"
    AWARDS = "awards"


@dataclass(frozen=True, slots=True)
class Rule:
    """At least, or at most, so much for a group: money in minor units, or a number of awards."""

    code: str
    group: str
    measure: Measure
    least: int = 0
    most: int | None = None

    def counts(self, ask: Ask) -> int:
        """Return what an award to this entry adds to what the rule counts."""
        if self.group not in ask.groups:
            return 0
        return ask.amount_minor if self.measure is Measure.MONEY else 1


@dataclass(frozen=True, slots=True)
class Pot:
    """Money that may be given to some entries only; a pot that may pay for all is one too."""

    code: str
    money_minor: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What was fixed before: the budget, the number of awards (None: no limit), rules, pots and the floor.

    Without pots the budget pays for everything. Nothing below the floor is proposed, whatever a minimum asks for.
    """

    budget_minor: int
    places: int | None = None
    rules: tuple[Rule, ...] = ()
    pots: tuple[Pot, ...] = ()
    floor: float | None = None


class Why(StrEnum):
    """Why an entry is proposed, or is not."""

    ABOVE_LINE = "above_line"
    FOR_MINIMUM = "for_minimum"
    ROOM_LEFT = "room_left"
    """Next by rank, where a rule kept others out and money was left."""
    PUT_IN = "put_in"
    BELOW_LINE = "below_line"
    EQUAL_AT_LINE = "equal_at_line"
    """Among equals that do not all fit: people decide."""
    TOO_LARGE = "too_large"
    """The first below the line: it asks for more than is left."""
    GAVE_WAY = "gave_way"
    """Above the line, had people put nothing in."""
    MAXIMUM = "maximum"
    MADE_WAY = "made_way"
    """Above the line, but a minimum needed the money."""
    NO_POT = "no_pot"
    BELOW_FLOOR = "below_floor"
    TAKEN_OUT = "taken_out"
    NOT_TALLIED = "not_tallied"


class LineEnd(StrEnum):
    """What ends at the plain line of rank order."""

    MONEY = "money"
    AWARDS = "awards"
    FLOOR = "floor"
    """All that the floor lets through stands above the line."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and by which rules."""

    why: Why
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A list within the terms, with a reason for each entry.

    `line` is how many entries stand above the plain line of rank order, `line_ends` what ends there; None: nothing,
    all are above it. `short` says by how much each minimum that
    cannot be met is missed, in its own measure. `paid_from` has the money of each awarded entry by pot; None where no
    way to pay for all of them is found.
    """

    awarded: frozenset[str]
    reasons: Mapping[str, Reason]
    line: int
    line_ends: LineEnd | None
    spent_minor: int
    short: Mapping[str, int] = field(default_factory=dict)
    paid_from: Mapping[str, Mapping[str, int]] | None = field(default_factory=dict)
