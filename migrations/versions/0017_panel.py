"""What reviewers say of themselves, and how they answer an invitation.

Whoever was a reviewer before has accepted: nobody who reads already is asked again.

Revision: 0017
Revises: 0016
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)
FIRST = ("assigned", "reading", "reviewed", "recused")
ALL = (*FIRST, "taken_back")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("applicants_review", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("reviewer", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "status",
                one_of("reviewerstatus", ("invited", "accepted", "declined", "removed")),
                server_default="accepted",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("invited_by_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_reviewer_invited_by_id_person"), "person", ["invited_by_id"], ["id"])
        batch_op.add_column(sa.Column("answered_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("answer_reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("removed_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("organisation_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("organisation_version", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("regions", DOCUMENT, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("themes", DOCUMENT, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("is_experienced", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE reviewer SET answered_at = invited_at")
    with op.batch_alter_table("reviewer", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_reviewer_answered_has_time"),
            "status NOT IN ('accepted', 'declined') OR answered_at IS NOT NULL",
        )
        batch_op.create_check_constraint(
            op.f("ck_reviewer_removed_has_time"), "(status = 'removed') = (removed_at IS NOT NULL)"
        )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.alter_column(
            "status",
            existing_type=one_of("assignmentstatus", FIRST),
            type_=one_of("assignmentstatus", ALL),
            existing_nullable=False,
        )
    op.create_table(
        "reviewer_profile",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("languages", DOCUMENT, nullable=False),
        sa.Column("regions", DOCUMENT, nullable=False),
        sa.Column("themes", DOCUMENT, nullable=False),
        sa.Column("has_reviewed_before", sa.Boolean(), nullable=False),
        sa.Column("max_at_once", sa.Integer(), nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("max_at_once >= 1", name=op.f("ck_reviewer_profile_takes_at_least_one")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reviewer_profile_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_reviewer_profile_person_id")),
    )
    op.create_table(
        "reviewer_news",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("waiting", DOCUMENT, nullable=False),
        sa.Column("told_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reviewer_news_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_news")),
        sa.UniqueConstraint("person_id", name=op.f("uq_reviewer_news_person_id")),
    )


def downgrade() -> None:
    op.drop_table("reviewer_news")
    op.drop_table("reviewer_profile")
    # The older version knows only people who read: what was taken back is gone there, as are those who never came.
    gone = "SELECT id FROM assignment WHERE status = 'taken_back'"
    op.execute(f"DELETE FROM score WHERE review_id IN (SELECT id FROM review WHERE assignment_id IN ({gone}))")  # noqa: S608 - our tables
    op.execute(f"DELETE FROM review WHERE assignment_id IN ({gone})")  # noqa: S608 - our tables
    op.execute("DELETE FROM assignment WHERE status = 'taken_back'")
    op.execute(
        "DELETE FROM reviewer WHERE status <> 'accepted'"
        " AND NOT EXISTS (SELECT 1 FROM assignment WHERE assignment.reviewer_id = reviewer.id)"
    )
    op.execute("DELETE FROM record_key WHERE owner_table = 'reviewer'")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.alter_column(
            "status",
            existing_type=one_of("assignmentstatus", ALL),
            type_=one_of("assignmentstatus", FIRST),
            existing_nullable=False,
        )
    with op.batch_alter_table("reviewer", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_reviewer_removed_has_time"), type_="check")
        batch_op.drop_constraint(op.f("ck_reviewer_answered_has_time"), type_="check")
        batch_op.drop_constraint(op.f("ck_reviewer_reviewerstatus"), type_="check")
        batch_op.drop_constraint(op.f("fk_reviewer_invited_by_id_person"), type_="foreignkey")
        for name in (
            "is_experienced",
            "themes",
            "regions",
            "organisation_version",
            "organisation_sealed",
            "removed_at",
            "answer_reason",
            "answered_at",
            "invited_by_id",
            "status",
        ):
            batch_op.drop_column(name)
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_column("applicants_review")
