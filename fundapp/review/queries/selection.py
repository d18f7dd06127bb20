"""The tally and the selection of a call: figures and decisions entry by entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    Category,
    Criterion,
    Entry,
)
from fundapp.applications.scope import goes_to_reviewers, in_work, visible_to
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.assignment import Pair
from fundapp.review.models import (
    Assignment,
    Decision,
    PoolShare,
    Review,
    Reviewer,
    ReviewStatus,
    Score,
    SelectionTerms,
    Slate,
    SlateStatus,
)
from fundapp.review.queries.active import is_active
from fundapp.review.queries.line_draw import drawn_places
from fundapp.review.queries.pools import Pools, counted, pool_bars, pools_of, scores_are_closed
from fundapp.review.queries.ranking import Ranked, ranked_rows, with_lots
from fundapp.review.queries.vote_count import choices_by_vote
from fundapp.review.rules import Choice, against_rank
from fundapp.review.tally import Scale, ScoreRow, WeightedCriterion, scale_of_marks
from fundapp.review.terms_rules import WantedTerms


@dataclass(frozen=True)
class Selection:
    """A call's entries in order of pool and rank, and the list of decisions (None before the first)."""

    call: Call
    slate: Slate | None
    ranked: Sequence[Ranked]
    criteria: Sequence[WeightedCriterion]
    score_rows: Sequence[ScoreRow]
    pools: Pools | None
    """The pools in which applicants review each other; None where they do not."""
    terms: WantedTerms
    """What was fixed before."""
    visible: ColumnElement[bool]
    """The condition on Application under which it was made."""

    @property
    def scale(self) -> Scale:
        """Return the scale of the marks."""
        return scale_of_marks(self.criteria)

    @property
    def is_open(self) -> bool:
        """Say whether decisions can still change."""
        return self.slate is None or self.slate.status is SlateStatus.OPEN

    @property
    def undecided(self) -> list[Ranked]:
        """Return the entries that nobody decided yet."""
        return [row for row in self.ranked if row.decision is None]

    @property
    def awards_left(self) -> dict[str, int]:
        """Return how many more awards each pool with a fixed number gives."""
        left: dict[str, int] = {}
        for row in self.ranked:
            awards = self._awards(row)
            if awards is not None:
                left.setdefault(row.pool, awards)
                left[row.pool] -= row.candidate.choice is Choice.AWARD
        return left

    @property
    def left_minor(self) -> dict[str, int]:
        """Return what is left of each purse, in minor units of the call's currency."""
        if self.pools is None:
            return {"": self.call.budget_minor - self.call.committed_minor}
        left: dict[str, int] = {}
        for row in self.ranked:
            share = self.share(row)
            left.setdefault(row.purse, share.money_minor if share else 0)
            left[row.purse] -= row.decision.amount_minor if row.decision else 0
        return left

    @property
    def hides_scores(self) -> bool:
        """Say whether the scores are closed still, and nothing can be decided."""
        return self.pools is not None and not self.pools.are_open

    def share(self, row: Ranked) -> PoolShare | None:
        """Return what the pool of an entry gives in its category; None where there is no pool."""
        pool = self.pools.of_application.get(row.entry.application_id) if self.pools else None
        if self.pools is None or pool is None:
            return None
        fixed = row.entry.category_id if row.entry.category and row.entry.category.awards is not None else None
        return self.pools.shares.get((fixed, pool))

    def _awards(self, row: Ranked) -> int | None:
        if self.pools is None:
            awards = row.entry.category.awards if row.entry.category else None
            return self.terms.places if awards is None else awards
        share = self.share(row)
        return share.awards if share else 0

    def row(self, entry_id: UUID) -> Ranked:
        """Return the row of an entry. Raises NotFound."""
        found = next((row for row in self.ranked if row.entry.id == entry_id), None)
        if found is None:
            raise NotFound
        return found


def selection(*, actor: Actor, call: Call, with_adjusted: bool = False) -> Selection:
    """Return the selection as the actor may see it: what is hidden from them is in no figure and no rank.

    Adjusted scores are made where they lead, or `with_adjusted`.
    """
    return _selection(call, visible_to(actor), clock.now(), with_adjusted=with_adjusted)


def whole_selection(*, call: Call, now: datetime | None = None) -> Selection:
    """Return the selection with nothing left out: for rules about the whole list, never for a page.

    `now` is the instant at which a public vote has closed or not: the present one where nothing is changed.
    """
    return _selection(call, true(), now or clock.now())


def terms_set(call: Call) -> WantedTerms:
    """Return what was fixed before the selection of a call, read afresh: by itself, means lead and nothing binds."""
    terms = set_terms(call)
    return terms.values() if terms is not None else WantedTerms()


def set_terms(call: Call) -> SelectionTerms | None:
    """Return the terms of a call as they stand in the database now; None where nobody fixed any."""
    return db.session.scalar(
        select(SelectionTerms)
        .where(SelectionTerms.call_id == call.id)
        .options(selectinload(SelectionTerms.rules), selectinload(SelectionTerms.pots))
        .execution_options(populate_existing=True)
    )


def current_slate(*, call: Call) -> Slate | None:
    """Return the call's list of decisions, or None before the first decision."""
    return db.session.scalar(select(Slate).where(Slate.call_id == call.id).order_by(Slate.number.desc()).limit(1))


