"""Taking rows in that were there before they had digests."""

from datetime import datetime
from types import SimpleNamespace

from fundapp.core.audit.digests import rows_without_digest
from fundapp.core.audit.entries import Doer
from fundapp.core.audit.ledger import ledger_of, record
from fundapp.core.db import db


def adopt_rows(*, actor: Doer, now: datetime) -> int:
    """Let every audited row without a digest have one when this commits; return how many.

    One entry a table says so, on the first of its rows. What was changed before stays as it is, unseen: verify first.
    """
    count = 0
    for table, ids in rows_without_digest(db.session.connection()):
        subject = SimpleNamespace(__tablename__=table, id=ids[0])
        record(actor=actor, action="rows:adopt", subject=subject, now=now, data={"rows": len(ids)})
        ledger_of(db.session()).adopted += [(table, row_id) for row_id in ids]
        count += len(ids)
    return count
