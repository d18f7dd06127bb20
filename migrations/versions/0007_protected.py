"""Protected calls and applications, and openings of identities.

Revision: 0007
Revises: 0006
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("call", "application"):
        op.add_column(table, sa.Column("is_protected", sa.Boolean(), server_default=sa.false(), nullable=False))
    # In one statement with its check, which both engines take: SQLite would have to copy the table for a later one.
    op.execute(
        "ALTER TABLE application ADD COLUMN pseudonym TEXT CONSTRAINT ck_application_protected_has_pseudonym"
        " CHECK (NOT is_protected OR pseudonym IS NOT NULL)"
    )
    op.create_index("ix_application_call_id_pseudonym", "application", ["call_id", "pseudonym"], unique=True)
    op.create_table(
        "protection_change",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "raised",
                "raised_by_applicant",
                "raised_with_call",
                "lowering_asked",
                "lowered",
                name="protectionstep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(step = 'lowered') = (asked_id IS NOT NULL)", name=op.f("ck_protection_change_lowered_was_asked")
        ),
        sa.CheckConstraint(
            "reason <> '' OR step IN ('raised_by_applicant', 'raised_with_call')",
            name=op.f("ck_protection_change_has_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_protection_change_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["asked_id"], ["protection_change.id"], name=op.f("fk_protection_change_asked_id_protection_change")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_protection_change_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_change")),
        sa.UniqueConstraint("application_id", "number", name=op.f("uq_protection_change_application_id_number")),
        sa.UniqueConstraint("asked_id", name=op.f("uq_protection_change_asked_id")),
    )
    op.create_table(
        "identity_opening",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("opened", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_identity_opening_has_reason")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_identity_opening_application_id_application")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_opening_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_opening")),
    )
    op.create_index(op.f("ix_identity_opening_application_id"), "identity_opening", ["application_id"])


def downgrade() -> None:
    op.drop_table("identity_opening")
    op.drop_table("protection_change")
    op.drop_index("ix_application_call_id_pseudonym", table_name="application")
    with op.batch_alter_table("application", schema=None) as batch_op:
        # A later migration may have made the table anew on SQLite, and then the check is no part of the column any more.
        batch_op.drop_constraint(op.f("ck_application_protected_has_pseudonym"), type_="check")
        batch_op.drop_column("pseudonym")
        batch_op.drop_column("is_protected")
    op.drop_column("call", "is_protected")
