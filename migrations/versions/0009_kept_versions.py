"""Kept versions of reviews with their scores, of decisions and of letters, in rows that are only ever added.

Rows from before have no version yet; `fundapp audit adopt` makes a first one of each, with an entry that says so.

Revision: 0009
Revises: 0008
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_version",
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("object_type", "object_id", "number", name=op.f("pk_kept_version")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("kept_version_keeps", "BEFORE UPDATE OR DELETE ON kept_version FOR EACH ROW"),
            ("kept_version_keeps_all", "BEFORE TRUNCATE ON kept_version FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    there_already = (
        "EXISTS (SELECT 1 FROM kept_version WHERE object_type = NEW.object_type AND object_id = NEW.object_id"
        " AND number = NEW.number)"
    )
    for name, when, what in (
        ("deleted", "BEFORE DELETE ON kept_version", "DELETE is refused"),
        ("updated", "BEFORE UPDATE ON kept_version", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        ("replaced", f"BEFORE INSERT ON kept_version WHEN {there_already}", "this row is there already"),
    ):
        op.execute(
            f"CREATE TRIGGER kept_version_keeps_{name} {when}"
            f" BEGIN SELECT RAISE(ABORT, 'kept_version is append-only: {what}'); END"
        )


def downgrade() -> None:
    op.drop_table("kept_version")  # and its triggers with it
