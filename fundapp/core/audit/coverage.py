"""No change without an entry: rows of audited tables that changed must be named by an entry of their transaction.

Seen are the unit of work and the ORM's own UPDATE and DELETE statements. SQL that goes around the ORM is not seen here;
the triggers and `fundapp verify` are there for that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app
from sqlalchemy import Connection, Table, Update, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, object_session

from fundapp.core.audit.ledger import Change, Ledger, Name, ledger_of
from fundapp.core.db import Base, db


class Unrecorded(Exception):
    """A programming error: something audited changed and no entry says so. Nothing was committed."""


@dataclass(frozen=True)
class Coverage:
    """Which tables are audited.

    `audited` maps a table to those of its columns that name its owners: an entry about an owner covers the row too.
    `unrecorded` names columns that may change without an entry; `not_audited` maps a table to the reason why it is not.
    A table that is in neither list counts as audited, without an owner.
    """

    audited: Mapping[str, tuple[str, ...]]
    unrecorded: Mapping[str, frozenset[str]]
    not_audited: Mapping[str, str]

    def wants(self, table: str, columns: Iterable[str] | None = None) -> bool:
        """Say whether a change of a row (or only of some of its columns) needs an entry."""
        if table in self.not_audited:
            return False
        return columns is None or bool(set(columns) - self.unrecorded.get(table, frozenset()))


def require_entries(ledger: Ledger) -> None:
    """Raise Unrecorded unless every noted change is named by a noted entry."""
    named = {(entry.object_type, entry.object_id) for entry in ledger.entries}
    missing = sorted(
        {f"{change.verb} of {change.name[0]}" for change in ledger.changes if named.isdisjoint(_names(change))}
    )
    if missing:
        raise Unrecorded(
            f"no audit entry for: {', '.join(missing)}. Record it, or say in fundapp/audited.py whose entry covers it"
        )


def _names(change: Change) -> tuple[Name, ...]:
    return change.name, *change.owners


def coverage() -> Coverage:
    """Return which tables this application audits."""
    return cast(Coverage, current_app.extensions["audit_coverage"])


def _owner_columns(table: Table) -> list[str]:
    return [table.c[name].key for name in coverage().audited.get(table.name, ())]


def _owners(table: Table, values: Mapping[str, Any]) -> tuple[Name, ...]:
    owners = []
    for column in _owner_columns(table):
        (target,) = table.c[column].foreign_keys
        if values[column] is not None:
            owners.append((target.column.table.name, values[column]))
    return tuple(owners)


def _note(verb: str, mapper: Mapper[Any], row: Any) -> None:
    table = cast(Table, mapper.local_table)
    session = object_session(row)
    if session is None or not coverage().wants(table.name, _changed(mapper, row) if verb == "update" else None):
        return
    owners = _owners(table, {column: getattr(row, column) for column in _owner_columns(table)})
    ledger = ledger_of(session)
    ledger.require_open()
    ledger.changes.append(Change(verb, (table.name, row.id), owners, row))


def _changed(mapper: Mapper[Any], row: Any) -> set[str]:
    state = inspect(row)
    return {each.key for each in mapper.column_attrs if state.attrs[each.key].history.has_changes()}


@event.listens_for(Base, "after_insert", propagate=True)
def _inserted(mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    _note("insert", mapper, row)


@event.listens_for(Base, "after_update", propagate=True)
def _updated(mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    _note("update", mapper, row)


@event.listens_for(Base, "before_delete", propagate=True)
def _deleted(mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    _note("delete", mapper, row)


@event.listens_for(db.session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert) or state.bind_mapper is None:
        return
    table = cast(Table, state.bind_mapper.local_table)
    columns = None
    if isinstance(state.statement, Update):
        named = {column if isinstance(column, str) else column.key for column in state.statement._values or ()}
        columns = named or None  # an update by a list of rows names none: as good as all
    if not coverage().wants(table.name, columns):
        return
    if state.is_insert:
        raise Unrecorded(f"insert rows of {table.name} through the session: their ids must be known to be recorded")
    _note_statement("update" if state.is_update else "delete", state, table)


def _note_statement(verb: str, state: ORMExecuteState, table: Table) -> None:
    """Note the rows that a statement is about to change."""
    session: Session = state.session
    affected = select(table.c.id, *(table.c[column] for column in _owner_columns(table)))
    where = cast(Any, state.statement).whereclause
    rows = session.execute(affected if where is None else affected.where(where)).mappings().all()
    ledger = ledger_of(session)
    ledger.require_open()
    ledger.changes += [Change(verb, (table.name, row["id"]), _owners(table, dict(row))) for row in rows]
