"""The document of a frozen tally, made from the database: ids, references, scores, ranks and decisions, no names."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import in_conflict
from fundapp.core.audit import AuditEntry, KeptVersion, canonical_time, content_sha256
from fundapp.core.audit.chain import canonical_json
from fundapp.core.db import db
from fundapp.core.numbers import plain_number
from fundapp.review.frozen import FORM, TOLERANCE, Signature, adjusted_as_written, plain_figures, signed_lines
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    FrozenTally,
    Review,
    Reviewer,
    SelectionTerms,
    Slate,
    SlateStatus,
)
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection
from fundapp.review.tally.leading import adjusted_scores

Versions = dict[UUID, list[dict[str, Any]]]


def newest_frozen(slate: Slate) -> FrozenTally | None:
    """Return what was frozen when a list was last sent; None while it is open."""
    if slate.status is SlateStatus.OPEN:
        return None
    return db.session.scalar(
        select(FrozenTally).where(FrozenTally.slate_id == slate.id).order_by(FrozenTally.number.desc()).limit(1)
    )


def frozen_file(frozen: FrozenTally) -> bytes:
    """Return the file of a frozen tally, with its signature once there is one."""
    return signed_lines(frozen.content, signature_of(frozen))


def signature_of(frozen: FrozenTally) -> Signature | None:
    """Return the signature under a frozen tally, as its file has it."""
    row = frozen.signature
    if row is None:
        return None
    return Signature(frozen.sha256, canonical_time(row.signed_at), row.key_id, row.signature)


def frozen_content(whole: Selection, slate: Slate, number: int, now: datetime) -> bytes:
    """Return the canonical bytes of what is frozen. `whole` has nothing left out."""
    call = whole.call
    terms = db.session.scalar(select(SelectionTerms).where(SelectionTerms.call_id == call.id))
    stage = call.deciding_stage
    document = {
        "form": FORM,
        "call": {"id": str(call.id), "slug": call.slug},
        "list": {"id": str(slate.id), "number": slate.number, "sent": number},
        "made_at": canonical_time(now),
        "stage": {"id": str(stage.id), "code": stage.code, "reviews_per_entry": stage.reviews_per_entry},
        "currency": call.currency,
        "budget_minor": call.budget_minor,
        "is_impartial": call.is_impartial,
        "terms": terms and {"id": str(terms.id), "content": terms.kept()},
        "criteria": criteria_of(call),
        "adjusted_scores_within": TOLERANCE,
        "reviews": _reviews(whole),
        "entries": _entries(whole),
    }
    return canonical_json(document)


def criteria_of(call: Call) -> list[dict[str, Any]]:
    """Return the criteria of the stage that decides, as a file has them."""
    return [
        {
            "id": str(each.id),
            "code": each.code,
            "weight": str(plain_number(each.weight)),
            "minimum": str(plain_number(each.minimum)),
            "maximum": str(plain_number(each.maximum)),
        }
        for each in call.deciding_stage.criteria
    ]


def given_reviews(call: Call) -> Sequence[Review]:
    """Return every review that was ever given in the stage that decides, counted or not, in one order."""
    return db.session.scalars(
        select(Review)
        .join(Review.assignment)
        .where(Assignment.stage_id == call.deciding_stage.id, Review.submitted_at.is_not(None))
        .options(contains_eager(Review.assignment), selectinload(Review.scores))
        .order_by(Assignment.entry_id, Assignment.reviewer_id, Review.id)
        .execution_options(populate_existing=True)
    ).all()


def versions_of(table: str, ids: Sequence[UUID]) -> Versions:
    """Return the recorded versions of rows, the oldest first, each with its place in the record."""
    found: Versions = defaultdict(list)
    for start in range(0, len(ids), 500):
        rows = db.session.execute(
            select(KeptVersion, AuditEntry.entry_hash)
            .outerjoin(AuditEntry, AuditEntry.seq == KeptVersion.seq)
            .where(KeptVersion.object_type == table, KeptVersion.object_id.in_(ids[start : start + 500]))
            .order_by(KeptVersion.object_id, KeptVersion.number)
        )
        for version, entry_hash in rows:
            found[version.object_id].append(
                {
                    "number": version.number,
                    "sha256": version.sha256,
                    "seq": version.seq,
                    "entry_hash": entry_hash,
                    "content": version.content,
                }
            )
    return found


def _reviews(whole: Selection) -> list[dict[str, Any]]:
    reviews = given_reviews(whole.call)
    versions = versions_of("review", [each.id for each in reviews])
    counting = {(row.entry_id, row.reviewer_id) for row in whole.score_rows}
    in_conflict_now = _in_conflict(whole.call)
    made = []
    for review in reviews:
        assignment = review.assignment
        counts = (str(assignment.entry_id), str(assignment.reviewer_id)) in counting
        made.append(
            {
                "id": str(review.id),
                "assignment": str(assignment.id),
                "entry": str(assignment.entry_id),
                "reviewer": str(assignment.reviewer_id),
                "status": assignment.status.value,
                "counts": counts,
                "why_not": "" if counts else _why_not(assignment, whole, in_conflict_now),
                "versions": _with_present(versions.get(review.id, []), review.kept()),
            }
        )
    return made


def _why_not(assignment: Assignment, whole: Selection, in_conflict_now: set[UUID]) -> str:
    """Say in one word why a review does not count."""
    if assignment.status in (AssignmentStatus.RECUSED, AssignmentStatus.TAKEN_BACK):
        return assignment.status.value
    if assignment.id in in_conflict_now:
        return "conflict"
    if all(row.entry.id != assignment.entry_id or not row.is_eligible for row in whole.ranked):
        return "not_eligible"
    return "own_pool" if whole.call.is_impartial else "no_score"


def _in_conflict(call: Call) -> set[UUID]:
    return set(
        db.session.scalars(
            select(Assignment.id)
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Assignment.stage_id == call.deciding_stage.id, in_conflict(Reviewer.person_id))
        )
    )


def _entries(whole: Selection) -> list[dict[str, Any]]:
    decisions = [row.decision.id for row in whole.ranked if row.decision]
    versions = versions_of("decision", decisions)
    lists: dict[str, list[Ranked]] = defaultdict(list)
    for row in whole.ranked:
        lists[row.pool].append(row)
    made = []
    for name, rows in lists.items():
        scores = adjusted_scores([row.figures for row in rows], least_reviews=whole.terms.least_reviews)
        rows.sort(key=lambda row: (row.rank or len(rows) + 1, row.entry.application.reference or ""))
        for row in rows:
            found, decision = scores.get(str(row.entry.id)), row.decision
            made.append(
                {
                    "entry": str(row.entry.id),
                    "application": str(row.entry.application_id),
                    "reference": row.entry.application.reference or "",
                    "category": row.entry.category.code if row.entry.category else "",
                    "pool": name,
                    "comes_last": row.is_last,
                    **plain_figures(row.figures),
                    "adjusted": found and adjusted_as_written(found),
                    "standing": {"rank": row.standing.rank, "tied": row.standing.tied},
                    "decision": decision
                    and {
                        "id": str(decision.id),
                        "versions": _with_present(versions.get(decision.id, []), decision.kept()),
                    },
                }
            )
    return made


def _with_present(versions: list[dict[str, Any]], content: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the versions up to what stands now, which has no place in the record before its transaction ends."""
    sha256 = content_sha256(content)
    if versions and versions[-1]["sha256"] == sha256:
        return versions
    present = {"number": len(versions) + 1, "sha256": sha256, "seq": None, "entry_hash": None, "content": content}
    return [*versions, present]
