"""Uploads in parts, and what a scan said of a file.

Revision: 0012
Revises: 0011
Created: 2026-11-21
"""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
