"""Where the money of an award goes.

Revision: 0046
Revises: 0045
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def points_to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key with the name that the models give it."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def one_of(name: str, *values: str) -> sa.Enum:
    """Return the column type of an enumeration."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "payee_details",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payee_key", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("shown_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("account_index", sa.Text(), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("with_second_factor", sa.Boolean(), nullable=False),
        sa.Column("usable_from", TIME, nullable=False),
        sa.Column("stop_hash", sa.Text(), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by_id IS NULL)", name=op.f("ck_payee_details_approved_has_person")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> entered_by_id",
            name=op.f("ck_payee_details_approved_by_another"),
        ),
        sa.CheckConstraint("usable_from >= entered_at", name=op.f("ck_payee_details_usable_once_entered")),
        points_to("payee_details", "award_id", "award"),
        points_to("payee_details", "application_id", "application"),
        points_to("payee_details", "entered_by_id", "person"),
        points_to("payee_details", "approved_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_details")),
        sa.UniqueConstraint("award_id", "number", name=op.f("uq_payee_details_award_id_number")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_payee_details_stop_hash")),
    )
    for column in ("application_id", "payee_key", "account_index"):
        op.create_index(op.f(f"ix_payee_details_{column}"), "payee_details", [column])
    op.create_table(
        "payee_call",
        sa.Column("details_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("known", one_of("known", "application", "elsewhere"), nullable=False),
        sa.Column("known_since", TIME, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", one_of("calloutcome", "confirmed", "unreached", "denied"), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("called_by_id", sa.Uuid(), nullable=False),
        sa.Column("called_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("payee_call", "details_id", "payee_details"),
        points_to("payee_call", "application_id", "application"),
        points_to("payee_call", "called_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_call")),
        sa.UniqueConstraint("details_id", "number", name=op.f("uq_payee_call_details_id_number")),
    )
    op.create_index(op.f("ix_payee_call_application_id"), "payee_call", ["application_id"])
    op.create_table(
        "payee_freeze",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("frozen_at", TIME, nullable=False),
        sa.Column("frozen_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("first_by_id", sa.Uuid(), nullable=True),
        sa.Column("first_at", TIME, nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(first_at IS NULL) = (first_by_id IS NULL)", name=op.f("ck_payee_freeze_first_has_person")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)", name=op.f("ck_payee_freeze_lifted_has_person")
        ),
        sa.CheckConstraint("lifted_at IS NULL OR first_at IS NOT NULL", name=op.f("ck_payee_freeze_lifted_by_two")),
        sa.CheckConstraint(
            "lifted_by_id IS NULL OR lifted_by_id <> first_by_id", name=op.f("ck_payee_freeze_lifted_by_another")
        ),
        points_to("payee_freeze", "award_id", "award"),
        points_to("payee_freeze", "application_id", "application"),
        points_to("payee_freeze", "frozen_by_id", "person"),
        points_to("payee_freeze", "first_by_id", "person"),
        points_to("payee_freeze", "lifted_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_freeze")),
    )
    op.create_index(op.f("ix_payee_freeze_application_id"), "payee_freeze", ["application_id"])
    op.create_index(
        "uq_payee_freeze_open",
        "payee_freeze",
        ["award_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("payee_freeze")
    op.drop_table("payee_call")
    op.drop_table("payee_details")
