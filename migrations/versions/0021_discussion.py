"""Phases of stages, who sits in which, how entries go on, and what is said of an entry.

Revision: 0021
Revises: 0020
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)
TABLES = ("review_phase", "stage_seat", "stage_move", "moved_entry", "discussion_post", "post_mention")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def points_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "review_phase",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("titles", DOCUMENT, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("may_score", sa.Boolean(), nullable=False),
        sa.Column("others", one_of("seenothers", "never", "after_own", "always"), nullable=False),
        sa.Column("shown_as", one_of("shownas", "names", "aliases"), nullable=False),
        sa.Column("may_discuss", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_review_phase_ends_after_start")),
        points_to("review_phase", "call_id", "call"),
        points_to("review_phase", "stage_id", "stage"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_phase")),
        sa.UniqueConstraint("call_id", "code", name=op.f("uq_review_phase_call_id_code")),
    )
    op.create_table(
        "stage_seat",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("stage_seat", "call_id", "call"),
        points_to("stage_seat", "stage_id", "stage"),
        points_to("stage_seat", "reviewer_id", "reviewer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_seat")),
        sa.UniqueConstraint("stage_id", "reviewer_id", name=op.f("uq_stage_seat_stage_id_reviewer_id")),
    )
    op.create_table(
        "stage_move",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage_id", sa.Uuid(), nullable=False),
        sa.Column("to_stage_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_by_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", TIME, nullable=False),
        sa.Column("undone_by_id", sa.Uuid(), nullable=True),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("to_stage_id <> from_stage_id", name=op.f("ck_stage_move_moves")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_stage_move_undone_has_evidence")
        ),
        points_to("stage_move", "call_id", "call"),
        points_to("stage_move", "from_stage_id", "stage"),
        points_to("stage_move", "to_stage_id", "stage"),
        points_to("stage_move", "moved_by_id", "person"),
        points_to("stage_move", "undone_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_move")),
    )
    op.create_table(
        "moved_entry",
        sa.Column("move_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("moved_entry", "move_id", "stage_move"),
        points_to("moved_entry", "entry_id", "entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_entry")),
        sa.UniqueConstraint("move_id", "entry_id", name=op.f("uq_moved_entry_move_id_entry_id")),
    )
    op.create_table(
        "discussion_post",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("posted_at", TIME, nullable=False),
        sa.Column("erased_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(text = '') = (erased_at IS NOT NULL)", name=op.f("ck_discussion_post_empty_only_when_erased")
        ),
        points_to("discussion_post", "entry_id", "entry"),
        points_to("discussion_post", "stage_id", "stage"),
        points_to("discussion_post", "author_id", "person"),
        points_to("discussion_post", "assignment_id", "assignment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussion_post")),
    )
    op.create_table(
        "post_mention",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("post_mention", "post_id", "discussion_post"),
        points_to("post_mention", "assignment_id", "assignment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_mention")),
        sa.UniqueConstraint("post_id", "assignment_id", name=op.f("uq_post_mention_post_id_assignment_id")),
    )
    for table, columns in (
        ("review_phase", ("stage_id",)),
        ("stage_seat", ("call_id",)),
        ("stage_seat", ("reviewer_id",)),
        ("stage_move", ("call_id",)),
        ("moved_entry", ("entry_id",)),
        ("discussion_post", ("entry_id", "stage_id")),
        ("discussion_post", ("author_id",)),
        ("post_mention", ("assignment_id",)),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def downgrade() -> None:
    # An older version knows the deciding stage alone: migration 0016 takes the others away with what was read in them.
    for table in reversed(TABLES):
        op.drop_table(table)
