"""Lots among equals at the line.

Revision: 0034
Revises: 0033
Created: 2026-11-22
"""

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
