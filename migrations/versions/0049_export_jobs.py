"""Large exports are made by a job.

Revision: 0049
Revises: 0048
Created: 2026-11-23
"""

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
