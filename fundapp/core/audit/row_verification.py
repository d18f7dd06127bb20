"""Verification of rows: each digest is one that the chain covers, and each row is still what its newest digest says.

Everything is read once, in order, and no more than a stretch of it is held at a time.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from fundapp.core.audit.broken import Broken
from fundapp.core.audit.coverage import Coverage
from fundapp.core.audit.digests import (
    RowDigest,
    RowSalt,
    audited_tables,
    digest_of,
    newest_digests,
    rows_sha256,
)
from fundapp.core.audit.entries import AuditEntry

STRETCH: Final = 1000
"""So many rows are held at a time."""


def broken_digest(session: Session) -> Broken | None:
    """Return the first digest that was edited, forged or taken away, or None. The chain itself holds, already."""
    told = iter(
        session.execute(
            select(AuditEntry.seq, AuditEntry.rows_sha256)
            .where(AuditEntry.rows_sha256.is_not(None))
            .order_by(AuditEntry.seq)
        ).yield_per(STRETCH)
    )
    columns = RowDigest.__table__.c
    rows = session.execute(select(*columns).order_by(columns.seq)).yield_per(STRETCH)
    for seq, added in groupby(rows, lambda row: row.seq):
        entry = next(told, None)
        if entry is not None and entry.seq < seq:
            return Broken("row_digest", entry.seq, "is missing: the entry tells of digests that are not there")
        if entry is None or entry.seq > seq:
            return Broken("row_digest", seq, "is forged: no entry tells of it")
        if rows_sha256((row.object_type, row.object_id, row.digest) for row in added) != entry.rows_sha256:
            return Broken("row_digest", seq, "was edited, forged or taken away: the entry tells of others")
    if (entry := next(told, None)) is not None:
        return Broken("row_digest", entry.seq, "is missing: the entry tells of digests that are not there")
    return None


def broken_rows(session: Session, rules: Coverage) -> Iterator[Broken]:
    """Yield every audited row that was edited, inserted or deleted without a record, table by table."""
    for table in audited_tables(rules):
        yield from broken_rows_of(session, table)


def broken_rows_of(session: Session, table: Table) -> Iterator[Broken]:
    """Yield every row of one table that was edited, inserted or deleted without a record."""
    try:
        yield from _changed(session, table)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        yield Broken(table.name, None, f"was edited: a row can't be read any more ({type(error).__name__})")
    yield from _deleted(session, table)


def _changed(session: Session, table: Table) -> Iterator[Broken]:
    newest = newest_digests(table)
    rows = session.execute(
        select(
            *table.c,
            RowSalt.salt.label("the_salt"),
            RowSalt.columns.label("the_columns"),
            newest.c.digest.label("the_digest"),
            newest.c.seq.label("the_seq"),
        )
        .select_from(table)
        .outerjoin(newest, newest.c.object_id == table.c.id)
        .outerjoin(RowSalt, (RowSalt.object_type == table.name) & (RowSalt.object_id == table.c.id))
    ).yield_per(STRETCH)
    for row in rows:
        if problem := _problem(table, row):
            yield Broken(table.name, row.the_seq, f"{row.id} {problem}")


def _problem(table: Table, row: Any) -> str | None:
    if row.the_digest is None:
        return "was inserted without a record, or before rows had digests: fundapp audit adopt makes them"
    if row.the_salt is None:
        return "was edited without a record: the salt of its digest is gone"
    names = row.the_columns.split()
    if missing := [name for name in names if name not in table.c]:
        return f"has a digest over columns that are there no more ({', '.join(missing)}): fundapp audit adopt renews it"
    values = {name: row._mapping[table.c[name]] for name in names}
    try:
        same = digest_of(table.name, row.the_salt, values) == row.the_digest
    except (ValueError, TypeError):
        same = False
    return None if same else "was edited without a record"


def _deleted(session: Session, table: Table) -> Iterator[Broken]:
    newest = newest_digests(table)
    rows = session.execute(
        select(newest.c.object_id, newest.c.seq)
        .outerjoin(table, table.c.id == newest.c.object_id)
        .where(newest.c.digest.is_not(None), table.c.id.is_(None))
        .order_by(newest.c.seq)
    ).yield_per(STRETCH)
    for row_id, seq in rows:
        yield Broken(table.name, seq, f"{row_id} is missing: nothing recorded deletes it")
