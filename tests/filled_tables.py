"""A world with a row in every audited table: a round, and rows made by their columns for what it leaves out."""

from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Boolean, Date, DateTime, Enum, LargeBinary, Numeric, Table, Text, Uuid, func, select
from sqlalchemy.orm import Mapper
from sqlalchemy.types import Integer

from fundapp.accounts.permissions import system_actor
from fundapp.audited import COVERAGE
from fundapp.core.audit import record
from fundapp.core.db import Base, db
from fundapp.core.web import FundApp

from .attacks.world import make_round
from .factories import NOW, make_call

_numbers = count(100)

NEEDED: dict[str, dict[str, Any]] = {
    "selection_rule": {"least": 1},
    "line_draw": {"value_at": NOW + timedelta(days=365)},
    "pool_draw": {"value_at": NOW + timedelta(days=365)},
}
"""What the checks of a table ask of a row that is made by its columns, by column."""


def fill_audited_tables(app: FundApp) -> None:
    """Put a row into every audited table that would be empty; commit them as what a test prepared."""
    make_call()  # with a stage of its own
    make_round(app.extensions["storage"], "world", closed=True, decided=True)
    db.session.commit()
    mappers = {mapper.local_table.name: mapper for mapper in Base.registry.mappers}  # type: ignore[attr-defined]  # a mapper's table has a name
    for table in Base.metadata.sorted_tables:
        if table.name not in COVERAGE.not_audited and not rows_in(table):
            row = _made(mappers[table.name], table)
            db.session.add(row)
            db.session.flush()
            _record(table, row)
            db.session.commit()


def _record(table: Table, row: Any) -> None:
    """Record a row, and its owners: versions of some hold what their rows say."""
    names = [(table.name, row.id)]
    for column in COVERAGE.audited[table.name]:
        (target,) = table.c[column].foreign_keys
        names.append((target.column.table.name, getattr(row, column)))
    for name, row_id in names:
        if row_id is not None:
            subject = SimpleNamespace(__tablename__=name, id=row_id)
            record(actor=system_actor(), action="test:prepare", subject=subject, now=NOW)


def rows_in(table: Table) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def _made(mapper: Mapper[Any], table: Table) -> Any:
    wanted = NEEDED.get(table.name, {})
    values = {
        mapper.get_property_by_column(column).key: wanted[column.name] if column.name in wanted else _value(column)
        for column in table.c
        if column.name in wanted or not (column.nullable or column.default is not None)
    }
    return mapper.class_(**values)


def _value(column: Any) -> Any:
    if column.foreign_keys:
        (target,) = column.foreign_keys
        found = db.session.scalars(select(target.column).order_by(target.column)).all()
        return found[next(_numbers) % len(found)]  # two columns that name people name two people
    kind = getattr(column.type, "impl", column.type)
    match kind:
        case Uuid():
            return uuid4()
        case Enum():
            return next(iter(kind.enum_class or kind.enums))
        case Boolean():
            return False
        case Integer() | Numeric():
            return next(_numbers)
        case DateTime():
            return NOW + timedelta(minutes=next(_numbers))
        case Date():
            return date(2020, 1, 1)
        case JSON():
            return {}
        case LargeBinary():
            return b"bytes"
        case Text():
            return f"made {next(_numbers)}"
    raise AssertionError(f"no value is known for {column}")


def id_in(table: Table) -> UUID:
    """Return the id of the first row of a table."""
    found: UUID = db.session.scalars(select(table.c.id).order_by(table.c.id).limit(1)).one()
    return found
