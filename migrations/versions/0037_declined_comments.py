"""What a declined applicant reads of its reviews.

Revision: 0037
Revises: 0036
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def points_to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_declined_comment_{column}_{other}"))


def upgrade() -> None:
    promise = sa.Enum(
        "nothing", "comments", "comments_and_scores", name="declinedget", native_enum=False, create_constraint=True,
        length=32,
    )  # fmt: skip
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("declined_get", promise, server_default="nothing", nullable=False))
    op.create_table(
        "declined_comment",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("passes_on", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("chosen", DOCUMENT, nullable=False),
        sa.Column("edited_by_id", sa.Uuid(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("entry_id", "entry"),
        points_to("application_id", "application"),
        points_to("edited_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declined_comment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_declined_comment_entry_id")),
    )
    op.create_index(op.f("ix_declined_comment_application_id"), "declined_comment", ["application_id"])


def downgrade() -> None:
    op.drop_table("declined_comment")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_call_declinedget"), type_="check")
        batch_op.drop_column("declined_get")
