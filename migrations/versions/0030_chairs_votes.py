"""How chairs voted on an entry.

Revision: 0030
Revises: 0029
Created: 2026-11-22
"""

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
