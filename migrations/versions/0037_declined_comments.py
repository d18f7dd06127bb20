"""What a declined applicant reads of its reviews.

Revision: 0037
Revises: 0036
Created: 2026-11-22
"""

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
