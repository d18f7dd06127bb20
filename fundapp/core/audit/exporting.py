"""The record as a file that anybody can verify without us: JSON lines, read by script/verify_audit.py."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundapp.core.audit.chain import canonical_json
from fundapp.core.audit.checkpoints import checkpoint_of, key_id
from fundapp.core.audit.entries import AuditCheckpoint, AuditEntry, facts_of
from fundapp.core.keys import Keyring, Part


def exported_lines(session: Session, *, ring: Keyring) -> Iterator[str]:
    """Yield the public keys, all entries and all checkpoints, one JSON object a line. `ring` holds the public keys."""
    for number in ring.numbers(Part.AUDIT_PUBLIC):
        yield _line({"key": {"id": key_id(ring, number), "ed25519": ring.raw(Part.AUDIT_PUBLIC, number).hex()}})
    columns = AuditEntry.__table__.c
    for entry in session.execute(select(*columns).order_by(columns.seq)).yield_per(1000):
        yield _line({"entry": facts_of(entry), "prev_hash": entry.prev_hash, "entry_hash": entry.entry_hash})
    for row in session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.seq)):
        yield f'{{"checkpoint":{checkpoint_of(row).to_json()}}}'


def _line(value: dict[str, object]) -> str:
    return canonical_json(value).decode("utf-8")
