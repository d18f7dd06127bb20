"""A digest of every audited row, in rows that are only ever added.

Rows from before have none yet; `fundapp audit adopt` makes a first one of each, with entries that say so.

Revision: 0039
Revises: 0038
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("rows_sha256", sa.Text(), nullable=True))  # in place: triggers stay
    op.create_table(
        "row_digest",
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("object_type", "object_id", "seq", name=op.f("pk_row_digest")),
    )
    op.create_index(op.f("ix_row_digest_seq"), "row_digest", ["seq"])
    op.create_table(
        "row_salt",
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("object_type", "object_id", name=op.f("pk_row_salt")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("row_digest_keeps", "BEFORE UPDATE OR DELETE ON row_digest FOR EACH ROW"),
            ("row_digest_keeps_all", "BEFORE TRUNCATE ON row_digest FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    there_already = (
        "EXISTS (SELECT 1 FROM row_digest WHERE object_type = NEW.object_type AND object_id = NEW.object_id"
        " AND seq = NEW.seq)"
    )
    for name, when, what in (
        ("deleted", "BEFORE DELETE ON row_digest", "DELETE is refused"),
        ("updated", "BEFORE UPDATE ON row_digest", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        ("replaced", f"BEFORE INSERT ON row_digest WHEN {there_already}", "this row is there already"),
    ):
        op.execute(
            f"CREATE TRIGGER row_digest_keeps_{name} {when}"
            f" BEGIN SELECT RAISE(ABORT, 'row_digest is append-only: {what}'); END"
        )


def downgrade() -> None:
    """Leave the digests behind. Entries that hold the hash of some cannot be verified without their column."""
    op.drop_table("row_salt")
    op.drop_index(op.f("ix_row_digest_seq"), "row_digest")
    op.drop_table("row_digest")  # and its triggers with it
    op.execute("ALTER TABLE audit_entry DROP COLUMN rows_sha256")  # in place: triggers stay
