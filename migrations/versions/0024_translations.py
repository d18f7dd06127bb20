"""Translations of answers.

Revision: 0024
Revises: 0023
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLE = "answer_translation"


def points_to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{TABLE}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "made_by",
            sa.Enum(
                "person",
                "machine",
                "applicant",
                name="translatedby",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_by_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_answer_translation_counts_from_one")),
        points_to("application_id", "application"),
        points_to("submission_id", "submission"),
        points_to("written_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_translation")),
        sa.UniqueConstraint(
            "application_id",
            "question",
            "language",
            "number",
            name=op.f("uq_answer_translation_application_id_question_language_number"),
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
