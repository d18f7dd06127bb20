"""Pools in which applicants review each other.

Revision: 0022
Revises: 0021
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_impartial", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column(
                "undone_reviews",
                one_of("undonereviews", ("nothing", "last", "out")),
                server_default="nothing",
                nullable=False,
            )
        )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_call_impartial_applicants_review"), "applicants_review OR NOT is_impartial"
        )
    op.create_table(
        "pool_draw",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value_source", sa.Text(), nullable=False),
        sa.Column("value_at", TIME, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("fixed_by_id", sa.Uuid(), nullable=True),
        sa.Column("fixed_at", TIME, nullable=False),
        sa.Column("public_value", sa.Text(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("drawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("drawn_at", TIME, nullable=True),
        sa.Column("opened_by_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("value_at > fixed_at", name=op.f("ck_pool_draw_value_after_list")),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (drawn_by_id IS NULL) AND (drawn_at IS NULL) = (public_value IS NULL)"
            " AND (drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR drawn_at >= value_at)",
            name=op.f("ck_pool_draw_drawn_has_evidence"),
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (opened_by_id IS NULL) AND (opened_at IS NULL OR drawn_at IS NOT NULL)",
            name=op.f("ck_pool_draw_opened_has_evidence"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_pool_draw_call_id_call")),
        sa.ForeignKeyConstraint(["fixed_by_id"], ["person.id"], name=op.f("fk_pool_draw_fixed_by_id_person")),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["person.id"], name=op.f("fk_pool_draw_drawn_by_id_person")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_pool_draw_opened_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_draw")),
        sa.UniqueConstraint("call_id", "number", name=op.f("uq_pool_draw_call_id_number")),
    )
    op.create_table(
        "pool_lot",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Integer(), nullable=False),
        sa.Column("pool", one_of("poolname", ("A", "B")), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["pool_draw.id"], name=op.f("fk_pool_lot_draw_id_pool_draw")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_lot")),
        sa.UniqueConstraint("draw_id", "label", name=op.f("uq_pool_lot_draw_id_label")),
    )
    op.create_table(
        "pool_place",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("excuse", sa.Text(), nullable=False),
        sa.Column("excused_by_id", sa.Uuid(), nullable=True),
        sa.Column("excused_at", TIME, nullable=True),
        sa.Column("duty", one_of("duty", ("none", "done", "excused", "undone")), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(excused_at IS NULL) = (excused_by_id IS NULL) AND (excused_at IS NOT NULL OR excuse = '')",
            name=op.f("ck_pool_place_excused_has_evidence"),
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["pool_draw.id"], name=op.f("fk_pool_place_draw_id_pool_draw")),
        sa.ForeignKeyConstraint(["lot_id"], ["pool_lot.id"], name=op.f("fk_pool_place_lot_id_pool_lot")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_pool_place_application_id_application")
        ),
        sa.ForeignKeyConstraint(["excused_by_id"], ["person.id"], name=op.f("fk_pool_place_excused_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_place")),
        sa.UniqueConstraint("draw_id", "application_id", name=op.f("uq_pool_place_draw_id_application_id")),
    )
    with op.batch_alter_table("pool_place", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_pool_place_application_id"), ["application_id"], unique=False)
        batch_op.create_index(op.f("ix_pool_place_lot_id"), ["lot_id"], unique=False)
    op.create_table(
        "pool_share",
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("pool", one_of("poolname", ("A", "B")), nullable=False),
        sa.Column("awards", sa.Integer(), nullable=True),
        sa.Column("money_minor", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "money_minor >= 0 AND (awards IS NULL OR awards >= 0)", name=op.f("ck_pool_share_not_below_zero")
        ),
        sa.CheckConstraint("(awards IS NULL) = (category_id IS NULL)", name=op.f("ck_pool_share_awards_by_category")),
        sa.ForeignKeyConstraint(["draw_id"], ["pool_draw.id"], name=op.f("fk_pool_share_draw_id_pool_draw")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_pool_share_category_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_share")),
        sa.UniqueConstraint("draw_id", "category_id", "pool", name=op.f("uq_pool_share_draw_id_category_id_pool")),
    )
    op.create_index(
        "uq_pool_share_without_category",
        "pool_share",
        ["draw_id", "pool"],
        unique=True,
        sqlite_where=sa.text("category_id IS NULL"),
        postgresql_where=sa.text("category_id IS NULL"),
    )


def downgrade() -> None:
    for table in ("pool_share", "pool_place", "pool_lot", "pool_draw"):
        op.drop_table(table)
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_call_impartial_applicants_review"), type_="check")
        batch_op.drop_constraint(op.f("ck_call_undonereviews"), type_="check")
        batch_op.drop_column("undone_reviews")
        batch_op.drop_column("is_impartial")
