"""Kept versions.

Revision: 0009
Revises: 0008
Created: 2026-11-21
"""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
