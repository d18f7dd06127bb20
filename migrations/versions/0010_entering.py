"""Eligibility, ways to begin without an address, nominations.

Revision: 0010
Revises: 0009
Created: 2026-11-21
"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
