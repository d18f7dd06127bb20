"""The scores of a call as `fundapp tally` reads them: those that count, and no others. Columns: docs/exports.md."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.anonymous import application_alias, reviewer_alias
from fundapp.disbursement.exports.handing_out import Export
from fundapp.disbursement.rules import entry_reference
from fundapp.review.models import Assignment, Review, Score
from fundapp.review.queries.selection import selection
from fundapp.review.tally import WeightedCriterion

COLUMNS: Final = ("application", "reviewer", "criterion", "score", "category", "sample")


def scores(*, actor: Actor, call: Call, is_anonymised: bool = False) -> Export:
    """Return the scores that count of what the actor may see, with the rubric to tally them by beside.

    Reviewers stand there under an alias in any case. Raises NotAllowed.
    """
    actor.require(P.DECISION_EXPORT, call.id)
    actor.require(P.CALIBRATION_READ, call.id)
    found = selection(actor=actor, call=call)
    entries = {str(row.entry.id): row.entry for row in found.ranked}
    rows: list[Sequence[Cell]] = [
        (
            _reference(call, entries[each.entry_id], is_anonymised=is_anonymised),
            reviewer_alias(call.id, UUID(each.reviewer_id)),
            each.criterion,
            _cell(each.score),
            _code(entries[each.entry_id]),
            "yes" if call.is_sample else "no",
        )
        for each in found.score_rows
        if each.entry_id in entries
    ]
    return Export(
        what="scores",
        call=call,
        columns=COLUMNS,
        rows=sorted(rows, key=lambda row: [str(cell) for cell in row[:3]]),
        filters={"reviews": "sent, and counted in the tally", "stage": call.deciding_stage.code},
        is_anonymised=is_anonymised,
        beside={"-rubric.toml": _rubric(found.criteria)},
    )


def scores_at_most(actor: Actor, call: Call) -> int:
    """Return how many scores were given in a call, also those that do not count, of what the actor may see."""
    given = select(func.count()).select_from(Score).join(Score.review).join(Review.assignment).join(Assignment.entry)
    return db.session.scalar(given.join(Entry.application).where(Entry.call_id == call.id, visible_to(actor))) or 0


def _reference(call: Call, entry: Entry, *, is_anonymised: bool) -> str:
    application = entry.application
    name = application_alias(call.id, application.id) if is_anonymised else application.reference or ""
    return entry_reference(name, _code(entry))


def _code(entry: Entry) -> str | None:
    return entry.category.code if entry.category else None


def _cell(score: int | Decimal | Fraction | None) -> Cell:
    """Return a score as a cell. Scores are given in steps of a scale, which are decimals: no fraction is among them."""
    if isinstance(score, Fraction):
        raise TypeError("a score is no fraction")
    return score


def _rubric(criteria: Sequence[WeightedCriterion]) -> bytes:
    """Return criteria as TOML. Codes are words without quotes, and numbers are exact decimals."""
    return "\n".join(
        f'[[criteria]]\ncode = "{each.key}"\n'
        f"weight = {each.weight}\nminimum = {each.lowest}\nmaximum = {each.highest}\n"
        for each in criteria
    ).encode()
