"""How far a plan is.

Revision: 0026
Revises: 0025
Created: 2026-11-22
"""

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
