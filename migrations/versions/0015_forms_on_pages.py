"""Forms that are written on the pages: the working copy of a form, and how it was before its last changes.

Revision: 0015
Revises: 0014
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "form_draft",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("working", DOCUMENT, nullable=False),
        sa.Column("begun_from", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_form_draft_call_id_call")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_form_draft_changed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_draft")),
        sa.UniqueConstraint("call_id", name=op.f("uq_form_draft_call_id")),
    )
    op.create_table(
        "form_draft_step",
        sa.Column("form_draft_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("working", DOCUMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_draft_id"], ["form_draft.id"], name=op.f("fk_form_draft_step_form_draft_id_form_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_draft_step")),
        sa.UniqueConstraint("form_draft_id", "number", name=op.f("uq_form_draft_step_form_draft_id_number")),
    )


def downgrade() -> None:
    op.drop_table("form_draft_step")
    op.drop_table("form_draft")
