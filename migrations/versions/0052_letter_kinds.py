"""Certificates, nominations and panel letters are letters too.

A decision has one letter, and beside it at most one certificate. On the way back certificates go, and so do the
wordings of what the tables of before have no word for.

Revision: 0052
Revises: 0051
Created: 2026-11-23
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

LETTERS = ("award", "reserve", "decline", "ineligible")
TEMPLATES = ("award", "part_award", "reserve", "decline", "ineligible")
BESIDE = "kind = 'certificate'"
LETTER = "kind <> 'certificate'"


def upgrade() -> None:
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_letter_decision_id"), type_="unique")
    _replace("letter", "letterkind", (*LETTERS, "certificate"))
    for name, which in (("uq_letter_decision", LETTER), ("uq_letter_certificate", BESIDE)):
        where = sa.text(which)
        op.create_index(name, "letter", ["decision_id"], unique=True, sqlite_where=where, postgresql_where=where)
    _of_templates((*TEMPLATES, "certificate", "nomination", "panel"))


def downgrade() -> None:
    certificates = f"SELECT id FROM letter WHERE {BESIDE}"  # noqa: S608 - words of this file
    with _open("superseded_letter"):
        op.execute(f"DELETE FROM superseded_letter WHERE letter_id IN ({certificates})")  # noqa: S608 - as above
    op.execute(f"DELETE FROM letter WHERE {BESIDE}")  # noqa: S608 - as above
    op.drop_index("uq_letter_certificate", table_name="letter")
    op.drop_index("uq_letter_decision", table_name="letter")
    _replace("letter", "letterkind", LETTERS)
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_letter_decision_id"), ["decision_id"])
    _of_templates(TEMPLATES)


def _of_templates(kinds: Sequence[str]) -> None:
    """Let templates be of these kinds; those of another one go."""
    with _open("letter_template"):
        op.execute(f"UPDATE letter SET template_id = NULL WHERE template_id IN ({_others(kinds)})")  # noqa: S608 - ours
        op.execute(f"DELETE FROM letter_template WHERE id IN ({_others(kinds)})")  # noqa: S608 - words of this file
        _replace("letter_template", "templatekind", kinds)


def _others(kinds: Sequence[str]) -> str:
    return f"SELECT id FROM letter_template WHERE NOT ({_one_of(kinds)})"  # noqa: S608 - words of this file


@contextmanager
def _open(table: str) -> Iterator[None]:
    """Lift what keeps the rows of a table as they are, and put it back as it was."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    find = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    triggers = connection.execute(find, {"table": table}).all()
    for name, _sql in triggers:
        op.execute(f"DROP TRIGGER {name}")
    yield
    for _name, made_by in triggers:
        connection.exec_driver_sql(made_by)


def _replace(table: str, name: str, kinds: Sequence[str]) -> None:
    constraint = op.f(f"ck_{table}_{name}")
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_check_constraint(constraint, _one_of(kinds))


def _one_of(kinds: Sequence[str]) -> str:
    return f"kind IN ({', '.join(repr(each) for each in kinds)})"
