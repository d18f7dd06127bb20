"""Checkpoints: signed statements of where the chain stood, to be kept where whoever runs the database can't reach.

A cut or wholly rewritten chain is in itself as good as any other; it no longer agrees with a checkpoint.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from fundapp.core.audit.chain import canonical_json, canonical_time
from fundapp.core.audit.entries import AuditCheckpoint, AuditHead
from fundapp.core.audit.writing import database_now
from fundapp.core.db import db
from fundapp.core.errors import Failure
from fundapp.core.keys import Keyring, Part

CHECKPOINT_LABEL: Final = b"fundapp-checkpoint-v1\0"
_FIELDS: Final = ("seq", "head_hash", "at", "key_id", "signature")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it is kept elsewhere: `at` in its canonical spelling, the signature as hex."""

    seq: int
    head_hash: str
    at: str
    key_id: str
    signature: str

    def to_json(self) -> str:
        """Return the one line that is kept elsewhere."""
        return canonical_json({name: getattr(self, name) for name in _FIELDS}).decode("utf-8")

    @property
    def message(self) -> bytes:
        """Return what the signature covers."""
        signed = {name: getattr(self, name) for name in _FIELDS if name != "signature"}
        return CHECKPOINT_LABEL + canonical_json(signed)


def make_checkpoint(*, ring: Keyring) -> Checkpoint:
    """Sign where the chain stands; the same place again gives the same checkpoint. Raises Failure for an empty chain.

    `ring` holds both halves of the audit key.
    """
    seq, head_hash = db.session.execute(select(AuditHead.seq, AuditHead.hash)).one()
    if seq == 0:
        raise Failure("nothing has been recorded yet")
    known = db.session.get(AuditCheckpoint, seq)
    if known is not None:
        return checkpoint_of(known)
    number = ring.newest(Part.AUDIT_PRIVATE)
    at = database_now(db.session.connection())
    unsigned = Checkpoint(seq, head_hash, canonical_time(at), key_id(ring, number), "")
    signature = ring.sign(unsigned.message)[1].hex()
    row = AuditCheckpoint(seq=seq, head_hash=head_hash, at=at, key_id=unsigned.key_id, signature=signature)
    db.session.add(row)
    db.session.flush()
    return checkpoint_of(row)


def checkpoint_of(row: AuditCheckpoint) -> Checkpoint:
    """Return a stored checkpoint."""
    return Checkpoint(row.seq, row.head_hash, canonical_time(row.at), row.key_id, row.signature)


def read_checkpoints(lines: Iterable[str]) -> list[Checkpoint]:
    """Read checkpoints that were kept elsewhere, one a line. Raises Failure naming a line that is none."""
    read = []
    for number, line in enumerate(lines, 1):
        try:
            values: dict[str, Any] = json.loads(line)
            checkpoint = Checkpoint(**{name: values[name] for name in _FIELDS})
            datetime.fromisoformat(checkpoint.at)
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(f"line {number} is no checkpoint") from error
        read.append(checkpoint)
    return read


def key_id(ring: Keyring, number: int) -> str:
    """Return how a signing key is called: its number, and the beginning of the hash of its public half."""
    public = ring.raw(Part.AUDIT_PUBLIC, number)
    return f"{number}-{hashlib.sha256(public).hexdigest()[:16]}"


def is_signed(checkpoint: Checkpoint, ring: Keyring) -> bool:
    """Say whether one of our keys, the very one that is named, signed a checkpoint."""
    number = checkpoint.key_id.partition("-")[0]
    if not number.isdecimal() or int(number) not in ring.numbers(Part.AUDIT_PUBLIC):
        return False
    try:
        signature = bytes.fromhex(checkpoint.signature)
    except ValueError:
        return False
    return checkpoint.key_id == key_id(ring, int(number)) and ring.verifies(
        checkpoint.message, signature, number=int(number)
    )
