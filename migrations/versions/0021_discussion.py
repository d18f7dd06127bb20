"""What reviewers say to each other of an application.

Revision: 0021
Revises: 0020
Created: 2026-11-22
"""

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
