"""Which entries of a stage go on to the next by its scores: a proposal that people change. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l


class Proposed(StrEnum):
    """What the scores of a stage say of an entry."""

    ON = "on"
    STAYS = "stays"
    OPEN = "open"
    """Not enough was said yet, or equals stand at the line: people decide."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The answers that peers gave to the checklist of a screening: for each reading, yes or no by question.

    None stands for "cannot judge".
    """

    entry_id: str
    wanted: int
    readings: Sequence[Sequence[bool | None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry with its mean in a stage (None without a review), within the pool in which it is ranked."""

    entry_id: str
    pool: str
    mean: Fraction | None


def screened(entries: Iterable[Checked]) -> dict[str, Proposed]:
    """Propose entries of a screening: on where all the peers that were wanted said yes to everything.

    One clear no keeps an entry where it is. With too few readings, or a question that nobody could judge, people look.
    """
    found = {}
    for entry in entries:
        answers = [answer for reading in entry.readings for answer in reading]
        if False in answers:
            found[entry.entry_id] = Proposed.STAYS
        elif len(entry.readings) < entry.wanted or None in answers:
            found[entry.entry_id] = Proposed.OPEN
        else:
            found[entry.entry_id] = Proposed.ON
    return found


def shortlisted(entries: Iterable[Standing], places: Mapping[str, int]) -> dict[str, Proposed]:
    """Propose the best by mean of each pool, as many as it has places; equals that do not all fit stay open."""
    pools: dict[str, list[Standing]] = {}
    for entry in entries:
        pools.setdefault(entry.pool, []).append(entry)
    found: dict[str, Proposed] = {}
    for pool, members in pools.items():
        most = places.get(pool, 0)
        means = sorted(each.mean for each in members if each.mean is not None)
        for entry in members:
            if entry.mean is None:
                found[entry.entry_id] = Proposed.OPEN
                continue
            ahead = len(means) - bisect_right(means, entry.mean)
            as_good = len(means) - bisect_left(means, entry.mean)
            if as_good <= most:
                found[entry.entry_id] = Proposed.ON
            else:
                found[entry.entry_id] = Proposed.OPEN if ahead < most else Proposed.STAYS
    return found


def against_proposal(proposal: Mapping[str, Proposed], chosen: Iterable[str]) -> frozenset[str]:
    """Return the entries with which a choice does otherwise than the scores say; what they leave open counts not."""
    going = set(chosen)
    return frozenset(
        entry_id
        for entry_id, proposed in proposal.items()
        if (proposed is Proposed.ON) != (entry_id in going) and proposed is not Proposed.OPEN
    )


def move_problems(
    chosen: Iterable[str], proposal: Mapping[str, Proposed], reason: str, *, most_characters: int
) -> list[Problem]:
    """Say what is wrong with a choice of entries that go on."""
    going = set(chosen)
    problems = []
    if not going:
        problems.append(Problem(_l("Choose at least one entry."), field="entries"))
    if going - set(proposal):
        problems.append(Problem(_l("Some of these entries are not in this stage any more."), field="entries"))
    if against_proposal(proposal, going) and not reason.strip():
        problems.append(Problem(_l("Say why the choice is not what the scores propose."), field="reason"))
    if len(reason) > most_characters:
        problems.append(
            Problem(_l("A reason has at most %(limit)s characters.", limit=most_characters), field="reason")
        )
    return problems
