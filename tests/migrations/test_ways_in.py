"""Organisations that were found by a typed name are parted among those who applied, and merged on the way back."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from fundapp.core.db import db

AT = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)
FIRST, SECOND, REVIEWER = (uuid.UUID(int=number) for number in (1, 2, 3))
CALL, FORM, PROGRAMME, SHARED = (uuid.UUID(int=number) for number in (4, 5, 6, 7))


def rows(name: str) -> list[sa.Row[Any]]:
    table = sa.Table(name, sa.MetaData(), autoload_with=db.engine)
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(table)))


def insert(connection: sa.Connection, into: str, /, **values: Any) -> None:
    """Insert a row into a table as it is at this revision; what must be there and is not given is empty."""
    table = sa.Table(into, sa.MetaData(), autoload_with=connection)
    values = {"id": uuid.uuid4()} | values
    needed = {column.name: empty(column.type) for column in table.columns if not column.nullable}
    stored = {name: value.hex if is_text(value, table.c[name]) else value for name, value in values.items()}
    connection.execute(table.insert().values(needed | stored))


def is_text(value: object, column: sa.Column[Any]) -> bool:
    """Say whether a column that holds this id is made of text: SQLite has no type for ids."""
    return isinstance(value, uuid.UUID) and isinstance(column.type, sa.String)


def empty(kind: sa.types.TypeEngine[Any]) -> object:
    """Return what stands for nothing in a column that must hold something."""
    for type_, value in ((sa.JSON, {}), (sa.String, ""), (sa.DateTime, AT), (sa.Boolean, False)):
        if isinstance(kind, type_):
            return value
    return 1


@pytest.fixture
def before(fresh_app):
    """Two people who typed one name, a draft without an organisation, and a reviewer who is tied to that name."""
    upgrade(revision="0004")
    with db.engine.begin() as connection:
        for person, email in (
            (FIRST, "first@example.org"),
            (SECOND, "second@example.org"),
            (REVIEWER, "r@example.org"),
        ):
            insert(connection, "person", id=person, email=email, language="en", is_active=True)
        insert(connection, "programme", id=PROGRAMME, slug="p", kind="grant")
        insert(
            connection, "call", id=CALL, programme_id=PROGRAMME, slug="c", status="published", time_zone="UTC",
            closes_at=datetime(2020, 10, 1, tzinfo=UTC), currency="USD", budget_minor=100, reviews_per_entry=1,
            max_categories=1, reference_prefix="C", committed_minor=0, last_reference=0,
        )  # fmt: skip
        insert(connection, "form_version", id=FORM, call_id=CALL, number=1)
        insert(connection, "organisation", id=SHARED, name="Hill (sample)", name_key="hill (sample)")
        for person in (FIRST, SECOND, REVIEWER):
            insert(connection, "membership", person_id=person, organisation_id=SHARED)
        for number, (person, organisation, status) in enumerate(
            [(FIRST, SHARED, "submitted"), (SECOND, SHARED, "submitted"), (SECOND, None, "draft")]
        ):
            sent = status != "draft"
            insert(
                connection, "application", id=uuid.UUID(int=10 + number), call_id=CALL, form_version_id=FORM,
                person_id=person, organisation_id=organisation, status=status, source="web", language="en",
                organisation_name="HILL  (sample)" if sent else "", submitted_at=AT if sent else None,
                reference=f"C-{number}" if sent else None,
                started_at=datetime(2020, 9, 1 + number, tzinfo=UTC), version=1,
            )  # fmt: skip
        insert(
            connection, "one_time_link", person_id=FIRST, purpose="sign-in", token_hash="x",
            expires_at=datetime(2020, 10, 1, tzinfo=UTC),
        )  # fmt: skip
    return fresh_app


def test_people_who_typed_one_name_do_not_read_each_other_after_the_migration(before):
    upgrade(revision="0005")
    applications = {uuid.UUID(str(row.id)).int: row for row in rows("application")}
    first, second, draft = (applications[number].organisation_id for number in (10, 11, 12))
    assert len({first, second, draft}) == 3
    assert uuid.UUID(str(first)) == SHARED
    held = {
        (uuid.UUID(str(row.person_id)), row.organisation_id) for row in rows("membership") if row.role == "applicant"
    }
    assert held == {(FIRST, first), (SECOND, second), (SECOND, draft)}
    ties = {uuid.UUID(str(row.person_id)) for row in rows("membership") if row.role == "affiliate"}
    assert ties == {SECOND, REVIEWER}
    keys = {number: row.organisation_key for number, row in applications.items()}
    assert keys == {10: "hill (sample)", 11: "hill (sample)", 12: ""}
    assert {row.name_key for row in rows("organisation")} == {"hill (sample)", ""}
    assert [row.code_tries for row in rows("one_time_link")] == [0]


def test_the_way_back_brings_one_row_per_name(before):
    upgrade(revision="0005")
    downgrade(revision="0004")
    (left,) = rows("organisation")
    assert left.name_key == "hill (sample)"
    found = {uuid.UUID(str(row.id)).int: row.organisation_id for row in rows("application")}
    assert found[12] is None
    assert (found[10], found[11]) == (left.id, left.id)
    assert {uuid.UUID(str(row.person_id)) for row in rows("membership")} == {FIRST, SECOND, REVIEWER}
