"""Forms that are written on the pages.

Revision: 0015
Revises: 0014
Created: 2026-11-21
"""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
