"""Work is found by what it is about: letters of a call that are put aside, or that stumbled.

Revision: 0045
Revises: 0044
Created: 2026-11-22
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_subject_id", "outbox", ["subject_id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_subject_id", table_name="outbox")
