"""Two people who ratify, and each sending back with its reason.

Revision: 0031
Revises: 0030
Created: 2026-11-22
"""

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
