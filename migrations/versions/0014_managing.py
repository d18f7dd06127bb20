"""Single deadlines, set-aside applications, where an application came from.

Revision: 0014
Revises: 0013
Created: 2026-11-21
"""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
