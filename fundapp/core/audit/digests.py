"""Row digests: a salted hash of every audited row as it stood after each recorded change, covered by the chain.

A digest is only ever added; the transaction's last entry holds the hash of all that were added with it. The salt, and
which columns were hashed, stand in a table of their own and are replaced with each change: so a digest of what a row
was before can be compared with nothing any more, and tells nothing of somebody who was erased.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core.audit.chain import canonical_json, canonical_time
from fundapp.core.audit.coverage import Coverage, coverage
from fundapp.core.audit.entries import GUARDED
from fundapp.core.audit.ledger import Name
from fundapp.core.db import Base
from fundapp.core.numbers import plain_number

ROW_LABEL: Final = b"fundapp-row-v1\0"
ROWS_LABEL: Final = b"fundapp-rows-v1\0"
SALT_BYTES: Final = 16
AT_ONCE: Final = 500
"""So many rows are looked up in one statement."""

Digest = tuple[str, UUID, str | None]
"""A table, the id of a row, and its digest as hex; None where the row was deleted."""


class RowDigest(Base):
    """What a row was after a recorded change; `digest` null: it was deleted."""

    __table_args__ = {"info": GUARDED}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    object_type: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, index=True)
    """The last audit entry of the transaction: it holds the hash of all digests that were added with it."""
    digest: Mapped[str | None]


class RowSalt(Base):
    """With what, and over which columns, the newest digest of a row was made; gone with the row."""

    object_type: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[str]
    """Random, as hex."""
    columns: Mapped[str]
    """Names with spaces between: a column that a later version adds is not in older digests."""


def audited_tables(rules: Coverage) -> list[Table]:
    """Return the tables whose rows have digests, by name."""
    return [table for name, table in sorted(Base.metadata.tables.items()) if name not in rules.not_audited]


def recorded_columns(table: Table, rules: Coverage) -> list[str]:
    """Return the columns that do not change without an entry, by name."""
    return sorted(column.name for column in table.c if column.key not in rules.unrecorded.get(table.name, ()))


def digest_of(table: str, salt: str, values: dict[str, Any]) -> str:
    """Return the digest of a row, as hex: SHA-256 over the label, the salt and the canonical JSON of its columns."""
    spelled = {name: _spelled(value) for name, value in values.items()}
    return hashlib.sha256(
        ROW_LABEL + bytes.fromhex(salt) + canonical_json({"row": spelled, "table": table})
    ).hexdigest()


def rows_sha256(digests: Iterable[Digest]) -> str:
    """Return the hash of all digests of one transaction, in whatever order they come."""
    lines = sorted([table, str(row_id), digest or ""] for table, row_id, digest in digests)
    return hashlib.sha256(ROWS_LABEL + canonical_json(lines)).hexdigest()


def renew_digests(connection: Connection, names: Iterable[Name]) -> list[Digest]:
    """Return the digests of rows as they are now, under new salts that are kept; call it when all is flushed."""
    rules, digests = coverage(), list[Digest]()
    for table_name, of_table in groupby(sorted(set(names), key=lambda name: (name[0], str(name[1]))), lambda n: n[0]):
        table = Base.metadata.tables[table_name]
        names_of_columns = recorded_columns(table, rules)
        for ids in _batches([row_id for _, row_id in of_table]):
            found = _rows(connection, table, names_of_columns, ids)
            salts = {row_id: secrets.token_hex(SALT_BYTES) for row_id in ids if row_id in found}
            _keep_salts(connection, table_name, salts, " ".join(names_of_columns))
            if gone := [row_id for row_id in ids if row_id not in found]:
                connection.execute(
                    delete(RowSalt).where(RowSalt.object_type == table_name, RowSalt.object_id.in_(gone))
                )
            digests += [(table_name, row_id, digest_of(table_name, salts[row_id], found[row_id])) for row_id in salts]
            digests += [(table_name, row_id, None) for row_id in gone]
    return digests


def write_digests(connection: Connection, digests: Iterable[Digest], seq: int) -> None:
    """Add digests, under the entry that holds their hash."""
    rows = [{"object_type": table, "object_id": row, "seq": seq, "digest": digest} for table, row, digest in digests]
    if rows:
        connection.execute(insert(RowDigest), rows)


def rows_without_digest(connection: Connection) -> Iterator[tuple[str, list[UUID]]]:
    """Yield tables with the ids of rows that have no digest, or one over columns that are there no more."""
    rules = coverage()
    for table in audited_tables(rules):
        here = set(recorded_columns(table, rules))
        rows = connection.execute(
            select(table.c.id, RowSalt.columns)
            .outerjoin(RowSalt, (RowSalt.object_type == table.name) & (RowSalt.object_id == table.c.id))
            .order_by(table.c.id)
        )
        missing = [row_id for row_id, names in rows if names is None or not here.issuperset(names.split())]
        if missing:
            yield table.name, missing


def newest_digests(table: Table) -> Any:
    """Return the selection of the newest digest of each row of a table that ever had one."""
    newest = (
        select(RowDigest.object_id, func.max(RowDigest.seq).label("seq"))
        .where(RowDigest.object_type == table.name)
        .group_by(RowDigest.object_id)
        .subquery()
    )
    return (
        select(RowDigest.object_id, RowDigest.seq, RowDigest.digest)
        .join(newest, (RowDigest.object_id == newest.c.object_id) & (RowDigest.seq == newest.c.seq))
        .where(RowDigest.object_type == table.name)
        .subquery()
    )


def _rows(
    connection: Connection, table: Table, names: Sequence[str], ids: Sequence[UUID]
) -> dict[UUID, dict[str, Any]]:
    rows = connection.execute(select(*(table.c[name] for name in names)).where(table.c.id.in_(ids)))
    return {row["id"]: dict(row) for row in rows.mappings()}


def _keep_salts(connection: Connection, table: str, salts: dict[UUID, str], columns: str) -> None:
    if not salts:
        return
    upsert: Callable[..., Any] = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = upsert(RowSalt)
    statement = statement.on_conflict_do_update(
        index_elements=["object_type", "object_id"],
        set_={"salt": statement.excluded.salt, "columns": statement.excluded.columns},
    )
    connection.execute(
        statement,
        [{"object_type": table, "object_id": row, "salt": salt, "columns": columns} for row, salt in salts.items()],
    )


def _batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _spelled(value: Any) -> Any:
    """Return a stored value as something with one spelling."""
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return str(value.value)
        case str():
            return value
        case Decimal():
            return str(plain_number(value))
        case datetime():
            return canonical_time(value)
        case date() | UUID():
            return str(value)
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case _:
            return json.dumps(value, sort_keys=True, separators=(",", ":"))
