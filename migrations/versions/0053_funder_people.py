"""Somebody of a funder reads what became of its money.

Revision: 0053
Revises: 0052
Created: 2026-11-23
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def points_to(column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key with the name that the models give it."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_funder_person_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "funder_person",
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", TIME, nullable=False),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_funder_person_ended_has_person")
        ),
        points_to("funder_id", "funder"),
        points_to("person_id", "person"),
        points_to("invited_by_id", "person"),
        points_to("ended_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder_person")),
    )
    op.create_index(op.f("ix_funder_person_person_id"), "funder_person", ["person_id"])
    open_ones = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_funder_person_now",
        "funder_person",
        ["funder_id", "person_id"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )


def downgrade() -> None:
    op.drop_table("funder_person")
