"""What is laid down about pairs, entries that more people read, and plans that are computed, applied and undone.

Revision: 0019
Revises: 0018
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("review_minutes", sa.Integer(), server_default="45", nullable=False))
        batch_op.create_check_constraint(op.f("ck_stage_review_takes_time"), "review_minutes >= 1")
    op.create_table(
        "pair_rule",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of("pairrulekind", "pin", "forbid"), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_pair_rule_entry_id_entry")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name=op.f("fk_pair_rule_reviewer_id_reviewer")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_pair_rule_set_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_rule")),
        sa.UniqueConstraint("entry_id", "reviewer_id", name=op.f("uq_pair_rule_entry_id_reviewer_id")),
    )
    op.create_index(op.f("ix_pair_rule_reviewer_id"), "pair_rule", ["reviewer_id"], unique=False)
    op.create_table(
        "anchor",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("readers >= 1", name=op.f("ck_anchor_read_by_somebody")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_anchor_entry_id_entry")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_anchor_set_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_anchor_entry_id")),
    )
    op.create_table(
        "assignment_plan",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", one_of("planstatus", "waiting", "ready", "failed", "applied", "undone"), nullable=False),
        sa.Column("is_fair", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("without", DOCUMENT, server_default="[]", nullable=False),
        sa.Column("result", DOCUMENT, server_default="{}", nullable=False),
        sa.Column("state_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("ready_at", TIME, nullable=True),
        sa.Column("applied_at", TIME, nullable=True),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('waiting', 'failed')) = (ready_at IS NULL)", name=op.f("ck_assignment_plan_ready_has_time")
        ),
        sa.CheckConstraint(
            "(status IN ('applied', 'undone')) = (applied_at IS NOT NULL)",
            name=op.f("ck_assignment_plan_applied_has_time"),
        ),
        sa.CheckConstraint(
            "(status = 'undone') = (undone_at IS NOT NULL)", name=op.f("ck_assignment_plan_undone_has_time")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_assignment_plan_call_id_call")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["person.id"], name=op.f("fk_assignment_plan_requested_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_plan")),
        sa.UniqueConstraint("call_id", "number", name=op.f("uq_assignment_plan_call_id_number")),
    )


def downgrade() -> None:
    op.drop_table("assignment_plan")
    op.drop_table("anchor")
    op.drop_index(op.f("ix_pair_rule_reviewer_id"), table_name="pair_rule")
    op.drop_table("pair_rule")
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_stage_review_takes_time"), type_="check")
        batch_op.drop_column("review_minutes")
