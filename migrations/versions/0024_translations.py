"""Translations of answers.

Revision: 0024
Revises: 0023
Created: 2026-11-22
"""

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
