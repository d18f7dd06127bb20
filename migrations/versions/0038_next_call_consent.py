"""Who may be considered again in the next call.

Revision: 0038
Revises: 0037
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offers_next_call", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "next_call_consent",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("says_yes", sa.Boolean(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_next_call_consent_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_next_call_consent_answered_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_next_call_consent")),
        sa.UniqueConstraint("application_id", name=op.f("uq_next_call_consent_application_id")),
    )


def downgrade() -> None:
    op.drop_table("next_call_consent")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_column("offers_next_call")
