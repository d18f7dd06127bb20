"""Large exports are made by a job.

Revision: 0049
Revises: 0048
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
FAILURE = sa.Enum("not_allowed", "given_up", name="exportfailure", native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "export_job",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("is_anonymised", sa.Boolean(), nullable=False),
        sa.Column("for_excel", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("seen_sha256", sa.Text(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("failure", FAILURE, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("failure IS NULL OR finished_at IS NOT NULL", name=op.f("ck_export_job_failed_is_finished")),
        sa.CheckConstraint("(read_at IS NULL) = (seen_sha256 IS NULL)", name=op.f("ck_export_job_read_has_seen")),
        sa.CheckConstraint("(rows IS NULL) = (read_at IS NULL)", name=op.f("ck_export_job_read_has_rows")),
        sa.CheckConstraint(
            "rows_done >= 0 AND rows_done <= coalesce(rows, 0)", name=op.f("ck_export_job_done_within_rows")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_export_job_call_id_call")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_export_job_asked_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index(op.f("ix_export_job_call_id"), "export_job", ["call_id"])


def downgrade() -> None:
    op.drop_table("export_job")
