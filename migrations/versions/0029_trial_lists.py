"""Lists that people tried before they decided.

Revision: 0029
Revises: 0028
Created: 2026-11-22
"""

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
