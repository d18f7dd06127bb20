"""What reviewers say of themselves, and how they answer an invitation.

Revision: 0017
Revises: 0016
Created: 2026-11-22
"""

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
