"""Terms of a selection that a call package fixed, and whether everybody may read their rules.

Revision: 0044
Revises: 0043
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("selection_terms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rules_published", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.alter_column("set_by_id", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    """Take out the terms that nobody fixed by hand: what stood before names a person."""
    fixed = sa.table("selection_terms", sa.column("id"), sa.column("set_by_id"))
    theirs = sa.select(fixed.c.id).where(fixed.c.set_by_id.is_(None))
    for name in ("selection_rule", "pot", "terms_change"):
        part = sa.table(name, sa.column("terms_id"))
        op.execute(part.delete().where(part.c.terms_id.in_(theirs)))
    op.execute(fixed.delete().where(fixed.c.set_by_id.is_(None)))
    with op.batch_alter_table("selection_terms", schema=None) as batch_op:
        batch_op.alter_column("set_by_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("rules_published")
