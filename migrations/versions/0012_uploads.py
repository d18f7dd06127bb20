"""Uploads in parts; what a scan said of a file, and the copy of it that reviewers get.

Files of before wait to be looked into like new ones: their work is put in line here.

Revision: 0012
Revises: 0011
Created: 2026-11-21
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUS = sa.Enum(
    *("pending", "ready", "failed", "infected"),
    name="filestatus",
    native_enum=False,
    create_constraint=True,
    length=32,
)
CHECKS = {
    "ready_has_copy": "(status = 'ready') = (copy_stored_as IS NOT NULL)",
    "failed_has_failure": "(status = 'failed') = (failure <> '')",
    "infected_was_scanned": "status <> 'infected' OR scanned_at IS NOT NULL",
    "copy_is_whole": "(copy_stored_as IS NULL) = (copy_content_type IS NULL)"
    " AND (copy_stored_as IS NULL) = (copy_size_bytes IS NULL)",
}
ATTACHMENT = sa.table("attachment", sa.column("id", sa.Uuid()))
OUTBOX = sa.table(
    "outbox",
    sa.column("id", sa.Uuid()),
    *(sa.column(name, sa.Text()) for name in ("kind", "dedup_key", "state", "last_error")),
    sa.column("subject_id", sa.Uuid()),
    sa.column("attempt", sa.Integer()),
    *(sa.column(name, TIME) for name in ("not_before", "created_at")),
)
KIND = "file:prepare"


def upgrade() -> None:
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uploaded_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("status", STATUS, server_default="pending", nullable=False))
        batch_op.add_column(sa.Column("failure", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("scanned_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("copy_stored_as", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("copy_content_type", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("copy_size_bytes", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_attachment_uploaded_by_id_person"), "person", ["uploaded_by_id"], ["id"])
        for name, condition in CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_attachment_{name}"), condition)
    op.create_table(
        "upload",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("described_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("touched_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "received_bytes >= 0 AND received_bytes <= size_bytes", name=op.f("ck_upload_received_within_size")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_upload_application_id_application")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_application_id"), "upload", ["application_id"])
    op.create_index(op.f("ix_upload_person_id"), "upload", ["person_id"])
    op.create_table(
        "upload_part",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("start_byte", sa.BigInteger(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id_upload")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_part")),
        sa.UniqueConstraint("upload_id", "start_byte", name=op.f("uq_upload_part_upload_id_start_byte")),
    )
    now = datetime.now(UTC)
    work = [
        {
            "id": uuid4(),
            "kind": KIND,
            "subject_id": file_id,
            "dedup_key": f"{KIND}:{file_id}",
            "state": "ready",
            "last_error": "",
            "attempt": 0,
            "not_before": now,
            "created_at": now,
        }
        for file_id in op.get_bind().scalars(sa.select(ATTACHMENT.c.id))
    ]
    if work:
        op.bulk_insert(OUTBOX, work)


def downgrade() -> None:
    op.execute(sa.delete(OUTBOX).where(OUTBOX.c.kind == KIND))
    op.drop_table("upload_part")
    op.drop_table("upload")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(op.f(f"ck_attachment_{name}"), type_="check")
        batch_op.drop_constraint(op.f("ck_attachment_filestatus"), type_="check")
        batch_op.drop_constraint(op.f("fk_attachment_uploaded_by_id_person"), type_="foreignkey")
        for name in (
            *("copy_size_bytes", "copy_content_type", "copy_stored_as"),
            *("scanned_at", "failure", "status", "uploaded_by_id"),
        ):
            batch_op.drop_column(name)
