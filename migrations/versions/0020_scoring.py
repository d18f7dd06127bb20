"""What reviewers say with each score, scales with steps, and drafts apart from what was submitted.

Revision: 0020
Revises: 0019
Created: 2026-11-22
"""

from decimal import Decimal
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NUMBER = sa.Numeric(9, 4)
SCALES = (("criterion", "minimum", False), ("criterion", "maximum", False), ("score", "value", True))


review = sa.table(
    "review",
    sa.column("id", sa.Uuid()),
    sa.column("assignment_id", sa.Uuid()),
    sa.column("status", sa.Text()),
    sa.column("comment", sa.Text()),
    sa.column("draft", DOCUMENT),
)
score = sa.table(
    "score",
    sa.column("id", sa.Uuid()),
    sa.column("review_id", sa.Uuid()),
    sa.column("criterion_id", sa.Uuid()),
    sa.column("value", NUMBER),
    sa.column("cannot_judge", sa.Boolean()),
)
criterion = sa.table(
    "criterion", sa.column("id", sa.Uuid()), sa.column("stage_id", sa.Uuid()), sa.column("code", sa.Text())
)
assignment = sa.table("assignment", sa.column("id", sa.Uuid()), sa.column("stage_id", sa.Uuid()))


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asks_confidence", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("comment", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step", NUMBER, server_default="1", nullable=False))
        batch_op.create_check_constraint(op.f("ck_criterion_step_positive"), "step > 0")
        batch_op.add_column(sa.Column("comment_questions", DOCUMENT, server_default="{}", nullable=False))
        batch_op.add_column(
            sa.Column(
                "comment_needed",
                one_of("commentneed", "never", "extremes", "always"),
                server_default="never",
                nullable=False,
            )
        )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confidence", one_of("confidence", "low", "medium", "high"), nullable=True))
        batch_op.add_column(sa.Column("draft", DOCUMENT, nullable=True))
    _take_drafts_out()
    for table, column, nullable in SCALES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.Integer(), type_=NUMBER, existing_nullable=nullable)


def _take_drafts_out() -> None:
    """Scores are from now on what was submitted: those of drafts move into the drafts."""
    bind = op.get_bind()
    drafts = bind.execute(sa.select(review.c.id, review.c.comment).where(review.c.status == "draft")).all()
    for review_id, comment in drafts:
        of_review = score.c.review_id == review_id
        found = bind.execute(
            sa.select(criterion.c.code, score.c.value)
            .join_from(score, criterion, criterion.c.id == score.c.criterion_id)
            .where(of_review)
        )
        draft = {
            code: {"answer": "cannot_judge" if value is None else str(int(value)), "reason": "", "comment": ""}
            for code, value in found
        }
        bind.execute(sa.delete(score).where(of_review))
        bind.execute(
            sa.update(review).where(review.c.id == review_id).values(comment="", draft={**draft, ".comment": comment})
        )


def _put_drafts_back() -> None:
    """The older version keeps the scores of drafts beside those of submitted reviews, and no changes to the latter."""
    bind = op.get_bind()
    drafts = bind.execute(
        sa.select(review.c.id, review.c.draft, assignment.c.stage_id)
        .join_from(review, assignment, assignment.c.id == review.c.assignment_id)
        .where(review.c.status == "draft", review.c.draft.is_not(None))
    ).all()
    for review_id, draft, stage_id in drafts:
        codes = dict(
            bind.execute(sa.select(criterion.c.code, criterion.c.id).where(criterion.c.stage_id == stage_id)).tuples()
        )
        for code, judged in draft.items():
            if code not in codes or not judged["answer"]:
                continue
            value = None if judged["answer"] == "cannot_judge" else Decimal(judged["answer"])
            row = {"id": uuid4(), "review_id": review_id, "criterion_id": codes[code]}
            bind.execute(sa.insert(score).values(**row, value=value, cannot_judge=value is None))
        bind.execute(sa.update(review).where(review.c.id == review_id).values(comment=draft.get(".comment", "")))


def downgrade() -> None:
    _put_drafts_back()
    # The older version knows whole numbers alone, and no words beside them.
    op.execute("UPDATE score SET value = round(value) WHERE value IS NOT NULL")
    op.execute("UPDATE criterion SET minimum = round(minimum), maximum = round(maximum)")
    op.execute("UPDATE criterion SET maximum = minimum + 1 WHERE maximum <= minimum")
    for table, column, nullable in SCALES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=NUMBER, type_=sa.Integer(), existing_nullable=nullable)
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_column("draft")
        batch_op.drop_constraint(op.f("ck_review_confidence"), type_="check")
        batch_op.drop_column("confidence")
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_criterion_commentneed"), type_="check")
        batch_op.drop_column("comment_needed")
        batch_op.drop_column("comment_questions")
        batch_op.drop_constraint(op.f("ck_criterion_step_positive"), type_="check")
        batch_op.drop_column("step")
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.drop_column("comment")
        batch_op.drop_column("reason")
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_column("asks_confidence")
