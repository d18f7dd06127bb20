"""Awards are paid in instalments, from files that two people release.

Revision: 0047
Revises: 0046
Created: 2026-11-23
"""

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
