"""What was fixed before a selection: rules, pots, floor, coverage.

Revision: 0028
Revises: 0027
Created: 2026-11-22
"""

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
