"""Calls that are written on the pages.

Revision: 0013
Revises: 0012
Created: 2026-11-21
"""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
