"""Stages of a review and their phases.

Revision: 0016
Revises: 0015
Created: 2026-11-22
"""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
