"""Imports that go on in the background.

Revision: 0023
Revises: 0022
Created: 2026-11-22
"""

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
