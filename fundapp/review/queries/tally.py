"""The tally of a call, pool by pool: all figures of the entries that compete, as far as the actor may see them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from fundapp.core.db import db
from fundapp.review.models import Reviewer
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection
from fundapp.review.rules import Choice, by_rank_order
from fundapp.review.slate import LineEnd
from fundapp.review.tally.whole import Block, WholeTally, blocks, whole_tally


@dataclass(frozen=True)
class PoolTally:
    """Entries that compete with each other, in the order of the selection, and what the tally says of them.

    `ends` says what the places are: what the money reaches, a fixed number of awards, or all above the floor.
    """

    rows: Sequence[Ranked]
    whole: WholeTally
    ends: LineEnd

    @property
    def expected_right(self) -> float | None:
        """Return how many of those that the leading rank puts above the line are truly among the best; see `whole`."""
        ranks = {row.figures.entry_id: row.standing.rank for row in self.rows}
        return self.whole.right_among({key: rank for key, rank in ranks.items() if rank is not None})

    @property
    def by_language(self) -> tuple[Block, ...]:
        """Return the entries by the language in which they were written."""
        languages = {row.figures.entry_id: row.entry.application.language for row in self.rows}
        return blocks([row.figures for row in self.rows], languages)


def pool_tallies(found: Selection) -> list[PoolTally]:
    """Return the tally of each pool in a selection; none while its scores are closed.

    The places of a pool are how many would have an award by rank order alone, from the whole budget, above the floor
    and before any rule or decision; where a number of awards is fixed, they are that number.
    """
    if found.hides_scores:
        return []
    pools: dict[str, list[Ranked]] = {}
    for row in found.ranked:
        pools.setdefault(row.pool, []).append(row)
    awards = _awards(found)
    reached = _reached(found, awards)
    return [_pool_tally(rows, reached, awards.get(pool)) for pool, rows in pools.items()]


def reviewer_names(reviewer_ids: Collection[str]) -> dict[str, str]:
    """Return the names of reviewers by their ids as the tally has them; for those who may see them only."""
    found = db.session.scalars(
        select(Reviewer)
        .join(Reviewer.person)
        .where(Reviewer.id.in_([UUID(each) for each in reviewer_ids]))
        .options(contains_eager(Reviewer.person))
    )
    return {str(each.id): each.person.name or each.person.email for each in found}


def _pool_tally(rows: Sequence[Ranked], reached: Collection[str], awards: int | None) -> PoolTally:
    """Return the tally of the entries of a pool; `awards` is the number that is fixed for it, None where none is."""
    places = sum(str(row.entry.id) in reached for row in rows)
    ends = LineEnd.MONEY
    if _is_number(rows[0]):
        places, ends = min(awards or 0, len(rows)), LineEnd.AWARDS
    elif awards and places == awards:
        ends = LineEnd.AWARDS
    elif all(row.is_below_floor for row in rows if row.rank is not None and str(row.entry.id) not in reached):
        ends = LineEnd.FLOOR if any(row.is_below_floor for row in rows) else LineEnd.MONEY
    return PoolTally(rows, whole_tally([row.figures for row in rows], places=places), ends)


def _is_number(row: Ranked) -> bool:
    return row.entry.category is not None and row.entry.category.awards is not None


def _awards(found: Selection) -> dict[str, int]:
    """Return the numbers of awards that are fixed, by pool: what is left, and what is given of what is seen."""
    awards = dict(found.awards_left)
    for row in found.ranked:
        if row.pool in awards:
            awards[row.pool] += row.candidate.choice is Choice.AWARD
    return awards


def _reached(found: Selection, awards: dict[str, int]) -> set[str]:
    """Return the entries that the money reaches by rank order.

    Reckoned from the whole of each purse, not from what is left of it: that would tell of what is hidden.
    """
    if found.pools is None:
        purses = {"": found.call.budget_minor}
    else:
        shares = {row.purse: found.share(row) for row in found.ranked}
        purses = {purse: share.money_minor if share else 0 for purse, share in shares.items()}
    undecided = [replace(row.candidate, choice=None) for row in found.ranked if row.is_eligible]
    choices = by_rank_order(undecided, left_minor=purses, awards_left=awards)
    return {entry_id for entry_id, choice in choices.items() if choice is Choice.AWARD}
