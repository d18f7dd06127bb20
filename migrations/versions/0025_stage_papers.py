"""Further papers of a stage.

Revision: 0025
Revises: 0024
Created: 2026-11-22
"""

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
