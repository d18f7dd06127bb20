"""What is published of an award.

Revision: 0042
Revises: 0041
Created: 2026-11-22
"""

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
