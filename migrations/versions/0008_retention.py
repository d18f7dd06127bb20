"""Retention: periods of calls, what was erased, requests for it, holds; work that is put aside after a restore.

Revision: 0008
Revises: 0007
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIRST = ("ready", "running", "done", "failed")
ALL = (*FIRST, "held")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def states(values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name="outboxstate", native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column("call", sa.Column("retention_days", JSON, server_default="{}", nullable=False))
    for table in ("application", "person"):
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=states(FIRST), type_=states(ALL), existing_nullable=False)
    op.create_table(
        "erasure",
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                *("retention", "request", "restore"),
                name="erasurecause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("object_type", "object_id", name=op.f("uq_erasure_object_type_object_id")),
    )
    op.create_table(
        "erasure_request",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (is_granted IS NULL)", name=op.f("ck_erasure_request_answered_has_answer")
        ),
        sa.CheckConstraint(
            "is_granted IS NULL OR is_granted OR answer <> ''", name=op.f("ck_erasure_request_refusal_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_erasure_request_answered_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_erasure_request_application_id_application")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_erasure_request_asked_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index(op.f("ix_erasure_request_application_id"), "erasure_request", ["application_id"])
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(call_id IS NULL) <> (application_id IS NULL)", name=op.f("ck_legal_hold_call_or_application")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_legal_hold_has_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)", name=op.f("ck_legal_hold_lifted_has_evidence")
        ),
        sa.CheckConstraint(
            "lifted_by_id IS NULL OR (lift_asked_by_id IS NOT NULL AND lift_asked_by_id <> lifted_by_id)",
            name=op.f("ck_legal_hold_lifted_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_legal_hold_application_id_application")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_legal_hold_call_id_call")),
        sa.ForeignKeyConstraint(
            ["lift_asked_by_id"], ["person.id"], name=op.f("fk_legal_hold_lift_asked_by_id_person")
        ),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["person.id"], name=op.f("fk_legal_hold_lifted_by_id_person")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_legal_hold_set_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_application_id"), "legal_hold", ["application_id"])
    op.create_index(op.f("ix_legal_hold_call_id"), "legal_hold", ["call_id"])


def downgrade() -> None:
    for table in ("legal_hold", "erasure_request", "erasure"):
        op.drop_table(table)
    op.execute("UPDATE outbox SET state = 'failed' WHERE state = 'held'")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.alter_column("state", existing_type=states(ALL), type_=states(FIRST), existing_nullable=False)
    for table in ("person", "application"):
        op.drop_column(table, "erased_at")
    op.drop_column("call", "retention_days")
