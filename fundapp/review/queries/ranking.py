"""The entries of a call one by one: their figures, the rank that leads, and what is decided of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from fundapp.applications.models import Call, Entry
from fundapp.applications.rules import UndoneReviews
from fundapp.review.line_draw import ranks_by_lot
from fundapp.review.models import Decision
from fundapp.review.pools import put_last
from fundapp.review.queries.pools import NOT_DRAWN, Pools, consequence
from fundapp.review.rules import Candidate, Choice, ask_in_full
from fundapp.review.tally import EntryTally, ScoreRow, WeightedCriterion, tally
from fundapp.review.tally.leading import AdjustedScore, adjusted_scores, led_by_adjusted, led_by_mean
from fundapp.review.terms_rules import Ranking, WantedTerms

WHOLE_CALL: Final = ""
"""The pool of a call whose categories fix no number of awards: all its entries are ranked together."""


@dataclass(frozen=True)
class Ranked:
    """An entry with its figures and what is decided of it. Amounts are in minor units of the call's currency.

    `figures` are those of the plain tally, its rank by means among them. `standing` has the rank that leads.
    """

    entry: Entry
    figures: EntryTally
    pool: str
    in_full_minor: int | None
    decision: Decision | None
    is_against_rank: bool
    standing: EntryTally
    """The same figures, with the rank of the score that the terms of the call put first."""
    adjusted: AdjustedScore | None = None
    """None where means lead and nobody asked for adjusted scores, and for an entry without enough reviews."""
    is_last: bool = False
    """It stands after all others of its pool, because its people did not do their reviews."""
    purse: str = ""
    """The money that it competes for: "" is that of the whole call."""
    drawn_rank: int | None = None
    """Its rank once lots were drawn at the line of its list; None where none were."""
    lot: int | None = None
    """Its place among the lots of its line, of those that the reader sees; None where no lot decides of it."""
    lots: int = 0
    """How many lots of its line the reader sees."""
    undone: UndoneReviews = UndoneReviews.NOTHING
    """What its people bear for reviews that they did not do."""
    stayed_behind: bool = False
    """Others went on to the stage that decides, and this one did not."""
    score: float | None = None
    """The score that leads, on the scale of marks; None where it has no rank by it."""
    is_below_floor: bool = False
    """That score is below the floor of the terms."""
    by_vote: Choice | None = None
    """What a public vote that was announced to decide makes of it, once it has closed."""

    @property
    def rank(self) -> int | None:
        """Return the rank that leads, and among those that lots decide of that of the lots; None if not tallied."""
        return self.standing.rank if self.drawn_rank is None else self.drawn_rank

    @property
    def is_fixed(self) -> bool:
        """Say whether the amount is that of a prize."""
        return self.entry.category is not None and self.entry.category.award_minor is not None

    @property
    def is_eligible(self) -> bool:
        """Say whether the application is still one that can be decided."""
        return self.entry.application.goes_to_reviewers

    @property
    def needs_reason(self) -> bool:
        """Say whether the choice goes against rank and nobody said why."""
        return self.is_against_rank and self.decision is not None and not self.decision.reason

    @property
    def is_award_below_floor(self) -> bool:
        """Say whether it gets an award though its score is below the floor of the terms."""
        return self.is_below_floor and self.candidate.choice is Choice.AWARD

    @property
    def candidate(self) -> Candidate:
        """Return the entry as the rules of selection see it."""
        choice = None if self.decision is None else Choice(self.decision.outcome.value)
        return Candidate(
            str(self.entry.id),
            self.pool,
            self.rank,
            self.in_full_minor,
            choice,
            purse=self.purse,
            can_win=self.can_win,
            stayed_behind=self.stayed_behind,
            is_below_floor=self.is_below_floor,
            by_vote=self.by_vote,
        )

    @property
    def can_win(self) -> bool:
        """Say whether it can get an award as far as its people's own reviews go."""
        return self.undone is not UndoneReviews.OUT


def category_code(entry: Entry) -> str:
    """Return the code of an entry's category; "" without one."""
    return entry.category.code if entry.category else ""


