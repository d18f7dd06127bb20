"""Who else stands behind an application, and whom reviewers are tied to.

Revision: 0018
Revises: 0017
Created: 2026-11-22
"""

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
