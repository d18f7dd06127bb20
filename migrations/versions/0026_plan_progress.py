"""How far the computing of a plan is; assignments are found by stage and entry.

Revision: 0026
Revises: 0025
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("assignment_plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("progress", DOCUMENT, server_default="{}", nullable=False))
    op.drop_index(op.f("ix_assignment_stage_id"), "assignment")
    op.create_index(op.f("ix_assignment_stage_id_entry_id"), "assignment", ["stage_id", "entry_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_assignment_stage_id_entry_id"), "assignment")
    op.create_index(op.f("ix_assignment_stage_id"), "assignment", ["stage_id"])
    with op.batch_alter_table("assignment_plan", schema=None) as batch_op:
        batch_op.drop_column("progress")
