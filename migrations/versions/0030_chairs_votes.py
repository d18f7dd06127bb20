"""How chairs voted on an entry.

Revision: 0030
Revises: 0029
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "chair_vote",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choice",
            sa.Enum(
                "for", "against", "abstain", name="votechoice", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("voted_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_chair_vote_not_below_zero")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_chair_vote_entry_id_entry")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_chair_vote_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chair_vote")),
        sa.UniqueConstraint("entry_id", "person_id", name=op.f("uq_chair_vote_entry_id_person_id")),
    )
    with op.batch_alter_table("chair_vote", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_chair_vote_person_id"), ["person_id"], unique=False)
    op.create_table(
        "unapproved_award",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_unapproved_award_is_an_award")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_unapproved_award_entry_id_entry")),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk_unapproved_award_given_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unapproved_award")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_unapproved_award_entry_id")),
    )


def downgrade() -> None:
    op.drop_table("unapproved_award")
    op.drop_table("chair_vote")
