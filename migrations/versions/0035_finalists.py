"""Finalists of a prize, and what the public reads of them.

Revision: 0035
Revises: 0034
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "finalist",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("named_by_id", sa.Uuid(), nullable=False),
        sa.Column("named_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_finalist_call_id_call")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_finalist_entry_id_entry")),
        sa.ForeignKeyConstraint(["named_by_id"], ["person.id"], name=op.f("fk_finalist_named_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finalist")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_finalist_entry_id")),
    )
    op.create_index(op.f("ix_finalist_call_id"), "finalist", ["call_id"], unique=False)
    op.create_table(
        "finalist_profile",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "asked",
                "agreed",
                "declined",
                name="profilestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("said_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("said_version", sa.Integer(), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('agreed', 'declined')) = (answered_at IS NOT NULL)",
            name=op.f("ck_finalist_profile_answered_has_time"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL)", name=op.f("ck_finalist_profile_answered_has_person")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_finalist_profile_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_finalist_profile_answered_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finalist_profile")),
        sa.UniqueConstraint("application_id", name=op.f("uq_finalist_profile_application_id")),
    )
    op.create_table(
        "finalists_announcement",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("announced_by_id", sa.Uuid(), nullable=False),
        sa.Column("announced_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_finalists_announcement_call_id_call")),
        sa.ForeignKeyConstraint(
            ["announced_by_id"], ["person.id"], name=op.f("fk_finalists_announcement_announced_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finalists_announcement")),
        sa.UniqueConstraint("call_id", name=op.f("uq_finalists_announcement_call_id")),
    )


def downgrade() -> None:
    for table in ("finalists_announcement", "finalist_profile", "finalist"):
        op.drop_table(table)
