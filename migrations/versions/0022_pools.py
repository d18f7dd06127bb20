"""Pools in which applicants review each other.

Revision: 0022
Revises: 0021
Created: 2026-11-22
"""

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
