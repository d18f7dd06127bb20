"""Verification: walk the whole chain, and name the first thing in it that is not as it was written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from fundapp.core.audit.broken import Broken
from fundapp.core.audit.chain import NO_HASH, entry_hash
from fundapp.core.audit.checkpoints import Checkpoint, checkpoint_of, is_signed
from fundapp.core.audit.coverage import coverage
from fundapp.core.audit.entries import AuditCheckpoint, AuditEntry, AuditHead, facts_of
from fundapp.core.audit.row_verification import broken_digest, broken_rows
from fundapp.core.audit.versions import KeptVersion, content_sha256, kept_classes
from fundapp.core.keys import Keyring

VersionKey = tuple[str, UUID, int]


@dataclass
class _Walk:
    """What one pass over the chain has learned."""

    last: int = 0
    before: str = NO_HASH
    hashes: dict[int, str] = field(default_factory=dict)
    versions: dict[VersionKey, tuple[int, str]] = field(default_factory=dict)


def first_broken(session: Session, *, ring: Keyring, elsewhere: Iterable[Checkpoint] = ()) -> Broken | None:
    """Return the first thing that was edited, cut, reordered or forged, or None.

    Looked at, in this order: the entries and the head; the checkpoints, stored and kept `elsewhere`; the kept versions;
    the rows that the newest versions describe; the digests, and every audited row by its newest one. `ring` holds the
    public audit keys.
    """
    stored = [checkpoint_of(row) for row in session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.seq))]
    elsewhere = sorted(elsewhere, key=lambda checkpoint: checkpoint.seq)
    walk = _Walk()
    return (
        _broken_entry(session, walk, {checkpoint.seq for checkpoint in (*stored, *elsewhere)})
        or _broken_head(session, walk)
        or _broken_checkpoint(stored, elsewhere, walk, ring)
        or _broken_version(session, walk)
        or _broken_row(session)
        or broken_digest(session)
        or next(broken_rows(session, coverage()), None)
    )


def _broken_entry(session: Session, walk: _Walk, wanted: set[int]) -> Broken | None:
    columns = AuditEntry.__table__.c
    entries = iter(session.execute(select(*columns).order_by(columns.seq)).yield_per(1000))
    while True:
        seq = walk.last + 1
        try:
            entry = next(entries, None)
            if entry is None:
                return None
            if problem := _entry_problem(entry, seq, walk.before):
                return Broken("audit_entry", seq, problem)
            if "version" in entry.data:
                key = (entry.object_type, entry.object_id, entry.data["version"])
                walk.versions[key] = (seq, entry.data["version_sha256"])
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            return Broken("audit_entry", seq, f"was edited: it can't be read any more ({type(error).__name__})")
        walk.last, walk.before = seq, entry.entry_hash
        if seq in wanted:
            walk.hashes[seq] = entry.entry_hash


def _entry_problem(entry: Row[Any], seq: int, before: str) -> str | None:
    if entry.seq != seq:
        return "is missing: it was cut out"
    if entry.prev_hash != before:
        return "does not follow the entry before it: it was moved, replaced or forged"
    if entry_hash(before, facts_of(entry)) != entry.entry_hash:
        return "was edited: its content does not give its hash"
    return None


def _broken_head(session: Session, walk: _Walk) -> Broken | None:
    heads = session.execute(select(AuditHead.seq, AuditHead.hash)).all()
    if len(heads) != 1:
        return Broken("audit_head", None, f"{len(heads)} rows instead of one")
    seq, head_hash = heads[0]
    if seq > walk.last:
        return Broken("audit_entry", walk.last + 1, f"is missing: the end was cut off, the head names entry {seq}")
    if seq < walk.last:
        return Broken("audit_entry", seq + 1, "is forged: the head does not know it")
    if head_hash != walk.before:
        return Broken("audit_head", seq, "was edited: it names another hash than the last entry has")
    return None


def _broken_checkpoint(
    stored: list[Checkpoint], elsewhere: list[Checkpoint], walk: _Walk, ring: Keyring
) -> Broken | None:
    good = 0
    for checkpoint in sorted({*stored, *elsewhere}, key=lambda each: each.seq):
        if not is_signed(checkpoint, ring):
            return Broken("audit_checkpoint", checkpoint.seq, "is forged or was edited: no key of ours signed this")
        if checkpoint.seq > walk.last:
            cut = f"is missing: the end was cut off, the checkpoint of {checkpoint.at} names entry {checkpoint.seq}"
            return Broken("audit_entry", walk.last + 1, cut)
        if walk.hashes[checkpoint.seq] != checkpoint.head_hash:
            rewritten = (
                f"and what follows, to entry {checkpoint.seq}, was rewritten: the checkpoint of {checkpoint.at}"
                " names another hash"
            )
            return Broken("audit_entry", good + 1, rewritten)
        good = checkpoint.seq
    known = set(stored)
    for checkpoint in elsewhere:
        if checkpoint not in known:
            return Broken("audit_checkpoint", checkpoint.seq, "is missing: it is kept elsewhere, and here no more")
    return None


def _broken_version(session: Session, walk: _Walk) -> Broken | None:
    told = dict(walk.versions)
    columns = KeptVersion.__table__.c
    for row in session.execute(select(*columns).order_by(columns.seq)):
        key = (row.object_type, row.object_id, row.number)
        what = f"version {row.number} of {row.object_type} {row.object_id}"
        if told.pop(key, None) != (row.seq, row.sha256):
            return Broken("kept_version", row.seq, f"{what} is forged or was edited: no entry tells of it like this")
        if content_sha256(row.content) != row.sha256:
            return Broken("kept_version", row.seq, f"{what} was edited: its content does not give its hash")
    for (object_type, object_id, number), (seq, _sha256) in sorted(told.items(), key=lambda each: each[1]):
        return Broken("kept_version", seq, f"version {number} of {object_type} {object_id} is missing")
    return None


def _broken_row(session: Session) -> Broken | None:
    newest: dict[tuple[str, UUID], Row[Any]] = {}
    for row in session.execute(select(*KeptVersion.__table__.c).order_by(KeptVersion.number)):
        newest[row.object_type, row.object_id] = row
    return next(_different_rows(session, newest), None)


def _different_rows(session: Session, newest: Mapping[tuple[str, UUID], Row[Any]]) -> Iterator[Broken]:
    """Compare each row with its newest version, and look for versions whose row is gone."""
    left = dict(newest)
    for table, kept_class in sorted(kept_classes().items()):
        for kept in session.scalars(select(kept_class).execution_options(populate_existing=True)):
            yield from _compared(table, kept, left.pop((table, kept.id), None))
    for (object_type, object_id), row in left.items():
        if row.content is not None:
            yield Broken(object_type, row.seq, f"{object_id} is missing: nothing recorded deletes it")


def _compared(table: str, kept: Any, version: Row[Any] | None) -> Iterator[Broken]:
    content = kept.kept()
    if version is None:
        if content is not None:
            yield Broken(table, None, f"{kept.id} has no version: it was forged, or made before versions were kept")
    elif content_sha256(content) != version.sha256:
        names = sorted(
            name
            for name in {*(content or {}), *(version.content or {})}
            if (content or {}).get(name) != (version.content or {}).get(name)
        )
        yield Broken(table, version.seq, f"{kept.id} was edited without a record: {', '.join(names) or 'all of it'}")
