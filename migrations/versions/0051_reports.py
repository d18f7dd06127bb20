"""Awards have reports with due dates.

Revision: 0051
Revises: 0050
Created: 2026-11-23
"""

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
