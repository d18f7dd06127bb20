"""Signing frozen tallies, and recording those of before.

Who may read the private key signs them with each checkpoint; pages and jobs may not.
"""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.core.audit import AuditEntry, canonical_time, record
from fundapp.core.audit.checkpoints import key_id
from fundapp.core.audit.writing import database_now
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part
from fundapp.review.frozen import Signature
from fundapp.review.models import FrozenTally, TallySignature


def sign_frozen_tallies(*, ring: Keyring) -> int:
    """Sign each frozen tally that has no signature yet; return how many. `ring` holds both halves of the audit key."""
    unsigned = db.session.scalars(
        select(FrozenTally).where(~FrozenTally.signature.has()).order_by(FrozenTally.made_at, FrozenTally.id)
    ).all()
    called = key_id(ring, ring.newest(Part.AUDIT_PRIVATE))
    for frozen in unsigned:
        at = database_now(db.session.connection())
        message = Signature(frozen.sha256, canonical_time(at), called, "").message
        signature = ring.sign(message)[1].hex()
        db.session.add(TallySignature(frozen_tally_id=frozen.id, signed_at=at, key_id=called, signature=signature))
    db.session.flush()
    return len(unsigned)


def adopt_tallies(*, actor: Actor, now: datetime) -> int:
    """Record the tallies that were kept with a list before there were files; return how many."""
    known = select(AuditEntry.object_id).where(AuditEntry.object_type == "frozen_tally")
    found = db.session.scalars(select(FrozenTally).where(FrozenTally.id.not_in(known))).all()
    for frozen in found:
        data = {"number": frozen.number, "sha256": frozen.sha256}
        record(actor=actor, action="tally:adopt", subject=frozen, now=now, call_id=frozen.slate.call_id, data=data)
    return len(found)
