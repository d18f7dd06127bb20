"""The reserve list moves up; letters are signed on paper too; reminders go out by themselves.

Revision: 0048
Revises: 0047
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("award_offer", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("award_offer", "told_at")
