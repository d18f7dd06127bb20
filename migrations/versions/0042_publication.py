"""What is published of an award.

Revision: 0042
Revises: 0041
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publication_choice",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choice",
            sa.Enum(
                "full", "name_only", "region_only", "withheld", name="publication", native_enum=False,
                create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("chosen_by_id", sa.Uuid(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_publication_choice_award_id_award")),
        sa.ForeignKeyConstraint(["chosen_by_id"], ["person.id"], name=op.f("fk_publication_choice_chosen_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_choice")),
        sa.UniqueConstraint("award_id", name=op.f("uq_publication_choice_award_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_publication_choice_public_id")),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("publication_choice")
