"""By what the shares of two pools were divided, so that they can be reckoned again.

Revision: 0027
Revises: 0026
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BEFORE = "money_minor >= 0 AND (awards IS NULL OR awards >= 0)"
NAME = "ck_pool_share_not_below_zero"


def upgrade() -> None:
    with op.batch_alter_table("pool_share", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requested", sa.BigInteger(), nullable=True))
        batch_op.drop_constraint(op.f(NAME), type_="check")
    with op.batch_alter_table("pool_share", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f(NAME), f"{BEFORE} AND (requested IS NULL OR requested >= 0)")


def downgrade() -> None:
    with op.batch_alter_table("pool_share", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.drop_column("requested")
    with op.batch_alter_table("pool_share", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f(NAME), BEFORE)
