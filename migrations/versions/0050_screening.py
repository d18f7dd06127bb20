"""Payees are looked up in lists of sanctions, and people decide.

Revision: 0050
Revises: 0049
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def points_to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key with the name that the models give it."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def one_of(name: str, *values: str) -> sa.Enum:
    """Return the column type of an enumeration."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "sanction_list",
        sa.Column("source", one_of("source", "ofac", "un"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("entries > 0", name=op.f("ck_sanction_list_has_entries")),
        points_to("sanction_list", "uploaded_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_list")),
        sa.UniqueConstraint("source", "number", name=op.f("uq_sanction_list_source_number")),
    )
    op.create_table(
        "screening",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ofac_list_id", sa.Uuid(), nullable=True),
        sa.Column("un_list_id", sa.Uuid(), nullable=True),
        sa.Column("names_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ofac_list_id IS NOT NULL OR un_list_id IS NOT NULL", name=op.f("ck_screening_has_list")),
        points_to("screening", "award_id", "award"),
        points_to("screening", "application_id", "application"),
        points_to("screening", "ofac_list_id", "sanction_list"),
        points_to("screening", "un_list_id", "sanction_list"),
        points_to("screening", "made_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        sa.UniqueConstraint("award_id", "number", name=op.f("uq_screening_award_id_number")),
    )
    op.create_index(op.f("ix_screening_application_id"), "screening", ["application_id"])
    op.create_table(
        "screening_hit",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("subject", one_of("subject", "organisation", "account", "host"), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("found_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("outcome", one_of("outcome", "other", "same"), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_by_id IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_screening_hit_decided_has_person"),
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name=op.f("ck_screening_hit_confirmed_has_person")
        ),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR outcome IS NOT NULL", name=op.f("ck_screening_hit_confirmed_is_decided")
        ),
        sa.CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> decided_by_id",
            name=op.f("ck_screening_hit_confirmed_by_another"),
        ),
        sa.CheckConstraint("score > 0 AND score <= 100", name=op.f("ck_screening_hit_score_of_hundred")),
        points_to("screening_hit", "award_id", "award"),
        points_to("screening_hit", "application_id", "application"),
        points_to("screening_hit", "list_id", "sanction_list"),
        points_to("screening_hit", "decided_by_id", "person"),
        points_to("screening_hit", "confirmed_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_hit")),
        sa.UniqueConstraint("award_id", "number", name=op.f("uq_screening_hit_award_id_number")),
    )
    op.create_index(op.f("ix_screening_hit_application_id"), "screening_hit", ["application_id"])
    _guard()


def _guard() -> None:
    """Let lists be added, and never changed again."""
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (
            ("sanction_list_keeps", "BEFORE UPDATE OR DELETE ON sanction_list FOR EACH ROW"),
            ("sanction_list_keeps_all", "BEFORE TRUNCATE ON sanction_list FOR EACH STATEMENT"),
        ):
            op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION fundapp_append_only()")
        return
    for name, when, what in (
        ("deleted", "BEFORE DELETE ON sanction_list", "DELETE is refused"),
        ("updated", "BEFORE UPDATE ON sanction_list", "UPDATE is refused"),
        # INSERT OR REPLACE deletes what is in its way without asking the trigger for DELETE.
        (
            "replaced",
            "BEFORE INSERT ON sanction_list WHEN EXISTS"
            " (SELECT 1 FROM sanction_list WHERE id = NEW.id OR (source = NEW.source AND number = NEW.number))",
            "this row is there already",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER sanction_list_keeps_{name} {when}"
            f" BEGIN SELECT RAISE(ABORT, 'sanction_list is append-only: {what}'); END"
        )


def downgrade() -> None:
    op.drop_table("screening_hit")
    op.drop_table("screening")
    op.drop_table("sanction_list")  # and triggers with it
