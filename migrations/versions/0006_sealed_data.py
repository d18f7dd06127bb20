"""Sealed data.

Revision: 0006
Revises: 0005
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_key",
        sa.Column("owner_table", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ring",
            sa.Enum(
                *("identity", "files", "index", "payee", "audit", "backup"),
                name="ring",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_record_key_destroyed_has_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_key")),
        sa.UniqueConstraint("owner_table", "owner_id", "ring", name=op.f("uq_record_key_owner_table_owner_id_ring")),
    )
    op.create_index(op.f("ix_record_key_key_number"), "record_key", ["key_number"])


def downgrade() -> None:
    op.drop_table("record_key")
