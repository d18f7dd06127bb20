"""Entries that are held in reserve.

A decision has a third outcome, without money, and a letter of its own follows from it. On the way back a reserve becomes
a decline: the tables of before have no other word for an entry without an award.

Revision: 0032
Revises: 0031
Created: 2026-11-22
"""

from collections.abc import Sequence

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

OUTCOMES = ("award", "reserve", "decline")
KINDS = ("award", "reserve", "decline", "ineligible")
NEW = "reserve"


def upgrade() -> None:
    _replace("decision", "award_has_amount", _has_amount("outcome <> 'award'"))
    _replace("decision", "outcome", _one_of("outcome", OUTCOMES))
    _replace("letter", "letterkind", _one_of("kind", KINDS))


def downgrade() -> None:
    op.execute("UPDATE letter SET kind = 'decline' WHERE kind = 'reserve'")
    op.execute("UPDATE decision SET outcome = 'decline' WHERE outcome = 'reserve'")
    _replace("letter", "letterkind", _one_of("kind", [each for each in KINDS if each != NEW]))
    _replace("decision", "outcome", _one_of("outcome", [each for each in OUTCOMES if each != NEW]))
    _replace("decision", "award_has_amount", _has_amount("outcome = 'decline'"))


def _replace(table: str, name: str, condition: str) -> None:
    constraint = op.f(f"ck_{table}_{name}")
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_check_constraint(constraint, condition)


def _one_of(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _has_amount(otherwise: str) -> str:
    return f"(outcome = 'award' AND amount_minor > 0) OR ({otherwise} AND amount_minor = 0)"
