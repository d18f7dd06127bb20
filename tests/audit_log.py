"""What tests do to the audit log that the product can't: empty it, and let rows that a test made by hand pass.

The product never writes an entry for a row that a test prepared, so the listener below writes one where the test itself
commits. A commit that the product makes is left alone: there the check is as strict as it is in production.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from types import FrameType, SimpleNamespace

from sqlalchemy import Connection, event, insert, text
from sqlalchemy.orm import Session

from fundapp.accounts.permissions import system_actor
from fundapp.core.audit import AuditHead, record
from fundapp.core.audit.chain import NO_HASH
from fundapp.core.audit.ledger import ledger_of
from fundapp.core.db import Base, db


def cover_preparations() -> None:
    """Record what the running transaction has changed so far without recording it."""
    db.session.flush()
    ledger = ledger_of(db.session())
    named = {(entry.object_type, entry.object_id) for entry in ledger.entries}
    for change in ledger.changes:
        if named.isdisjoint((change.name, *change.owners)):
            table, row_id = change.name
            named.add(change.name)
            subject = SimpleNamespace(__tablename__=table, id=row_id)
            record(actor=system_actor(), action="test:prepare", subject=subject, now=datetime.now(UTC))


@event.listens_for(db.session, "before_commit", insert=True)
def _cover_what_a_test_commits(session: Session) -> None:
    if not session.in_nested_transaction() and _who_commits() == "tests":
        cover_preparations()


def _who_commits() -> str:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name: str = frame.f_globals.get("__name__", "")
        if name.split(".")[0] in ("fundapp", "tests") and name != __name__:
            return name.split(".")[0]
        frame = frame.f_back
    return ""


def empty_all_tables() -> None:
    """Delete all rows of all tables, those that are append-only too, and begin a new chain. Commits.

    Which tables hold any is asked first, of all of them at once: most tests fill few.
    """
    connection = db.session.connection()
    filled = set(connection.exec_driver_sql(_filled_tables()).scalars())
    with without_triggers(connection):
        for table in reversed(Base.metadata.sorted_tables):
            if table.name in filled:
                connection.execute(table.delete())
        connection.execute(insert(AuditHead).values(id=1, seq=0, hash=NO_HASH))
    db.session.commit()


@cache
def _filled_tables() -> str:
    """Return the statement that names the tables with at least one row."""
    names = [table.name for table in Base.metadata.sorted_tables]
    return " UNION ALL ".join(f"SELECT '{each}' WHERE EXISTS (SELECT 1 FROM \"{each}\")" for each in names)  # noqa: S608 - our own names


@contextmanager
def without_triggers(connection: Connection) -> Iterator[None]:
    """Take the guards away inside the block: the superuser (PostgreSQL) and whoever holds the file (SQLite) can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        yield
        connection.execute(text("SET session_replication_role = origin"))
        return
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # what is tried in the block is undone after it
    for name, _sql in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _name, sql in triggers:
        connection.exec_driver_sql(sql)
