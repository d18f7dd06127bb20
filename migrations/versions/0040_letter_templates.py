"""Letters are worded by templates of a call.

Letters that were made so far keep the wording that they were made from: none of a call.

Revision: 0040
Revises: 0039
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SAME = {
    "letter_template": "call_id = NEW.call_id AND kind = NEW.kind AND language = NEW.language AND number = NEW.number",
    "letterhead": "call_id = NEW.call_id AND number = NEW.number",
    "superseded_letter": "letter_id = NEW.letter_id AND number = NEW.number",
}
"""What no two rows of a table share, besides their ids."""


def points_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    kind = sa.Enum(
        "award", "part_award", "reserve", "decline", "ineligible", name="templatekind", native_enum=False,
        create_constraint=True, length=32,
    )  # fmt: skip
    op.create_table(
        "letter_template",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(subject = '') = (body = '')", name=op.f("ck_letter_template_whole_or_none")),
        points_to("letter_template", "call_id", "call"),
        points_to("letter_template", "made_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_template")),
        sa.UniqueConstraint(
            "call_id", "kind", "language", "number", name=op.f("uq_letter_template_call_id_kind_language_number")
        ),
    )
    op.create_table(
        "letterhead",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("alts", DOCUMENT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(stored_as IS NULL) = (sha256 IS NULL) AND (stored_as IS NULL) = (content_type IS NULL)",
            name=op.f("ck_letterhead_whole_or_none"),
        ),
        points_to("letterhead", "call_id", "call"),
        points_to("letterhead", "made_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letterhead")),
        sa.UniqueConstraint("call_id", "number", name=op.f("uq_letterhead_call_id_number")),
    )
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("template_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("first_opened_at", TIME, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_letter_template_id_letter_template"), "letter_template", ["template_id"], ["id"]
        )
        batch_op.create_check_constraint(op.f("ck_letter_opened_is_made"), "first_opened_at IS NULL OR status = 'made'")
    op.create_table(
        "superseded_letter",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("superseded_at", TIME, nullable=False),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        points_to("superseded_letter", "letter_id", "letter"),
        points_to("superseded_letter", "template_id", "letter_template"),
        points_to("superseded_letter", "superseded_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_superseded_letter")),
        sa.UniqueConstraint("letter_id", "number", name=op.f("uq_superseded_letter_letter_id_number")),
    )
    for table, same in SAME.items():
        _guard(table, same)


def _guard(table: str, same: str) -> None:
    """Let rows be added, and never changed again."""
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            (f"{table}_keeps", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"),
            (f"{table}_keeps_all", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    there_already = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({same}))"  # noqa: S608 - names of this file
    for name, when, what in (
        ("deleted", f"BEFORE DELETE ON {table}", "DELETE is refused"),
        ("updated", f"BEFORE UPDATE ON {table}", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        ("replaced", f"BEFORE INSERT ON {table} WHEN {there_already}", "this row is there already"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_keeps_{name} {when} BEGIN SELECT RAISE(ABORT, '{table} is append-only: {what}'); END"
        )


def downgrade() -> None:
    op.drop_table("superseded_letter")
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_letter_opened_is_made"), type_="check")
        batch_op.drop_constraint(op.f("fk_letter_template_id_letter_template"), type_="foreignkey")
        batch_op.drop_column("first_opened_at")
        batch_op.drop_column("template_id")
    op.drop_table("letterhead")
    op.drop_table("letter_template")
