"""Rules of the panel and of the selection; no database, no web."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MAX_REASON_CHARACTERS: Final = 2_000
MAX_NAME_CHARACTERS: Final = 200
MAX_ENTRIES_PER_REVIEWER: Final = 500


def reading_place(call_id: UUID, stage_id: UUID, reviewer_id: UUID, application_id: UUID) -> bytes:
    """Return by what a reviewer's applications are put in order: another order for each, always the same one."""
    return hashlib.sha256(b"".join(each.bytes for each in (call_id, stage_id, reviewer_id, application_id))).digest()


class Choice(StrEnum):
    """What is chosen for an entry."""

    AWARD = "award"
    RESERVE = "reserve"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry in the selection. Ranks count within one `pool`; without a review there is no rank.

    `ask_minor` is what it would get in full, in minor units; None where nothing says how much. `purse` is the money
    that it competes for.
    """

    entry_id: str
    pool: str
    rank: int | None
    ask_minor: int | None
    choice: Choice | None = None
    purse: str = ""
    can_win: bool = True
    stayed_behind: bool = False
    """Others went on to the stage that decides, and this one did not: it is declined without more ado."""
    is_below_floor: bool = False
    """The score that leads is below the floor of the terms: rank gives it no award, people do with a reason."""
    by_vote: Choice | None = None
    """An award or a decline where a public vote that was announced to decide says so; None where rank and people do."""

    @property
    def is_in_the_running(self) -> bool:
        """Say whether rank alone can give it an award."""
        return self.can_win and not self.is_below_floor

    @property
    def follows_vote(self) -> bool:
        """Say whether it is decided as a public vote that was announced to decide has it."""
        if self.choice is None or self.by_vote is None:
            return False
        return (self.choice is Choice.AWARD) == (self.by_vote is Choice.AWARD)


def against_rank(candidates: Iterable[Candidate]) -> frozenset[str]:
    """Return the decided entries whose choice goes against rank, and so needs a reason.

    Of the decided entries of a pool, as many as have an award would have it by rank. An award below that line and a
    reserve or a decline above it go against rank; at the line, a choice among equals does not. Whatever was decided of
    an entry that nobody reviewed needs a reason too, but for the decline of one that stayed behind in an earlier stage.

    An entry below the floor would have no award by rank: its award always needs a reason, anything else never. What a
    public vote that was announced to decide makes of an entry is no matter of rank: the vote is the reason, and the
    others are compared without it.
    """
    pools: dict[str, list[Candidate]] = {}
    found = set()
    for candidate in candidates:
        if candidate.is_below_floor and candidate.choice is Choice.AWARD:
            found.add(candidate.entry_id)
        if candidate.choice is not None and not candidate.follows_vote:
            pools.setdefault(candidate.pool, []).append(candidate)
    for pool in pools.values():
        awards = sum(candidate.choice is Choice.AWARD for candidate in pool)
        above_floor = [candidate for candidate in pool if not candidate.is_below_floor]
        ranks = [candidate.rank for candidate in above_floor if candidate.rank is not None]
        for candidate in above_floor:
            if candidate.rank is None:
                if not (candidate.stayed_behind and candidate.choice is Choice.DECLINE):
                    found.add(candidate.entry_id)
                continue
            ahead = sum(rank < candidate.rank for rank in ranks)
            ahead_or_equal = sum(rank <= candidate.rank for rank in ranks)
            if candidate.choice is Choice.AWARD and ahead >= awards:
                found.add(candidate.entry_id)
            if candidate.choice is not Choice.AWARD and ahead_or_equal <= awards:
                found.add(candidate.entry_id)
    return frozenset(found)


def by_rank_order(
    candidates: Collection[Candidate], *, left_minor: Mapping[str, int], awards_left: Mapping[str, int]
) -> dict[str, Choice]:
    """Return choices for the undecided entries, best rank first, until the money or the number of awards ends.

    `left_minor` is what is left of each purse, in minor units. What was decided stays, and what cannot win or is below
    the floor is declined where its rank comes. Each pool has one line: the first rank that does not fit in full is
    declined with everything below it, so that no choice goes against rank. Equals that do not all fit are left
    undecided, and so is what has no rank or no amount: there people decide. What stayed behind in an earlier stage is
    declined. A pool that is not in `awards_left` has no limit in number.
    """
    open_to, purses = Counter(awards_left), Counter(left_minor)
    choices = {c.entry_id: Choice.DECLINE for c in candidates if c.stayed_behind and c.choice is None}
    closed: set[str] = set()
    for rank in sorted({c.rank for c in candidates if c.rank is not None and c.choice is None}):
        for pool in sorted({c.pool for c in candidates}):
            standing = [c for c in candidates if c.pool == pool and c.rank == rank and c.choice is None]
            choices.update((c.entry_id, Choice.DECLINE) for c in standing if not c.is_in_the_running)
            group = [c for c in standing if c.is_in_the_running]
            if not group or any(c.ask_minor is None for c in group):
                continue
            asked, purse = sum(c.ask_minor or 0 for c in group), group[0].purse
            fits = asked <= purses[purse] and (pool not in awards_left or len(group) <= open_to[pool])
            if fits and pool not in closed:
                purses[purse] -= asked
                open_to[pool] -= len(group)
                choices.update((c.entry_id, Choice.AWARD) for c in group)
            elif pool in closed or len(group) == 1:
                closed.add(pool)
                choices.update((c.entry_id, Choice.DECLINE) for c in group)
            else:
                closed.add(pool)
    return choices


def ask_in_full(*, requested_minor: int | None, ceiling_minor: int | None, award_minor: int | None) -> int | None:
    """Return what an entry would get in full, in minor units: a fixed prize, or the request up to the ceiling."""
    if award_minor is not None:
        return award_minor
    limits = [limit for limit in (requested_minor, ceiling_minor) if limit is not None]
    return min(limits, default=None)


def amount_problems(amount_minor: int | None, *, in_full_minor: int | None, is_fixed: bool) -> list[Problem]:
    """Say what is wrong with the amount of an award, in minor units of the call's currency."""
    if amount_minor is None or amount_minor <= 0:
        return [Problem(_l("Enter the amount of the award."), field="amount")]
    if is_fixed and amount_minor != in_full_minor:
        return [Problem(_l("The amount of this prize is fixed."), field="amount")]
    if in_full_minor is not None and amount_minor > in_full_minor:
        return [Problem(_l("This is more than was requested, or more than the ceiling."), field="amount")]
    return []


def reason_problems(reason: str, *, field: str = "reason", required: bool = False) -> list[Problem]:
    """Say when a reason is missing where one is needed, or too long."""
    if required and not reason.strip():
        return [Problem(_l("Give a reason."), field=field)]
    if len(reason) > MAX_REASON_CHARACTERS:
        return [Problem(_l("A reason has at most %(limit)s characters.", limit=MAX_REASON_CHARACTERS), field=field)]
    return []
