"""Payees are looked up in lists of sanctions, and people decide.

Revision: 0050
Revises: 0049
Created: 2026-11-23
"""

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
