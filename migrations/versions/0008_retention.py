"""Retention.

Revision: 0008
Revises: 0007
Created: 2026-11-21
"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
