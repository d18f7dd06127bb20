"""A vote of the public on finalists.

Revision: 0036
Revises: 0035
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "public_vote",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("mode", one_of("votemode", "advisory", "deciding"), nullable=False),
        sa.Column("opens_at", TIME, nullable=False),
        sa.Column("closes_at", TIME, nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_public_vote_closes_after_opening")),
        reference("public_vote", "call_id", "call"),
        reference("public_vote", "category_id", "category"),
        reference("public_vote", "set_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_vote")),
        sa.UniqueConstraint("call_id", name=op.f("uq_public_vote_call_id")),
    )
    op.create_table(
        "vote_request",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("choices", DOCUMENT, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.Column("voter_key", sa.Text(), nullable=False),
        sa.Column("network_key", sa.Text(), nullable=False),
        sa.Column("domain_key", sa.Text(), nullable=True),
        sa.Column("shape_key", sa.Text(), nullable=True),
        sa.Column("is_throwaway", sa.Boolean(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("expires_at > asked_at", name=op.f("ck_vote_request_expires_after_asking")),
        reference("vote_request", "vote_id", "public_vote"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_request")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_vote_request_token_hash")),
    )
    op.create_index(op.f("ix_vote_request_vote_id"), "vote_request", ["vote_id"], unique=False)
    op.create_index(op.f("ix_vote_request_voter_key"), "vote_request", ["voter_key"], unique=False)
    op.create_table(
        "set_aside_votes",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of("patternkind", "burst", "network", "domain", "throwaway", "sequence"), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_set_aside_votes_has_reason")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_set_aside_votes_ended_has_person")
        ),
        reference("set_aside_votes", "vote_id", "public_vote"),
        reference("set_aside_votes", "set_by_id", "person"),
        reference("set_aside_votes", "ended_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside_votes")),
    )
    op.create_index(op.f("ix_set_aside_votes_vote_id"), "set_aside_votes", ["vote_id"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("finalist_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", TIME, nullable=False),
        sa.Column("voter_key", sa.Text(), nullable=True),
        sa.Column("network_key", sa.Text(), nullable=True),
        sa.Column("domain_key", sa.Text(), nullable=True),
        sa.Column("shape_key", sa.Text(), nullable=True),
        sa.Column("is_throwaway", sa.Boolean(), nullable=False),
        sa.Column("set_aside_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        reference("ballot", "vote_id", "public_vote"),
        reference("ballot", "finalist_id", "finalist"),
        reference("ballot", "set_aside_id", "set_aside_votes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint(
            "vote_id", "category_code", "voter_key", name=op.f("uq_ballot_vote_id_category_code_voter_key")
        ),
    )
    op.create_index(op.f("ix_ballot_finalist_id"), "ballot", ["finalist_id"], unique=False)
    op.create_index(op.f("ix_ballot_set_aside_id"), "ballot", ["set_aside_id"], unique=False)


def downgrade() -> None:
    for table in ("ballot", "set_aside_votes", "vote_request", "public_vote"):
        op.drop_table(table)
