"""Imports that go on in the background.

Revision: 0023
Revises: 0022
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
FAILURE = sa.Enum(
    *("wrong", "decided", "not_allowed", "given_up"),
    name="importfailure",
    native_enum=False,
    create_constraint=True,
    length=32,
)
CHECKS = {
    "failed_is_finished": "failure IS NULL OR finished_at IS NOT NULL",
    "going_on_has_file": "stored_as IS NOT NULL OR finished_at IS NOT NULL",
    "done_within_rows": "rows_done >= 0 AND rows_done <= coalesce(rows, 0)",
}
KIND = "application:take_table"


def upgrade() -> None:
    op.create_table(
        "table_import",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("begun_by_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("filename_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("takes", sa.Boolean(), nullable=False),
        sa.Column("as_drafts", sa.Boolean(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("rows_done", "taken", "unchanged", "refused", "problems")
        ),
        sa.Column("columns_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("columns_version", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("touched_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("failure", FAILURE, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_table_import_{name}")) for name, condition in CHECKS.items()),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_table_import_call_id_call")),
        sa.ForeignKeyConstraint(["begun_by_id"], ["person.id"], name=op.f("fk_table_import_begun_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_import")),
    )
    op.create_index(op.f("ix_table_import_call_id"), "table_import", ["call_id"])
    op.create_table(
        "import_part",
        sa.Column("table_import_id", sa.Uuid(), nullable=False),
        sa.Column("start_row", sa.Integer(), nullable=False),
        sa.Column("problems_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["table_import_id"], ["table_import.id"], name=op.f("fk_import_part_table_import_id_table_import")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_part")),
        sa.UniqueConstraint("table_import_id", "start_row", name=op.f("uq_import_part_table_import_id_start_row")),
    )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM outbox WHERE kind = :kind").bindparams(kind=KIND))
    op.drop_table("import_part")
    op.drop_table("table_import")
