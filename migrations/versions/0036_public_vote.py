"""A vote of the public on finalists.

Revision: 0036
Revises: 0035
Created: 2026-11-22
"""

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
