"""Awards are accepted, asked about or refused.

Revision: 0043
Revises: 0042
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "award_offer",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "offered", "asked", "accepted", "refused", "withdrawn", name="offerstatus", native_enum=False,
                create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("text_sha256", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("with_second_factor", sa.Boolean(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_version", sa.Integer(), nullable=False),
        sa.Column("role_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("role_version", sa.Integer(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('accepted', 'refused', 'withdrawn')) = (settled_at IS NOT NULL)",
            name=op.f("ck_award_offer_settled_has_time"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL)", name=op.f("ck_award_offer_settled_has_person")
        ),
        sa.CheckConstraint(
            "(status = 'accepted') = (text_sha256 IS NOT NULL)", name=op.f("ck_award_offer_accepted_has_text")
        ),
        sa.CheckConstraint(
            "(text_sha256 IS NULL) = (language IS NULL)", name=op.f("ck_award_offer_text_has_language")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_offer_award_id_award")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_award_offer_application_id_application")
        ),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_award_offer_settled_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_offer")),
        sa.UniqueConstraint("award_id", name=op.f("uq_award_offer_award_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_award_offer_application_id"), "award_offer", ["application_id"])
    op.create_table(
        "award_question",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL)", name=op.f("ck_award_question_answered_has_person")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["award_offer.id"], name=op.f("fk_award_question_offer_id_award_offer")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_award_question_application_id_application")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_award_question_asked_by_id_person")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_award_question_answered_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_question")),
        sa.UniqueConstraint("offer_id", "number", name=op.f("uq_award_question_offer_id_number")),
    )
    op.create_index(op.f("ix_award_question_application_id"), "award_question", ["application_id"])


def downgrade() -> None:
    op.drop_table("award_question")
    op.drop_table("award_offer")
