"""The last thing before a commit: check that nothing is missing, lock the head, chain the entries, write them.

The head is locked after everything else and held only until the commit, so transactions wait for each other shortly
and cannot wait in a circle.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, event, func, insert, select, update
from sqlalchemy.orm import Session

from fundapp.core.audit.chain import entry_hash
from fundapp.core.audit.coverage import require_entries
from fundapp.core.audit.digests import renew_digests, rows_sha256, write_digests
from fundapp.core.audit.entries import AuditEntry, AuditHead, facts_of
from fundapp.core.audit.ledger import Pending, ledger_of
from fundapp.core.audit.versions import KeptVersion, new_versions
from fundapp.core.db import db


def database_now(connection: Connection) -> datetime:
    """Return the present instant by the database's own clock, aware, in UTC."""
    if connection.dialect.name == "sqlite":
        text = connection.scalar(select(func.strftime("%Y-%m-%dT%H:%M:%f", "now")))
        return datetime.fromisoformat(cast(str, text)).replace(tzinfo=UTC)
    return cast(datetime, connection.scalar(select(func.clock_timestamp()))).astimezone(UTC)


@event.listens_for(db.session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return  # SQLAlchemy announces the end of a savepoint too
    session.flush()
    ledger = ledger_of(session)
    require_entries(ledger)
    versions = new_versions(session, ledger)
    names = [*(change.name for change in ledger.changes), *ledger.adopted]
    digests = renew_digests(session.connection(), names) if names else []  # what only read waits for no lock
    ledger.closed = True
    if ledger.entries:
        if digests:
            ledger.entries[-1].rows_sha256 = rows_sha256(digests)
        first = _chain(session.connection(), ledger.entries)
        numbers = {id(entry): first + place for place, entry in enumerate(ledger.entries)}
        rows = [{**version, "seq": numbers[id(entry)]} for entry, version in versions]
        if rows:
            session.connection().execute(insert(KeptVersion), rows)
        write_digests(session.connection(), digests, first + len(ledger.entries) - 1)


def _chain(connection: Connection, entries: list[Pending]) -> int:
    """Write the entries behind the newest one; return the number of the first."""
    seq, before = connection.execute(select(AuditHead.seq, AuditHead.hash).with_for_update()).one()
    first = seq + 1
    written_at = database_now(connection)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        values = {**asdict(entry), "seq": seq, "written_at": written_at, "prev_hash": before}
        before = entry_hash(before, facts_of(SimpleNamespace(**values)))
        rows.append({**values, "entry_hash": before})
    connection.execute(insert(AuditEntry), rows)
    connection.execute(update(AuditHead).values(seq=seq, hash=before))
    return first
