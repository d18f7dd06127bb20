"""What reviewers say with each score, and translations beside the answers.

Revision: 0020
Revises: 0019
Created: 2026-11-22
"""

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
