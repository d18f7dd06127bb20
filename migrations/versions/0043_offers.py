"""Awards are accepted, asked about or refused.

Revision: 0043
Revises: 0042
Created: 2026-11-22
"""

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
