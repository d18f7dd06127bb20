"""Stages of a review: what was the whole of it becomes the first and only one of each call.

Revision: 0016
Revises: 0015
Created: 2026-11-22
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

call = sa.table("call", sa.column("id", sa.Uuid()), sa.column("reviews_per_entry", sa.Integer()))
stage = sa.table(
    "stage",
    sa.column("id", sa.Uuid()),
    sa.column("call_id", sa.Uuid()),
    sa.column("position", sa.Integer()),
    sa.column("code", sa.Text()),
    sa.column("kind", sa.Text()),
    sa.column("titles", DOCUMENT),
    sa.column("reviews_per_entry", sa.Integer()),
)


def upgrade() -> None:
    op.create_table(
        "stage",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("screening", "review", name="stagekind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("titles", DOCUMENT, nullable=False),
        sa.Column("reviews_per_entry", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reviews_per_entry >= 1", name=op.f("ck_stage_reviews_at_least_one")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_stage_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
        sa.UniqueConstraint("call_id", "code", name=op.f("uq_stage_call_id_code")),
    )
    bind = op.get_bind()
    rows = [
        {
            "id": uuid4(),
            "call_id": call_id,
            "position": 1,
            "code": "review",
            "kind": "review",
            "titles": {},
            "reviews_per_entry": wanted,
        }
        for call_id, wanted in bind.execute(sa.select(call.c.id, call.c.reviews_per_entry))
    ]
    if rows:
        bind.execute(sa.insert(stage), rows)
    for table in ("criterion", "entry", "assignment"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("stage_id", sa.Uuid(), nullable=True))
    for table in ("criterion", "entry"):
        op.execute(f"UPDATE {table} SET stage_id = (SELECT id FROM stage WHERE stage.call_id = {table}.call_id)")  # noqa: S608 - our tables
    op.execute("UPDATE assignment SET stage_id = (SELECT stage_id FROM entry WHERE entry.id = assignment.entry_id)")
    for table in ("criterion", "entry", "assignment"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("stage_id", existing_type=sa.Uuid(), nullable=False)
            batch_op.create_foreign_key(op.f(f"fk_{table}_stage_id_stage"), "stage", ["stage_id"], ["id"])
            batch_op.create_index(op.f(f"ix_{table}_stage_id"), ["stage_id"], unique=False)
            if table == "criterion":
                batch_op.add_column(sa.Column("category_id", sa.Uuid(), nullable=True))
                batch_op.create_foreign_key(
                    op.f("fk_criterion_category_id_category"), "category", ["category_id"], ["id"]
                )
            if table == "assignment":
                batch_op.drop_constraint(op.f("uq_assignment_entry_id_reviewer_id"), type_="unique")
                batch_op.create_unique_constraint(
                    op.f("uq_assignment_entry_id_reviewer_id_stage_id"), ["entry_id", "reviewer_id", "stage_id"]
                )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_call_reviews_at_least_one"), type_="check")
        batch_op.drop_column("reviews_per_entry")


def downgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reviews_per_entry", sa.Integer(), nullable=True))
    # The older version knows the deciding stage alone: what was read in earlier ones has no place there.
    op.execute(
        "UPDATE call SET reviews_per_entry = (SELECT stage.reviews_per_entry FROM stage WHERE stage.call_id = call.id"
        " ORDER BY stage.position DESC LIMIT 1)"
    )
    earlier = (
        "SELECT stage.id FROM stage WHERE EXISTS"
        " (SELECT 1 FROM stage AS later WHERE later.call_id = stage.call_id AND later.position > stage.position)"
    )
    gone = f"SELECT assignment.id FROM assignment WHERE assignment.stage_id IN ({earlier})"  # noqa: S608 - our tables
    op.execute(f"DELETE FROM score WHERE review_id IN (SELECT id FROM review WHERE assignment_id IN ({gone}))")  # noqa: S608 - our tables
    op.execute(f"DELETE FROM review WHERE assignment_id IN ({gone})")  # noqa: S608 - our tables
    op.execute(f"DELETE FROM assignment WHERE stage_id IN ({earlier})")  # noqa: S608 - our tables
    op.execute(f"DELETE FROM criterion WHERE stage_id IN ({earlier})")  # noqa: S608 - our tables
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.alter_column("reviews_per_entry", existing_type=sa.Integer(), nullable=False)
        batch_op.create_check_constraint(op.f("ck_call_reviews_at_least_one"), "reviews_per_entry >= 1")
    for table in ("assignment", "entry", "criterion"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            if table == "assignment":
                batch_op.drop_constraint(op.f("uq_assignment_entry_id_reviewer_id_stage_id"), type_="unique")
                batch_op.create_unique_constraint(
                    op.f("uq_assignment_entry_id_reviewer_id"), ["entry_id", "reviewer_id"]
                )
            if table == "criterion":
                batch_op.drop_constraint(op.f("fk_criterion_category_id_category"), type_="foreignkey")
                batch_op.drop_column("category_id")
            batch_op.drop_index(op.f(f"ix_{table}_stage_id"))
            batch_op.drop_constraint(op.f(f"fk_{table}_stage_id_stage"), type_="foreignkey")
            batch_op.drop_column("stage_id")
    op.drop_table("stage")