def sees_everything(*, actor: Actor, call: Call) -> bool:
    """Say whether the actor has no conflict of interest with anything that is selected from."""
    hidden = db.session.scalar(
        select(Entry.id)
        .join(Entry.application)
        .where(Entry.call_id == call.id, goes_to_reviewers(), ~visible_to(actor))
        .limit(1)
    )
    return hidden is None


def unchecked_applications(*, call: Call) -> int:
    """Return how many applications were sent and neither marked eligible nor ineligible."""
    return db.session.scalars(
        select(func.count())
        .select_from(Application)
        .where(Application.call_id == call.id, Application.status == ApplicationStatus.SUBMITTED, in_work())
    ).one()


def decided_entries(*, actor: Actor, call: Call) -> int:
    """Return how many eligible entries of a call, of those that the actor may see, are decided."""
    return db.session.scalars(
        select(func.count(Decision.id))
        .join(Decision.entry)
        .join(Entry.application)
        .where(Entry.call_id == call.id, goes_to_reviewers(), visible_to(actor))
    ).one()


def reviews_of(*, actor: Actor, entry: Entry) -> list[Review]:
    """Return the reviews of an entry that count, with their reviewers and scores, by name.

    Where applicants review each other there are none before the scores are opened.
    """
    return reviews_by_entry(actor=actor, call=db.session.get_one(Call, entry.call_id), entries=[entry])[entry.id]


def reviews_by_entry(*, actor: Actor, call: Call, entries: Sequence[Entry]) -> Mapping[UUID, list[Review]]:
    """Return the same for each of several entries of a call, by their ids."""
    found: dict[UUID, list[Review]] = {entry.id: [] for entry in entries}
    if scores_are_closed(call):
        return found
    barred = pool_bars(call)
    reviews = db.session.scalars(
        select(Review)
        .join(Review.assignment)
        .join(Assignment.reviewer)
        .join(Reviewer.person)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(Assignment.entry_id.in_(found), _counts(), visible_to(actor))
        .options(
            contains_eager(Review.assignment).contains_eager(Assignment.reviewer).contains_eager(Reviewer.person),
            selectinload(Review.scores).joinedload(Score.criterion),
        )
    )
    for each in sorted(reviews, key=lambda review: review.assignment.reviewer.person.sort_key):
        seat = each.assignment
        if Pair(str(seat.entry_id), str(seat.reviewer_id)) not in barred:
            found[seat.entry_id].append(each)
    return found


def weighted(criteria: Sequence[Criterion]) -> list[WeightedCriterion]:
    """Return a call's criteria as the tally sees them."""
    return [WeightedCriterion(c.code, c.weight, c.minimum, c.maximum) for c in criteria]


def _counts() -> ColumnElement[bool]:
    """Return the condition that a review is in the tally."""
    return and_(Review.status == ReviewStatus.SUBMITTED, is_active())


def _selection(call: Call, visible: ColumnElement[bool], now: datetime, *, with_adjusted: bool = False) -> Selection:
    entries = list(
        db.session.scalars(
            select(Entry)
            .join(Entry.application)
            .outerjoin(Decision, Decision.entry_id == Entry.id)
            .outerjoin(Entry.category)
            .where(
                Entry.call_id == call.id,
                or_(goes_to_reviewers(), Decision.id.is_not(None)),
                visible,
            )
            .options(contains_eager(Entry.application), contains_eager(Entry.category))
            .order_by(Category.position, Application.reference)
        )
    )
    stage = call.deciding_stage
    decisions = {
        decision.entry_id: decision
        for decision in db.session.scalars(
            select(Decision)
            .join(Decision.slate)
            .join(Decision.entry)
            .join(Entry.application)
            .where(Slate.call_id == call.id, visible)
            .options(joinedload(Decision.decided_by))
            .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
        )
    }
    rows = [
        ScoreRow(str(entry_id), str(reviewer_id), code, value)
        for entry_id, reviewer_id, code, value in db.session.execute(
            select(Assignment.entry_id, Assignment.reviewer_id, Criterion.code, Score.value)
            .join(Score.review)
            .join(Score.criterion)
            .join(Review.assignment)
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Assignment.stage_id == stage.id, _counts(), visible)
            .order_by(Assignment.entry_id, Assignment.reviewer_id, Criterion.position)
        )
    ]
    criteria = weighted(stage.criteria)
    rows = counted(call, rows)
    pools = pools_of(call) if call.is_impartial else None
    terms = terms_set(call)
    ranked = ranked_rows(call, entries, decisions, criteria, rows, pools, terms, with_adjusted=with_adjusted)
    ranked = with_lots(ranked, drawn_places(call, visible))
    votes = choices_by_vote(call, entries, visible, now)
    ranked = [replace(row, by_vote=votes.get(row.entry.id)) for row in ranked]
    against = against_rank(row.candidate for row in ranked if row.is_eligible)
    return Selection(
        call=call,
        slate=current_slate(call=call),
        ranked=[replace(row, is_against_rank=str(row.entry.id) in against) for row in ranked],
        criteria=criteria,
        score_rows=rows,
        pools=pools,
        terms=terms,
        visible=visible,
    )
