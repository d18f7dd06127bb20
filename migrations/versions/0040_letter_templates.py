"""Letters are worded by templates of a call.

Revision: 0040
Revises: 0039
Created: 2026-11-22
"""

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
