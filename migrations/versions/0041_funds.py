"""Funders and funds behind a call, and what awards are paid from.

Revision: 0041
Revises: 0040
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KINDS = ("promised", "received", "allocated", "released", "reallocated", "paid", "returned")


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.add_column(sa.Column("funded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch_op.create_check_constraint(
            op.f("ck_award_funded_within_amount"), "funded_minor >= 0 AND funded_minor <= amount_minor"
        )
    op.create_table(
        "funder",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        check("funder", "has_name", "name <> ''"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder")),
    )
    op.create_table(
        "fund",
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("restriction", sa.Text(), nullable=False),
        sa.Column("pot_code", sa.Text(), nullable=False),
        sa.Column("promised_minor", sa.BigInteger(), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=False),
        sa.Column("allocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        check("fund", "has_name", "name <> ''"),
        check("fund", "restriction_has_words", "is_restricted = (restriction <> '')"),
        check("fund", "pot_restricts_in_call", "pot_code = '' OR (is_restricted AND call_id IS NOT NULL)"),
        check("fund", "allocated_is_promised", "allocated_minor >= 0 AND allocated_minor <= promised_minor"),
        check("fund", "paid_is_allocated", "paid_minor >= 0 AND paid_minor <= allocated_minor"),
        check("fund", "received_not_below_zero", "received_minor >= 0"),
        reference("fund", "funder_id", "funder"),
        reference("fund", "programme_id", "programme"),
        reference("fund", "call_id", "call"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
    )
    for column in ("funder_id", "programme_id", "call_id"):
        op.create_index(op.f(f"ix_fund_{column}"), "fund", [column], unique=False)
    op.create_table(
        "fund_share",
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("allocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        check("fund_share", "paid_is_allocated", "paid_minor >= 0 AND paid_minor <= allocated_minor"),
        reference("fund_share", "fund_id", "fund"),
        reference("fund_share", "award_id", "award"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_share")),
        sa.UniqueConstraint("fund_id", "award_id", name=op.f("uq_fund_share_fund_id_award_id")),
    )
    op.create_index(op.f("ix_fund_share_award_id"), "fund_share", ["award_id"], unique=False)
    op.create_table(
        "fund_movement",
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="movementkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("move_id", sa.Uuid(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        check(
            "fund_movement",
            "amount_has_sign_of_kind",
            "amount_minor <> 0 AND (kind NOT IN ('allocated', 'paid') OR amount_minor > 0)"
            " AND (kind NOT IN ('released', 'returned') OR amount_minor < 0)",
        ),
        check("fund_movement", "award_or_funder", "(kind IN ('promised', 'received')) = (award_id IS NULL)"),
        check("fund_movement", "moved_together", "(kind = 'reallocated') = (move_id IS NOT NULL)"),
        check("fund_movement", "taking_back_has_reason", "amount_minor > 0 OR reason <> ''"),
        reference("fund_movement", "fund_id", "fund"),
        reference("fund_movement", "award_id", "award"),
        reference("fund_movement", "made_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_movement")),
    )
    for column in ("fund_id", "award_id"):
        op.create_index(op.f(f"ix_fund_movement_{column}"), "fund_movement", [column], unique=False)
    _guard()


def _guard() -> None:
    """Let rows of the ledger be added, and never changed again."""
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("fund_movement_keeps", "BEFORE UPDATE OR DELETE ON fund_movement FOR EACH ROW"),
            ("fund_movement_keeps_all", "BEFORE TRUNCATE ON fund_movement FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    for name, when, what in (
        ("deleted", "BEFORE DELETE ON fund_movement", "DELETE is refused"),
        ("updated", "BEFORE UPDATE ON fund_movement", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        (
            "replaced",
            "BEFORE INSERT ON fund_movement WHEN EXISTS (SELECT 1 FROM fund_movement WHERE id = NEW.id)",
            "this row is there already",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER fund_movement_keeps_{name} {when}"
            f" BEGIN SELECT RAISE(ABORT, 'fund_movement is append-only: {what}'); END"
        )


def downgrade() -> None:
    for table in ("fund_movement", "fund_share", "fund", "funder"):  # and triggers with the first
        op.drop_table(table)
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_award_funded_within_amount"), type_="check")
        batch_op.drop_column("funded_minor")
