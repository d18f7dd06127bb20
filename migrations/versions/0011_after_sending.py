"""Later versions of what was sent, corrections, further papers, returned mail.

Revision: 0011
Revises: 0010
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FIRST = ("draft", "submitted", "eligible", "ineligible")
ALL = (*FIRST, "withdrawn")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.alter_column(
            "status",
            existing_type=one_of("applicationstatus", FIRST),
            type_=one_of("applicationstatus", ALL),
            existing_nullable=False,
        )
        for name in ("edited_at", "review_began_at", "withdrawn_at"):
            batch_op.add_column(sa.Column(name, TIME, nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason_version", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_check_constraint(
            op.f("ck_application_withdrawn_has_time"), "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)"
        )
    op.execute(
        "UPDATE application SET review_began_at = (SELECT min(assignment.declared_at) FROM assignment"
        " JOIN entry ON entry.id = assignment.entry_id"
        " WHERE entry.application_id = application.id AND assignment.status IN ('reading', 'reviewed'))"
    )
    with op.batch_alter_table("form_version", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "purpose",
                one_of("formpurpose", ("application", "papers", "with_papers")),
                server_default="application",
                nullable=False,
            )
        )
        batch_op.drop_constraint(op.f("uq_form_version_call_id_number"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_form_version_call_id_purpose_number"), ["call_id", "purpose", "number"]
        )
    op.create_table(
        "clarification",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("for_reviewers", sa.Boolean(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL)", name=op.f("ck_clarification_answered_has_person")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_clarification_application_id_application")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_clarification_asked_by_id_person")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_clarification_answered_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clarification")),
        sa.UniqueConstraint("application_id", "number", name=op.f("uq_clarification_application_id_number")),
    )
    op.create_table(
        "reopening",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", one_of("reopeningkind", ("correction", "papers")), nullable=False),
        sa.Column("questions", JSON, nullable=False),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_by_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closes_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_reopening_closes_after_opening")),
        sa.CheckConstraint(
            "submission_id IS NULL OR closed_at IS NOT NULL", name=op.f("ck_reopening_answered_is_closed")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_reopening_application_id_application")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_reopening_opened_by_id_person")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_reopening_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening")),
        sa.UniqueConstraint("application_id", "number", name=op.f("uq_reopening_application_id_number")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_reopening_submission_id")),
    )
    op.create_index(
        "uq_reopening_open",
        "reopening",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.add_column("person", sa.Column("mail_returned_at", TIME, nullable=True))
    op.add_column("mail_message", sa.Column("recipient_id", sa.Uuid(), nullable=True))
    op.add_column("mail_message", sa.Column("returned_at", TIME, nullable=True))


def downgrade() -> None:
    for column in ("returned_at", "recipient_id"):
        op.drop_column("mail_message", column)
    op.drop_column("person", "mail_returned_at")
    op.drop_table("reopening")
    op.drop_table("clarification")
    # Forms for further papers have no place in what comes before: what was sent with one keeps its answers.
    op.execute(
        "UPDATE application SET form_version_id = (SELECT min_version.id FROM form_version AS min_version"
        " WHERE min_version.call_id = application.call_id AND min_version.purpose = 'application'"
        " ORDER BY min_version.number DESC LIMIT 1)"
        " WHERE form_version_id IN (SELECT id FROM form_version WHERE purpose <> 'application')"
    )
    op.execute(
        "UPDATE submission SET form_version_id = (SELECT application.form_version_id FROM application"
        " WHERE application.id = submission.application_id)"
        " WHERE form_version_id IN (SELECT id FROM form_version WHERE purpose <> 'application')"
    )
    op.execute("DELETE FROM form_version WHERE purpose <> 'application'")
    with op.batch_alter_table("form_version", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_form_version_call_id_purpose_number"), type_="unique")
        batch_op.drop_constraint(op.f("ck_form_version_formpurpose"), type_="check")
        batch_op.create_unique_constraint(op.f("uq_form_version_call_id_number"), ["call_id", "number"])
        batch_op.drop_column("purpose")
    # What was withdrawn waits to be checked again: nothing before knows that an application can be taken back.
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_application_withdrawn_has_time"), type_="check")
    op.execute("UPDATE application SET status = 'submitted' WHERE status = 'withdrawn'")
    with op.batch_alter_table("application", schema=None) as batch_op:
        for name in (
            *("withdrawal_reason_version", "withdrawal_reason_sealed"),
            *("withdrawn_at", "review_began_at", "edited_at"),
        ):
            batch_op.drop_column(name)
        batch_op.alter_column(
            "status",
            existing_type=one_of("applicationstatus", ALL),
            type_=one_of("applicationstatus", FIRST),
            existing_nullable=False,
        )
