"""What was fixed before a selection: rules, pots, floor, coverage.

Revision: 0028
Revises: 0027
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "selection_terms",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("ranking", one_of("ranking", ("mean", "adjusted")), nullable=False),
        sa.Column("places", sa.Integer(), nullable=True),
        sa.Column("floor", sa.Numeric(9, 4), nullable=True),
        sa.Column("coverage_percent", sa.Integer(), nullable=False),
        sa.Column("least_reviews", sa.Integer(), nullable=False),
        sa.Column("two_ratifiers_from_minor", sa.BigInteger(), nullable=True),
        sa.Column("chairs_vote", sa.Boolean(), nullable=False),
        sa.Column("draw_band", sa.Integer(), nullable=True),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("places IS NULL OR places >= 1", name=op.f("ck_selection_terms_places_above_zero")),
        sa.CheckConstraint("coverage_percent BETWEEN 0 AND 100", name=op.f("ck_selection_terms_coverage_is_share")),
        sa.CheckConstraint("least_reviews >= 1", name=op.f("ck_selection_terms_least_reviews_at_least_one")),
        sa.CheckConstraint(
            "two_ratifiers_from_minor IS NULL OR two_ratifiers_from_minor > 0",
            name=op.f("ck_selection_terms_limit_above_zero"),
        ),
        sa.CheckConstraint(
            "draw_band IS NULL OR draw_band >= 0", name=op.f("ck_selection_terms_draw_band_not_below_zero")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_selection_terms_call_id_call")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_selection_terms_set_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_terms")),
        sa.UniqueConstraint("call_id", name=op.f("uq_selection_terms_call_id")),
    )
    op.create_table(
        "selection_rule",
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "kind", one_of("groupkind", ("region", "theme", "category", "language", "first_time")), nullable=False
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("measure", one_of("measure", ("money", "awards")), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "least >= 0 AND (most IS NULL OR most >= least)", name=op.f("ck_selection_rule_bounds_rise")
        ),
        sa.CheckConstraint("least > 0 OR most IS NOT NULL", name=op.f("ck_selection_rule_asks_something")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["selection_terms.id"], name=op.f("fk_selection_rule_terms_id_selection_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_rule")),
        sa.UniqueConstraint("terms_id", "code", name=op.f("uq_selection_rule_terms_id_code")),
    )
    op.create_table(
        "pot",
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("titles", DOCUMENT, nullable=False),
        sa.Column("money_minor", sa.BigInteger(), nullable=False),
        sa.Column("groups", DOCUMENT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("money_minor > 0", name=op.f("ck_pot_holds_money")),
        sa.ForeignKeyConstraint(["terms_id"], ["selection_terms.id"], name=op.f("fk_pot_terms_id_selection_terms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pot")),
        sa.UniqueConstraint("terms_id", "code", name=op.f("uq_pot_terms_id_code")),
    )
    op.create_table(
        "terms_change",
        sa.Column("terms_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("before", DOCUMENT, nullable=False),
        sa.Column("after", DOCUMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_terms_change_changed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["selection_terms.id"], name=op.f("fk_terms_change_terms_id_selection_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_change")),
        sa.UniqueConstraint("terms_id", "number", name=op.f("uq_terms_change_terms_id_number")),
    )


def downgrade() -> None:
    for table in ("terms_change", "pot", "selection_rule", "selection_terms"):
        op.drop_table(table)
