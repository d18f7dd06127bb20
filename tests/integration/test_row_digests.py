"""Row 120: a row of any audited table that is edited, inserted or deleted behind our back is named, with its table."""

# ruff: noqa: S608 - whoever attacks the record writes SQL, and so do these tests

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Boolean, Enum, Index, Table, UniqueConstraint, Uuid, delete, insert, select, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.types import JSON, DateTime, Integer, LargeBinary, Numeric, Text

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.audited import COVERAGE
from fundapp.core.audit import AuditEntry, record
from fundapp.core.audit.adopting import adopt_rows
from fundapp.core.audit.digests import RowDigest, RowSalt, audited_tables, recorded_columns
from fundapp.core.audit.row_verification import broken_digest, broken_rows, broken_rows_of
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part
from fundapp.core.web import FundApp

from ..audit_log import without_triggers
from ..conftest import NOW
from ..factories import make_person
from ..filled_tables import fill_audited_tables, id_in, rows_in

TABLES = audited_tables(COVERAGE)


@pytest.fixture
def ring(app: FundApp) -> Keyring:
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])


@pytest.fixture
def world(app: FundApp, ring: Keyring) -> Iterator[None]:
    """Every audited table has a row, and all is as it was written; so it is again when the attacks are undone."""
    fill_audited_tables(app)
    assert first_broken(db.session(), ring=ring) is None
    yield
    assert first_broken(db.session(), ring=ring) is None


def found_after(table: Table, *statements: Any) -> list[str] | None:
    """Return what is found in a table after statements, which are undone; None where the database refuses them."""
    with db.session.begin_nested() as savepoint:
        try:
            for statement in statements:
                db.session.connection().execute(statement)
        except (IntegrityError, DataError):
            found = None
        else:
            found = [str(each) for each in broken_rows_of(db.session(), table)]
        savepoint.rollback()
    return found


@pytest.fixture
def unguarded(world: None) -> Iterator[None]:
    """Somebody took the triggers away."""
    with without_triggers(db.session.connection()):
        yield
    db.session.rollback()


def test_the_world_has_a_row_of_every_audited_table(world):
    assert {table.name for table in TABLES} == set(COVERAGE.audited)
    assert [table.name for table in TABLES if not rows_in(table)] == []


def _changed(column: Any, value: Any) -> Any:
    """Return another value that a column can hold."""
    kind = getattr(column.type, "impl", column.type)
    match kind:
        case Uuid():
            return uuid4()
        case Enum():
            return next(each for each in kind.enum_class or kind.enums if each != value)
        case Boolean():
            return not value
        case Integer() | Numeric():
            return (value or 0) + 1
        case DateTime():
            return NOW.replace(year=2001)
        case JSON():
            return {"edited": 1}
        case LargeBinary():
            return b"edited"
        case Text():
            return f"{value or ''} edited"
    return NOW.date().replace(year=2001)


def test_each_column_of_each_audited_table_that_is_edited_is_named_with_its_row(unguarded):
    """What a constraint of the table refuses cannot be edited in the first place."""
    named: dict[str, int] = {table.name: 0 for table in TABLES}
    for table in TABLES:
        row_id = id_in(table)
        for name in recorded_columns(table, COVERAGE):
            column = table.c[name]
            if column.primary_key or (isinstance(column.type, Enum) and len(column.type.enums) < 2):
                continue
            before = db.session.execute(select(column).where(table.c.id == row_id)).scalar_one()
            edit = update(table).where(table.c.id == row_id).values({name: _changed(column, before)})
            found = found_after(table, edit)
            if found is not None:
                assert [each.partition(": ")[2] for each in found] == [f"{row_id} was edited without a record"], name
                assert found[0].startswith(table.name)
                named[table.name] += 1
    assert min(named.values()) >= 1, named
    assert sum(named.values()) > 300


def test_a_row_of_each_audited_table_that_is_deleted_is_named(unguarded):
    for table in TABLES:
        row_id = id_in(table)
        found = found_after(table, delete(table).where(table.c.id == row_id))
        if found is None:  # what others name cannot go before them, but all of it can
            continue
        assert [each.partition(": ")[2] for each in found] == [f"{row_id} is missing: nothing recorded deletes it"]
        assert found[0].startswith(table.name)


def test_a_row_that_is_inserted_into_an_audited_table_is_named(unguarded):
    inserted = 0
    for table in TABLES:
        row_id, other = id_in(table), uuid4()
        values = dict(db.session.execute(select(*table.c).where(table.c.id == row_id)).mappings().one())
        for column in _unique(table):
            values[column] = _changed(table.c[column], values[column])
        found = found_after(table, insert(table).values({**values, "id": other}))
        if found is not None:
            assert len(found) == 1, table.name
            assert f"{table.name}: {other} was inserted without a record" in found[0]
            inserted += 1
    assert inserted > len(TABLES) * 2 // 3


def _unique(table: Table) -> set[str]:
    """Return a column of each unique key of a table beside its id."""
    keys = [*table.constraints, *(index for index in table.indexes if index.unique)]
    keyed = [list(key.columns) for key in keys if isinstance(key, UniqueConstraint | Index)]
    return {next((c for c in columns if not c.foreign_keys), columns[0]).name for columns in keyed if columns}


