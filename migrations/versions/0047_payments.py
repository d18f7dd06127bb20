"""Awards are paid in instalments, from files that two people release.

Revision: 0047
Revises: 0046
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "payment_file",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "made",
                "failed",
                "released",
                "cancelled",
                name="filestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("execution_on", sa.Date(), nullable=False),
        sa.Column("debtor_name", sa.Text(), nullable=False),
        sa.Column("debtor_account", sa.Text(), nullable=False),
        sa.Column("debtor_bic", sa.Text(), nullable=False),
        sa.Column("debtor_country", sa.Text(), nullable=False),
        sa.Column("prepared_by_id", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", TIME, nullable=False),
        sa.Column("made_at", TIME, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("released_by_id", sa.Uuid(), nullable=True),
        sa.Column("released_at", TIME, nullable=True),
        sa.Column("cancelled_by_id", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", TIME, nullable=True),
        sa.Column("emptied_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_payment_file_cancelled_has_time")
        ),
        sa.CheckConstraint("status <> 'failed' OR failure <> ''", name=op.f("ck_payment_file_failed_has_reason")),
        sa.CheckConstraint(
            "status <> 'released' OR released_at IS NOT NULL", name=op.f("ck_payment_file_released_has_time")
        ),
        sa.CheckConstraint(
            "status NOT IN ('made', 'released') OR made_at IS NOT NULL", name=op.f("ck_payment_file_made_has_time")
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name=op.f("ck_payment_file_cancelled_has_person")
        ),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by_id IS NULL)", name=op.f("ck_payment_file_released_has_person")
        ),
        sa.CheckConstraint(
            "released_by_id IS NULL OR released_by_id <> prepared_by_id",
            name=op.f("ck_payment_file_released_by_another"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_payment_file_call_id_call")),
        sa.ForeignKeyConstraint(
            ["cancelled_by_id"], ["person.id"], name=op.f("fk_payment_file_cancelled_by_id_person")
        ),
        sa.ForeignKeyConstraint(["prepared_by_id"], ["person.id"], name=op.f("fk_payment_file_prepared_by_id_person")),
        sa.ForeignKeyConstraint(["released_by_id"], ["person.id"], name=op.f("fk_payment_file_released_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_file")),
        sa.UniqueConstraint("message_id", name=op.f("uq_payment_file_message_id")),
    )
    op.create_index(op.f("ix_payment_file_call_id"), "payment_file", ["call_id"], unique=False)
    op.create_table(
        "payment_document",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "format",
            sa.Enum("csv", "xlsx", "pain.001", name="fileformat", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["payment_file.id"], name=op.f("fk_payment_document_file_id_payment_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_document")),
        sa.UniqueConstraint("file_id", "format", name=op.f("uq_payment_document_file_id_format")),
    )
    op.create_table(
        "instalment",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("is_conditional", sa.Boolean(), nullable=False),
        sa.Column("waits_for_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("planned_by_id", sa.Uuid(), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("met_by_id", sa.Uuid(), nullable=True),
        sa.Column("met_at", TIME, nullable=True),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("dropped_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by_id IS NULL)", name=op.f("ck_instalment_approved_has_person")
        ),
        sa.CheckConstraint("(met_at IS NULL) = (met_by_id IS NULL)", name=op.f("ck_instalment_met_has_person")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_instalment_amount_positive")),
        sa.CheckConstraint(
            "approved_at IS NULL OR NOT is_conditional OR met_at IS NOT NULL",
            name=op.f("ck_instalment_approved_once_met"),
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> planned_by_id", name=op.f("ck_instalment_approved_by_another")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR met_by_id IS NULL OR approved_by_id <> met_by_id",
            name=op.f("ck_instalment_approved_by_a_third"),
        ),
        sa.CheckConstraint("dropped_at IS NULL OR approved_at IS NULL", name=op.f("ck_instalment_approved_is_kept")),
        sa.CheckConstraint("met_at IS NULL OR is_conditional", name=op.f("ck_instalment_met_is_conditional")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_instalment_application_id_application")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_instalment_approved_by_id_person")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_instalment_award_id_award")),
        sa.ForeignKeyConstraint(["met_by_id"], ["person.id"], name=op.f("fk_instalment_met_by_id_person")),
        sa.ForeignKeyConstraint(["planned_by_id"], ["person.id"], name=op.f("fk_instalment_planned_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
    )
    op.create_index(op.f("ix_instalment_application_id"), "instalment", ["application_id"], unique=False)
    op.create_index(
        "uq_instalment_current",
        "instalment",
        ["award_id", "number"],
        unique=True,
        sqlite_where=sa.text("dropped_at IS NULL"),
        postgresql_where=sa.text("dropped_at IS NULL"),
    )
    op.create_table(
        "payment",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("instalment_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("details_id", sa.Uuid(), nullable=False),
        sa.Column("details_sha256", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "prepared",
                "released",
                "sent",
                "received",
                "returned",
                "cancelled",
                name="paymentstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unfit", sa.Text(), nullable=False),
        sa.Column("from_funds", DOCUMENT, nullable=False),
        sa.Column("sent_by_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("received_by_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", TIME, nullable=True),
        sa.Column("returned_by_id", sa.Uuid(), nullable=True),
        sa.Column("returned_at", TIME, nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'returned') = (returned_at IS NOT NULL)", name=op.f("ck_payment_returned_has_time")
        ),
        sa.CheckConstraint(
            "(status IN ('sent', 'received', 'returned')) = (sent_at IS NOT NULL)",
            name=op.f("ck_payment_sent_has_time"),
        ),
        sa.CheckConstraint(
            "status <> 'received' OR received_at IS NOT NULL", name=op.f("ck_payment_received_has_time")
        ),
        sa.CheckConstraint(
            "(received_at IS NULL) = (received_by_id IS NULL)", name=op.f("ck_payment_received_has_person")
        ),
        sa.CheckConstraint(
            "(returned_at IS NULL) = (returned_by_id IS NULL)", name=op.f("ck_payment_returned_has_person")
        ),
        sa.CheckConstraint("(sent_at IS NULL) = (sent_by_id IS NULL)", name=op.f("ck_payment_sent_has_person")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount_positive")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_payment_application_id_application")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_payment_award_id_award")),
        sa.ForeignKeyConstraint(["details_id"], ["payee_details.id"], name=op.f("fk_payment_details_id_payee_details")),
        sa.ForeignKeyConstraint(["file_id"], ["payment_file.id"], name=op.f("fk_payment_file_id_payment_file")),
        sa.ForeignKeyConstraint(["instalment_id"], ["instalment.id"], name=op.f("fk_payment_instalment_id_instalment")),
        sa.ForeignKeyConstraint(["received_by_id"], ["person.id"], name=op.f("fk_payment_received_by_id_person")),
        sa.ForeignKeyConstraint(["returned_by_id"], ["person.id"], name=op.f("fk_payment_returned_by_id_person")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["person.id"], name=op.f("fk_payment_sent_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_reference")),
    )
    op.create_index(op.f("ix_payment_application_id"), "payment", ["application_id"], unique=False)
    op.create_index(op.f("ix_payment_award_id"), "payment", ["award_id"], unique=False)
    op.create_index(op.f("ix_payment_file_id"), "payment", ["file_id"], unique=False)
    op.create_index(op.f("ix_payment_instalment_id"), "payment", ["instalment_id"], unique=False)
    op.create_index(
        "uq_payment_live",
        "payment",
        ["instalment_id"],
        unique=True,
        sqlite_where=sa.text("status NOT IN ('returned', 'cancelled')"),
        postgresql_where=sa.text("status NOT IN ('returned', 'cancelled')"),
    )
    _guard()


def _guard() -> None:
    """Let files that were made be added, and never changed again."""
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("payment_document_keeps", "BEFORE UPDATE OR DELETE ON payment_document FOR EACH ROW"),
            ("payment_document_keeps_all", "BEFORE TRUNCATE ON payment_document FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    for name, when, what in (
        ("deleted", "BEFORE DELETE ON payment_document", "DELETE is refused"),
        ("updated", "BEFORE UPDATE ON payment_document", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        (
            "replaced",
            "BEFORE INSERT ON payment_document WHEN EXISTS (SELECT 1 FROM payment_document WHERE id = NEW.id)",
            "this row is there already",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER payment_document_keeps_{name} {when}"
            f" BEGIN SELECT RAISE(ABORT, 'payment_document is append-only: {what}'); END"
        )


def downgrade() -> None:
    for table in ("payment", "instalment", "payment_document", "payment_file"):  # and triggers with them
        op.drop_table(table)
