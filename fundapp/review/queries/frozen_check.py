"""Whether frozen tallies are still what they were: in the database by themselves, and a file against the database."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from fundapp.applications.models import Call
from fundapp.core.audit import AuditEntry, content_sha256, text_sha256
from fundapp.core.audit.broken import Broken
from fundapp.core.db import db
from fundapp.core.errors import Failure
from fundapp.core.keys import Keyring, Part
from fundapp.review.frozen import FORM, FrozenFile, differences, read_frozen
from fundapp.review.models import Decision, FrozenTally, SelectionTerms
from fundapp.review.queries.freezing import (
    criteria_of,
    given_reviews,
    newest_frozen,
    signature_of,
    versions_of,
)

Document = Mapping[str, Any]
NOBODY_WROTE: str = text_sha256("")


@dataclass(frozen=True)
class Compared:
    """What differs between a file and the database, and what could not be compared."""

    differences: tuple[str, ...]
    notes: tuple[str, ...]


def broken_tally(*, ring: Keyring) -> Broken | None:
    """Return the first frozen tally that was edited, forged, taken away or signed by another key, or None."""
    told = {
        entry.object_id: (entry.seq, entry.data.get("sha256"))
        for entry in db.session.scalars(
            select(AuditEntry).where(AuditEntry.object_type == "frozen_tally").order_by(AuditEntry.seq.desc())
        )
    }
    for frozen in db.session.scalars(
        select(FrozenTally)
        .options(undefer(FrozenTally.content))
        .order_by(FrozenTally.made_at, FrozenTally.id)
        .execution_options(populate_existing=True)
    ):
        seq, sha256 = told.pop(frozen.id, (None, None))
        if problem := _stored_problem(frozen, sha256, ring):
            return Broken("frozen_tally", seq, f"{frozen.id} {problem}")
    for frozen_id, (seq, _sha256) in told.items():
        return Broken("frozen_tally", seq, f"{frozen_id} is missing: nothing deletes one")
    return None


def _stored_problem(frozen: FrozenTally, told: str | None, ring: Keyring) -> str | None:
    if told is None:
        return "is forged, or was kept before there were files: fundapp audit adopt records it"
    try:
        file = read_frozen(frozen.content)
    except Failure:
        return "was edited: it can't be read any more"
    if not (file.sha256 == frozen.sha256 == told):
        return "was edited: its content does not give the hash that was recorded"
    signature = signature_of(frozen)
    if signature and not any(
        signature.is_of(ring.raw(Part.AUDIT_PUBLIC, number)) for number in ring.numbers(Part.AUDIT_PUBLIC)
    ):
        return "has a signature that is forged or was edited: no key of ours made it"
    if wrong := differences(file.document):
        return f"does not hold together: {wrong[0]}"
    return None


def compared(file: FrozenFile) -> Compared:
    """Compare a file with what the database holds now, row by row."""
    try:
        return _compared(file)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return Compared((f"the file cannot be compared with the database: {error}",), ())


def _compared(file: FrozenFile) -> Compared:
    document = file.document
    if document["form"] != FORM:
        return Compared((), ("It was kept before there were files: it names no versions that could be compared.",))
    call = db.session.get(Call, UUID(document["call"]["id"]))
    if call is None:
        return Compared((f"call {document['call']['slug']}: this database does not have it",), ())
    stored = db.session.scalar(
        select(FrozenTally).where(
            FrozenTally.slate_id == UUID(document["list"]["id"]), FrozenTally.number == document["list"]["sent"]
        )
    )
    found = list(_stored_elsewise(file, stored))
    found += _criteria(document, call)
    found += _terms(document, call)
    found += _reviews(document, call)
    newest = newest_frozen(stored.slate) if stored is not None else None
    if stored is not None and newest is not stored:
        return Compared(tuple(found), ("The list was sent back since: its decisions are not compared.",))
    return Compared((*found, *_decisions(document)), ())


def _stored_elsewise(file: FrozenFile, stored: FrozenTally | None) -> Iterator[str]:
    if stored is None:
        yield "frozen_tally: the database does not have this file"
    elif stored.content != file.content or stored.sha256 != file.sha256:
        yield f"frozen_tally {stored.id}: the database has another file in its place"


def _criteria(document: Document, call: Call) -> Iterator[str]:
    now = {each["id"]: each for each in criteria_of(call)}
    for each in document["criteria"]:
        row = now.pop(each["id"], None)
        if row is None:
            yield f"criterion {each['id']} ({each['code']}): it is gone"
        else:
            for key in sorted(key for key in each if each[key] != row[key]):
                yield _differs(f"criterion {each['id']} ({each['code']})", key, each[key], row[key])
    for each in now.values():
        yield f"criterion {each['id']} ({each['code']}): the file does not have it"


def _terms(document: Document, call: Call) -> Iterator[str]:
    terms = db.session.scalar(select(SelectionTerms).where(SelectionTerms.call_id == call.id))
    told = document["terms"] or {"id": str(terms.id) if terms else "", "content": {}}
    now = terms.kept() if terms else {}
    for key in sorted({*told["content"], *now}):
        if told["content"].get(key) != now.get(key):
            yield _differs(f"selection_terms {told['id']}", key, told["content"].get(key), now.get(key))


def _reviews(document: Document, call: Call) -> Iterator[str]:
    told = {each["id"]: each for each in document["reviews"]}
    live = {str(each.id): each for each in given_reviews(call)}
    yield from _versions("review", document["reviews"], _scores_of)
    for review_id, each in told.items():
        row = live.pop(review_id, None)
        if row is None:
            yield f"review {review_id}: it is gone"
            continue
        scores, now = _scores_of(each["versions"][-1]["content"]), _scores_of(row.kept() or {})
        for criterion in sorted({*scores, *now}):
            if scores.get(criterion) != now.get(criterion):
                what = f"review {review_id}, score of criterion {criterion}"
                yield _differs(what, "value", scores.get(criterion), now.get(criterion))
        assignment = row.assignment
        standing = {
            "assignment": str(assignment.id),
            "entry": str(assignment.entry_id),
            "reviewer": str(assignment.reviewer_id),
            "status": assignment.status.value,
        }
        for key in sorted(key for key in standing if standing[key] != each[key]):
            yield _differs(f"assignment {each['assignment']}", key, each[key], standing[key])
    for review_id in live:
        yield f"review {review_id}: the file does not have it"


def _decisions(document: Document) -> Iterator[str]:
    told = [each["decision"] for each in document["entries"] if each["decision"]]
    yield from _versions("decision", told, _without_reason)
    for each in told:
        row = db.session.get(Decision, UUID(each["id"]), populate_existing=True)
        if row is None:
            yield f"decision {each['id']}: it is gone"
            continue
        then, now = each["versions"][-1]["content"], row.kept()
        for key in sorted(key for key in then if then[key] != now[key]):
            if key != "reason_sha256" or now[key] != NOBODY_WROTE:  # a reason can be erased
                yield _differs(f"decision {each['id']}", key, then[key], now[key])
    listed = {UUID(each["id"]) for each in told}
    for decision_id in db.session.scalars(
        select(Decision.id).where(Decision.slate_id == UUID(document["list"]["id"])).order_by(Decision.id)
    ):
        if decision_id not in listed:
            yield f"decision {decision_id}: the file does not have it"


def _versions(table: str, told: list[Document], lasting: Callable[[Document], Any]) -> Iterator[str]:
    """Compare versions by their hashes; one that came later may differ in texts, which can be erased."""
    now = versions_of(table, [UUID(each["id"]) for each in told])
    for each in told:
        rows = {version["number"]: version for version in now.get(UUID(each["id"]), [])}
        for version in each["versions"]:
            row = rows.pop(version["number"], None)
            name = f"kept_version {version['number']} of {table} {each['id']}"
            if row is None:
                yield f"{name}: it is gone"
            elif row["sha256"] != version["sha256"] or content_sha256(row["content"]) != version["sha256"]:
                yield f"{name}: it is not the one in the file"
        last = lasting(each["versions"][-1]["content"])
        for number, row in sorted(rows.items()):
            if row["content"] is None or lasting(row["content"]) != last:
                yield f"{table} {each['id']}: version {number}, made since, says something else"


def _scores_of(content: Document) -> dict[str, Any]:
    return {key: score["value"] for key, score in content.get("scores", {}).items()}


def _without_reason(content: Document) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "reason_sha256"}


def _differs(what: str, key: str, then: object, now: object) -> str:
    return f"{what}: {key} is {then} in the file, and {now} in the database"
