"""Ways in.

Revision: 0005
Revises: 0004
Created: 2026-11-21
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
