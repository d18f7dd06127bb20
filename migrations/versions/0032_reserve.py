"""Entries that are held in reserve.

Revision: 0032
Revises: 0031
Created: 2026-11-22
"""

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
