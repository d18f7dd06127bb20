"""Which reviewers cannot be given which entries, and why: one place for plans, giving by hand, and what pages tell."""

from collections.abc import Iterable

from sqlalchemy import select

from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.review.assignment import Bar, Pair
from fundapp.review.models import Assignment, AssignmentStatus, PairRule, PairRuleKind, Reviewer, StageSeat
from fundapp.review.queries.conflicts import entry_conflicts
from fundapp.review.queries.pools import pool_bars


def barred_pairs(call: Call) -> dict[Pair, Bar]:
    """Return every pair of a call that must not be, with the strongest reason of each."""
    reasons: tuple[tuple[Bar, Iterable[Pair]], ...] = (  # the weakest first: what follows replaces it
        (Bar.OTHER_STAGE, _not_in_stage(call)),
        (Bar.FORBIDDEN, ruled_pairs(call, PairRuleKind.FORBID)),
        (Bar.TAKEN_BACK, _taken_back(call)),
        (Bar.POOL, pool_bars(call)),
        (Bar.CONFLICT, entry_conflicts(call)),
    )
    return {pair: bar for bar, pairs in reasons for pair in pairs}


def ruled_pairs(call: Call, kind: PairRuleKind) -> frozenset[Pair]:
    """Return the pairs about which those who run a call laid something down."""
    rows = db.session.execute(
        select(PairRule.entry_id, PairRule.reviewer_id)
        .join(PairRule.entry)
        .where(Entry.call_id == call.id, PairRule.kind == kind)
    )
    return frozenset(Pair(str(entry_id), str(reviewer_id)) for entry_id, reviewer_id in rows)


def _taken_back(call: Call) -> frozenset[Pair]:
    """Return the pairs in which what was begun was taken back: they do not come again."""
    rows = db.session.execute(
        select(Assignment.entry_id, Assignment.reviewer_id)
        .join(Assignment.entry)
        .where(
            Entry.call_id == call.id,
            Assignment.stage_id == Entry.stage_id,
            Assignment.status == AssignmentStatus.TAKEN_BACK,
        )
    )
    return frozenset(Pair(str(entry_id), str(reviewer_id)) for entry_id, reviewer_id in rows)


def _not_in_stage(call: Call) -> frozenset[Pair]:
    """Return the pairs of entries with reviewers who do not sit in their stage; one without seats is everybody's."""
    seats: dict[object, set[object]] = {}
    for stage_id, reviewer_id in db.session.execute(
        select(StageSeat.stage_id, StageSeat.reviewer_id).where(StageSeat.call_id == call.id)
    ):
        seats.setdefault(stage_id, set()).add(reviewer_id)
    if not seats:
        return frozenset()
    panel = db.session.scalars(select(Reviewer.id).where(Reviewer.call_id == call.id)).all()
    entries = db.session.execute(
        select(Entry.id, Entry.stage_id).where(Entry.call_id == call.id, Entry.stage_id.in_(seats))
    )
    return frozenset(
        Pair(str(entry_id), str(reviewer_id))
        for entry_id, stage_id in entries
        for reviewer_id in panel
        if reviewer_id not in seats[stage_id]
    )
