"""Pins, what must not be, and plans that are computed and undone.

Revision: 0019
Revises: 0018
Created: 2026-11-22
"""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
