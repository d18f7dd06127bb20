"""Funders and funds behind a call, and what awards are paid from.

Revision: 0041
Revises: 0040
Created: 2026-11-22
"""

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
