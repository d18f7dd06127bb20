"""The signed file of a tally as it was when the list was sent.

Revision: 0033
Revises: 0032
Created: 2026-11-22
"""

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
