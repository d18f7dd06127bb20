"""Single deadlines, set-aside applications, where an application came from.

Revision: 0014
Revises: 0013
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FIRST = ("web", "import")
ALL = (*FIRST, "paper", "mail", "voice")
CONSTRAINTS = {
    "entered_by_hand_has_person": "(source IN ('paper', 'mail', 'voice')) = (entered_by_id IS NOT NULL)",
    "set_aside_has_evidence": (
        "(set_aside_at IS NULL) = (set_aside_as IS NULL) AND (set_aside_at IS NULL) = (set_aside_by_id IS NULL)"
        " AND (set_aside_at IS NULL) = (set_aside_reason = '')"
    ),
    "only_duplicates_have_another": "duplicate_of_id IS NULL OR set_aside_as = 'duplicate'",
    "own_deadline_has_reason": "(closes_at IS NULL) = (closes_at_reason = '')",
}
KEYS = {"entered_by_id": "person", "set_aside_by_id": "person", "duplicate_of_id": "application"}


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.alter_column(
            "source",
            existing_type=one_of("applicationsource", FIRST),
            type_=one_of("applicationsource", ALL),
            existing_nullable=False,
        )
        batch_op.add_column(sa.Column("entered_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("received_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closes_at_reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("set_aside_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("set_aside_as", one_of("setasideas", ("duplicate", "spam", "other")), nullable=True)
        )
        batch_op.add_column(sa.Column("set_aside_reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("set_aside_told", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("duplicate_of_id", sa.Uuid(), nullable=True))
        for column, table in KEYS.items():
            batch_op.create_foreign_key(op.f(f"fk_application_{column}_{table}"), table, [column], ["id"])
        for name, condition in CONSTRAINTS.items():
            batch_op.create_check_constraint(op.f(f"ck_application_{name}"), condition)


def downgrade() -> None:
    # What was entered by hand keeps its place as taken in from elsewhere.
    op.execute("UPDATE application SET source = 'import' WHERE source IN ('paper', 'mail', 'voice')")
    with op.batch_alter_table("application", schema=None) as batch_op:
        for name in (*CONSTRAINTS, "setasideas"):
            batch_op.drop_constraint(op.f(f"ck_application_{name}"), type_="check")
        for column, table in KEYS.items():
            batch_op.drop_constraint(op.f(f"fk_application_{column}_{table}"), type_="foreignkey")
        for column in (
            "duplicate_of_id",
            "set_aside_told",
            "set_aside_reason",
            "set_aside_as",
            "set_aside_by_id",
            "set_aside_at",
            "closes_at_reason",
            "closes_at",
            "received_on",
            "entered_by_id",
        ):
            batch_op.drop_column(column)
        batch_op.alter_column(
            "source",
            existing_type=one_of("applicationsource", ALL),
            type_=one_of("applicationsource", FIRST),
            existing_nullable=False,
        )
