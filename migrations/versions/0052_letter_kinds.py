"""Certificates, nominations and panel letters are letters too.

Revision: 0052
Revises: 0051
Created: 2026-11-23
"""

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