def ranked_rows(
    call: Call,
    entries: Sequence[Entry],
    decisions: Mapping[UUID, Decision],
    criteria: Sequence[WeightedCriterion],
    rows: Sequence[ScoreRow],
    drawn: Pools | None,
    terms: WantedTerms,
    *,
    with_adjusted: bool,
) -> list[Ranked]:
    """Return entries in order of pool and leading rank; nothing is said to go against rank yet.

    The model of adjusted scores is made where they lead, and `with_adjusted`.
    """
    bearing = consequence(call, drawn) if drawn else {}
    went_on = {entry.id for entry in entries if entry.stage_id == call.deciding_stage.id}
    pools: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        pools.setdefault(_pool(entry, drawn), {})[str(entry.id)] = entry
    leads = terms.ranking is Ranking.ADJUSTED
    found = []
    for pool, members in pools.items():
        last = {key for key, entry in members.items() if entry.application_id in bearing}
        plain = tally(members, criteria, [row for row in rows if row.entry_id in members])
        least = terms.least_reviews
        adjusted = adjusted_scores(plain, least_reviews=least) if leads or with_adjusted else {}
        led = led_by_adjusted(plain, adjusted) if leads else led_by_mean(plain, least_reviews=least)
        of_entry = {figure.entry_id: figure for figure in put_last(plain, last)}
        standing = {figure.entry_id: figure for figure in put_last(led, last)}
        by_reference = [standing[entry_id] for entry_id in members]
        for figure in sorted(by_reference, key=lambda each: each.rank or len(by_reference) + 1):
            entry = members[figure.entry_id]
            score = _score(figure, adjusted.get(figure.entry_id) if leads else None)
            found.append(
                Ranked(
                    entry=entry,
                    figures=of_entry[figure.entry_id],
                    pool=pool,
                    in_full_minor=ask_in_full(
                        requested_minor=entry.requested_minor,
                        ceiling_minor=call.ceiling_minor,
                        award_minor=entry.category.award_minor if entry.category else None,
                    ),
                    decision=decisions.get(entry.id),
                    is_against_rank=False,
                    standing=figure,
                    adjusted=adjusted.get(figure.entry_id),
                    is_last=figure.entry_id in last,
                    purse=pool if drawn else "",
                    undone=bearing.get(entry.application_id, UndoneReviews.NOTHING),
                    stayed_behind=bool(went_on) and entry.id not in went_on,
                    score=score,
                    is_below_floor=score is not None and terms.floor is not None and score < float(terms.floor),
                )
            )
    return found


def with_lots(rows: Sequence[Ranked], places: Mapping[UUID, int]) -> list[Ranked]:
    """Return rows in order of pool and rank once lots are drawn; `places` has those of the drawn entries among them."""
    lists: dict[str, list[Ranked]] = {}
    for row in rows:
        lists.setdefault(row.pool, []).append(row)
    found = []
    for members in lists.values():
        drawn = {str(row.entry.id): places[row.entry.id] for row in members if row.entry.id in places}
        if not drawn:
            found += members
            continue
        ranks = {str(row.entry.id): row.standing.rank for row in members if row.standing.rank is not None}
        by_lot = ranks_by_lot(ranks, drawn)
        lots = {key: place for place, key in enumerate(sorted(drawn, key=lambda key: drawn[key]), start=1)}
        stood = [
            replace(row, drawn_rank=by_lot.get(key), lot=lots.get(key), lots=len(lots))
            for row, key in ((row, str(row.entry.id)) for row in members)
        ]
        found += sorted(stood, key=lambda row: row.rank or len(stood) + 1)
    return found


def _score(figure: EntryTally, adjusted: AdjustedScore | None) -> float | None:
    """Return the score that leads: `adjusted` where that does, else the mean."""
    if figure.rank is None or figure.mean is None:
        return None
    return float(figure.mean) if adjusted is None else adjusted.score


def _pool(entry: Entry, drawn: Pools | None) -> str:
    fixed = entry.category.code if entry.category is not None and entry.category.awards is not None else WHOLE_CALL
    if drawn is None:
        return fixed
    return f"{fixed}/{drawn.of_application.get(entry.application_id, NOT_DRAWN)}"
