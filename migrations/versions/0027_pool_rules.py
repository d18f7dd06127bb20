"""Rules of the two pools.

Revision: 0027
Revises: 0026
Created: 2026-11-22
"""

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
