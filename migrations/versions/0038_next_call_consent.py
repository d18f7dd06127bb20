"""Who may be considered again in the next call.

Revision: 0038
Revises: 0037
Created: 2026-11-22
"""

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
