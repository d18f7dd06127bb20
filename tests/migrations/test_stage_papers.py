"""The form for further papers that a call had becomes that of its last stage, and what was asked says so."""

import uuid

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from fundapp.core.db import db

from .test_ways_in import AT, insert, rows

CALL, PROGRAMME, PERSON = (uuid.UUID(int=number) for number in (1, 2, 3))
FIRST, LAST, APPLICATION = (uuid.UUID(int=number) for number in (11, 12, 13))
FORM, OLD_PAPERS, PAPERS = (uuid.UUID(int=number) for number in (21, 22, 23))


def hexes(name: str, *columns: str) -> list[tuple[str, ...]]:
    """Return ids of a table as text, whichever way the database keeps them."""
    return sorted(tuple(str(getattr(row, column)).replace("-", "") for column in columns) for row in rows(name))


def test_papers_of_a_call_become_those_of_its_last_stage(fresh_app):
    upgrade(revision="0024")
    with db.engine.begin() as connection:
        insert(connection, "programme", id=PROGRAMME, slug="p", kind="grant")
        insert(
            connection, "call", id=CALL, programme_id=PROGRAMME, slug="c", status="published", time_zone="UTC",
            closes_at=AT.replace(year=2021), currency="USD", reference_prefix="C", reviewers_see="name",
            undone_reviews="nothing",
        )  # fmt: skip
        for stage, position in ((FIRST, 1), (LAST, 2)):
            code = f"stage-{position}"
            insert(connection, "stage", id=stage, call_id=CALL, position=position, code=code, kind="review")
        for form, purpose, number in ((FORM, "application", 1), (OLD_PAPERS, "papers", 1), (PAPERS, "papers", 2)):
            values = {"call_id": CALL, "purpose": purpose, "number": number, "sha256": str(form)}
            insert(connection, "form_version", id=form, **values)
        insert(connection, "person", id=PERSON, language="en", is_active=True)
        insert(
            connection, "application", id=APPLICATION, call_id=CALL, form_version_id=FORM, person_id=PERSON,
            status="eligible", source="web", language="en", reference="C-1", submitted_at=AT,
            eligibility_by_id=PERSON, eligibility_at=AT,
        )  # fmt: skip
        for number, kind in enumerate(("correction", "papers"), 1):
            insert(
                connection, "reopening", application_id=APPLICATION, number=number, kind=kind, opened_at=AT,
                closes_at=AT.replace(day=20), closed_at=AT,
            )  # fmt: skip
    upgrade(revision="0025")
    assert hexes("stage", "id", "papers_id") == [(FIRST.hex, "None"), (LAST.hex, PAPERS.hex)]
    assert hexes("reopening", "kind", "stage_id") == [("correction", "None"), ("papers", LAST.hex)]
    downgrade(revision="0024")
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM reopening")).scalar() == 2
    assert not hasattr(rows("stage")[0], "papers_id")
