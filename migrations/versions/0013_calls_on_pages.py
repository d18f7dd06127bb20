"""Calls that are written on the pages: a deadline can also be moved earlier, and people are told of its moves.

Revision: 0013
Revises: 0012
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOVES = "ck_deadline_extension_moves"
MOVES_LATER = "ck_deadline_extension_moves_later"


def upgrade() -> None:
    with op.batch_alter_table("deadline_extension", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tells_senders", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("told_up_to", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(op.f(MOVES_LATER), type_="check")
        batch_op.create_check_constraint(op.f(MOVES), "closes_at <> closed_at_before")


def downgrade() -> None:
    # Calls that were closed early stay closed; the older version has no place for how that came.
    op.execute("DELETE FROM deadline_extension WHERE closes_at < closed_at_before")
    with op.batch_alter_table("deadline_extension", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(MOVES), type_="check")
        batch_op.create_check_constraint(op.f(MOVES_LATER), "closes_at > closed_at_before")
        batch_op.drop_column("told_at")
        batch_op.drop_column("told_up_to")
        batch_op.drop_column("tells_senders")
