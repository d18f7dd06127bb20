"""Lots at the line.

Revision: 0034
Revises: 0033
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "line_draw",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("value_source", sa.Text(), nullable=False),
        sa.Column("value_at", TIME, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("fixed_by_id", sa.Uuid(), nullable=False),
        sa.Column("fixed_at", TIME, nullable=False),
        sa.Column("public_value", sa.Text(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("drawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("drawn_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("value_at > fixed_at", name=op.f("ck_line_draw_value_after_list")),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (drawn_by_id IS NULL) AND (drawn_at IS NULL) = (public_value IS NULL)"
            " AND (drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR drawn_at >= value_at)",
            name=op.f("ck_line_draw_drawn_has_evidence"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_line_draw_call_id_call")),
        sa.ForeignKeyConstraint(["fixed_by_id"], ["person.id"], name=op.f("fk_line_draw_fixed_by_id_person")),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["person.id"], name=op.f("fk_line_draw_drawn_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_draw")),
        sa.UniqueConstraint("call_id", "number", name=op.f("uq_line_draw_call_id_number")),
    )
    op.create_table(
        "line_lot",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("stratum >= 1 AND (place IS NULL OR place >= 1)", name=op.f("ck_line_lot_counted_from_one")),
        sa.ForeignKeyConstraint(["draw_id"], ["line_draw.id"], name=op.f("fk_line_lot_draw_id_line_draw")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_line_lot_entry_id_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_lot")),
        sa.UniqueConstraint("draw_id", "label", name=op.f("uq_line_lot_draw_id_label")),
        sa.UniqueConstraint("draw_id", "entry_id", name=op.f("uq_line_lot_draw_id_entry_id")),
    )
    with op.batch_alter_table("line_lot", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_line_lot_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    op.drop_table("line_lot")
    op.drop_table("line_draw")
