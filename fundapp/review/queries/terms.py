"""What was fixed before a selection, read with what it meets: coverage, contradictions, and what was seen before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.review.models import Assignment, Review, Reviewer, ReviewStatus, SelectionTerms, TermsChange
from fundapp.review.queries.active import is_active
from fundapp.review.queries.asks import asks_of, slate_terms
from fundapp.review.queries.pools import scores_are_closed
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, decided_entries
from fundapp.review.slate import contradiction
from fundapp.review.terms_rules import WantedTerms

MOST_COMPARED: Final = 2_000
"""With more entries than this, rules are not held against each other on a page: it would take too long."""


@dataclass(frozen=True)
class Coverage:
    """How many of the entries of the deciding stage have all reviews that it wants, and which have not."""

    entries: int
    short: Sequence[Ranked]
    wanted_percent: int

    @property
    def full(self) -> int:
        """Return how many have all their reviews."""
        return self.entries - len(self.short)

    @property
    def is_reached(self) -> bool:
        """Say whether as large a share has all its reviews as the terms ask for."""
        return self.full * 100 >= self.wanted_percent * self.entries


def coverage(found: Selection) -> Coverage:
    """Return how far a selection is covered; what stayed behind in an earlier stage is not waited for."""
    rows = [row for row in found.ranked if row.is_eligible and not row.stayed_behind]
    wanted = found.call.deciding_stage.reviews_per_entry
    return Coverage(
        entries=len(rows),
        short=[row for row in rows if row.figures.reviews < wanted],
        wanted_percent=found.terms.coverage_percent,
    )


def contradicting(found: Selection, wanted: WantedTerms) -> tuple[str, ...]:
    """Return the codes of rules of `wanted` that can't all hold with what is asked for; () where all can.

    What has no score yet counts as if it could be given: rules that contradict each other do so whatever the scores.
    """
    asks = asks_of(found)
    if not asks or len(asks) > MOST_COMPARED or not any(rule.least for rule in wanted.rules):
        return ()
    terms = slate_terms(wanted, budget_minor=found.call.budget_minor)
    best = max((ask.merit for ask in asks if ask.merit is not None), default=0.0)
    merit = max(best, terms.floor or best)
    tallied = {str(row.entry.id) for row in found.ranked if row.rank is not None}
    could = [ask if ask.entry_id in tallied else replace(ask, merit=merit) for ask in asks if ask.amount_minor]
    return contradiction(could, terms)


def is_late(*, actor: Actor, call: Call) -> bool:
    """Say whether the actor can see a score of the deciding stage, or a decision: terms now change with a reason."""
    if scores_are_closed(call):
        return False
    return _sees_a_review(actor, call) or decided_entries(actor=actor, call=call) > 0


def late_changes(call: Call) -> list[TermsChange]:
    """Return the changes of the terms of a call that were made late, the first one first."""
    return list(
        db.session.scalars(
            select(TermsChange)
            .join(TermsChange.terms)
            .where(SelectionTerms.call_id == call.id)
            .options(joinedload(TermsChange.changed_by))
            .order_by(TermsChange.number)
        )
    )


def _sees_a_review(actor: Actor, call: Call) -> bool:
    given = (
        exists()
        .where(Review.assignment_id == Assignment.id)
        .where(Review.status == ReviewStatus.SUBMITTED)
        .correlate(Assignment)
    )
    found = db.session.scalar(
        select(Assignment.id)
        .join(Assignment.reviewer)
        .join(Assignment.entry)
        .join(Entry.application)
        .where(Reviewer.call_id == call.id, Assignment.stage_id == call.deciding_stage.id)
        .where(given, is_active(), visible_to(actor))
        .limit(1)
    )
    return found is not None
