"""Finalists of a prize, and what the public reads of them.

Revision: 0035
Revises: 0034
Created: 2026-11-22
"""

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
