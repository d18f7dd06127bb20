"""Awards have reports with due dates.

Revision: 0051
Revises: 0050
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)


def points_to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key with the name that the models give it."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def one_of(name: str, *values: str) -> sa.Enum:
    """Return the column type of an enumeration."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "report_form",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("report_form", "call_id", "call"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_form")),
        sa.UniqueConstraint("call_id", "number", name=op.f("uq_report_form_call_id_number")),
    )
    op.create_table(
        "reporting_terms",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("days", DOCUMENT, nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("reporting_terms", "call_id", "call"),
        points_to("reporting_terms", "form_id", "report_form"),
        points_to("reporting_terms", "set_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_terms")),
        sa.UniqueConstraint("call_id", name=op.f("uq_reporting_terms_call_id")),
    )
    op.create_table(
        "report",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", one_of("reportstatus", "asked", "sent", "asked_back", "thanked", "waived"), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answers_version", sa.Integer(), nullable=False),
        sa.Column("saved_at", TIME, nullable=True),
        sa.Column("reminded", one_of("reminderstep", "soon", "overdue"), nullable=True),
        sa.Column("reminded_at", TIME, nullable=True),
        sa.Column("asked_back_at", TIME, nullable=True),
        sa.Column("asked_back_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_back_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_back_version", sa.Integer(), nullable=False),
        sa.Column("thanked_at", TIME, nullable=True),
        sa.Column("thanked_by_id", sa.Uuid(), nullable=True),
        sa.Column("thanks_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("thanks_version", sa.Integer(), nullable=False),
        sa.Column("waived_at", TIME, nullable=True),
        sa.Column("waived_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(waived_at IS NULL) = (waived_by_id IS NULL)", name=op.f("ck_report_waived_has_person")),
        sa.CheckConstraint("(status = 'waived') = (waived_at IS NOT NULL)", name=op.f("ck_report_waived_has_time")),
        sa.CheckConstraint("(thanked_at IS NULL) = (thanked_by_id IS NULL)", name=op.f("ck_report_thanked_has_person")),
        sa.CheckConstraint("(status = 'thanked') = (thanked_at IS NOT NULL)", name=op.f("ck_report_thanked_has_time")),
        sa.CheckConstraint(
            "(asked_back_at IS NULL) = (asked_back_by_id IS NULL)", name=op.f("ck_report_asked_back_has_person")
        ),
        sa.CheckConstraint(
            "status <> 'asked_back' OR asked_back_at IS NOT NULL", name=op.f("ck_report_asked_back_has_time")
        ),
        points_to("report", "award_id", "award"),
        points_to("report", "application_id", "application"),
        points_to("report", "form_id", "report_form"),
        points_to("report", "asked_back_by_id", "person"),
        points_to("report", "thanked_by_id", "person"),
        points_to("report", "waived_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("award_id", "number", name=op.f("uq_report_award_id_number")),
    )
    op.create_index(op.f("ix_report_application_id"), "report", ["application_id"])
    op.create_index(op.f("ix_report_due_on"), "report", ["due_on"])
    op.create_table(
        "report_sending",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("way", one_of("reportway", "form", "told"), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_by_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sent_by_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(way = 'told') = (told_on IS NOT NULL)", name=op.f("ck_report_sending_told_has_day")),
        points_to("report_sending", "report_id", "report"),
        points_to("report_sending", "application_id", "application"),
        points_to("report_sending", "form_id", "report_form"),
        points_to("report_sending", "sent_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_sending")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_report_sending_report_id_number")),
    )
    op.create_index(op.f("ix_report_sending_application_id"), "report_sending", ["application_id"])


def downgrade() -> None:
    op.drop_table("report_sending")
    op.drop_table("report")
    op.drop_table("reporting_terms")
    op.drop_table("report_form")