def test_digests_that_are_edited_forged_or_deleted_are_named(unguarded):
    seq = db.session.scalars(select(RowDigest.seq).order_by(RowDigest.seq).limit(1)).one()
    values = {"object_type": "call", "object_id": uuid4(), "digest": "0" * 64}
    for statement in (
        update(RowDigest).where(RowDigest.seq == seq).values(digest="f" * 64),
        delete(RowDigest).where(RowDigest.seq == seq),
        insert(RowDigest).values(seq=seq, **values),
        insert(RowDigest).values(seq=10**6, **values),
        update(RowDigest).where(RowDigest.seq == seq).values(seq=10**6),
    ):
        with db.session.begin_nested() as savepoint:
            db.session.connection().execute(statement)
            found = broken_digest(db.session())
            savepoint.rollback()
        assert found is not None
        assert found.table == "row_digest"


def test_a_row_that_is_put_back_to_what_it_was_before_is_named(app, ring):
    person = make_person("Before")
    db.session.commit()
    earlier = db.session.execute(select(RowSalt.salt).where(RowSalt.object_id == person.id)).scalar_one()
    person_id, before, person.language = person.id, person.language, "fr"
    db.session.commit()
    with without_triggers(db.session.connection()):
        db.session.connection().execute(update(Person).where(Person.id == person_id).values(language=before))
        db.session.connection().execute(update(RowSalt).where(RowSalt.object_id == person_id).values(salt=earlier))
    found = [str(each) for each in broken_rows(db.session(), COVERAGE)]
    assert any(f"{person_id} was edited without a record" in each for each in found)
    db.session.rollback()


def test_a_change_gives_a_row_another_salt_and_its_end_takes_it_along(app, ring):
    """So nothing is left with which a digest of somebody's name could be tried out."""
    person = make_person("Somebody")
    db.session.commit()
    person_id = person.id

    def salts() -> list[str]:
        return list(db.session.scalars(select(RowSalt.salt).where(RowSalt.object_id == person_id)))

    before = salts()
    person.name = ""
    db.session.commit()
    assert len(before) == len(salts()) == 1
    assert before != salts()
    record(actor=system_actor(), action="test:delete", subject=person, now=NOW)
    db.session.delete(person)
    db.session.commit()
    assert salts() == []
    digests = select(RowDigest.digest).where(RowDigest.object_id == person_id).order_by(RowDigest.seq)
    assert [each is None for each in db.session.scalars(digests)] == [False, False, True]
    assert first_broken(db.session(), ring=ring) is None


def test_rows_that_a_statement_changes_have_new_digests(app, ring):
    people = [make_person(f"P{number}") for number in range(3)]
    db.session.commit()
    for person in people:
        record(actor=system_actor(), action="test:change", subject=person, now=NOW)
    db.session.execute(update(Person).where(Person.id.in_([each.id for each in people])).values(language="fr"))
    db.session.commit()
    assert first_broken(db.session(), ring=ring) is None


def test_columns_that_change_without_an_entry_are_in_no_digest(app, ring):
    person = make_person("P")
    db.session.commit()
    person.short_sessions = not person.short_sessions
    db.session.commit()
    assert first_broken(db.session(), ring=ring) is None


def test_rows_of_before_are_taken_in_once_and_one_entry_a_table_says_so(app, ring):
    make_person("P")
    db.session.commit()
    with without_triggers(db.session.connection()):
        for table in ("row_digest", "row_salt"):
            db.session.execute(text(f"DELETE FROM {table}"))
    before = first_broken(db.session(), ring=ring)
    assert before is not None
    db.session.rollback()
    person = make_person("From before")
    db.session.commit()
    with without_triggers(db.session.connection()):
        db.session.connection().execute(delete(RowSalt).where(RowSalt.object_id == person.id))
    db.session.commit()
    found = first_broken(db.session(), ring=ring)
    assert "the salt of its digest is gone" in str(found)
    assert adopt_rows(actor=system_actor(), now=NOW) == 1
    db.session.commit()
    assert first_broken(db.session(), ring=ring) is None
    assert adopt_rows(actor=system_actor(), now=NOW) == 0
    told = select(AuditEntry.data).where(AuditEntry.action == "rows:adopt")
    assert [data["rows"] for data in db.session.scalars(told)] == [1]


def test_a_column_that_a_later_version_adds_is_not_missed_in_older_digests(app, ring):
    person = make_person("P")
    db.session.commit()
    salt = db.session.execute(select(RowSalt).where(RowSalt.object_id == person.id)).scalar_one()
    assert "language" in salt.columns.split()
    assert "short_sessions" not in salt.columns.split()
    with without_triggers(db.session.connection()):
        fewer = " ".join(name for name in salt.columns.split() if name != "language")
        db.session.connection().execute(update(RowSalt).where(RowSalt.object_id == person.id).values(columns=fewer))
        found = first_broken(db.session(), ring=ring)
    assert found is not None, "columns cannot be left out afterwards"
    db.session.rollback()
