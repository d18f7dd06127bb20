"""The reserve list moves up; letters are signed on paper too; reminders go out by themselves.

Revision: 0048
Revises: 0047
Created: 2026-11-23
"""

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
