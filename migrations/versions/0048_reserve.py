"""The reserve list moves up; letters are signed on paper too; reminders go out by themselves.

Revision: 0048
Revises: 0047
Created: 2026-11-23
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

FREED = (
    "(SELECT COALESCE(SUM(award.amount_minor), 0) FROM award JOIN award_offer ON award_offer.award_id = award.id"
    " WHERE award.call_id = call.id AND award_offer.status IN ('refused', 'withdrawn'))"
)
"""What is free again of a call's money."""
OFFERS = ("offered", "asked", "accepted", "refused", "withdrawn")


def upgrade() -> None:
    op.add_column("award_offer", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    _let_offers_be((*OFFERS, "signed"))
    op.create_table(
        "signed_copy",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("letter_sha256", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "standing",
            sa.Enum(
                "waiting", "confirmed", "sent_back", "replaced", name="copystanding", native_enum=False,
                create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("role_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_signed_copy_number_from_one")),
        sa.CheckConstraint(
            "(standing IN ('confirmed', 'sent_back')) = (looked_at IS NOT NULL)"
            " AND (looked_at IS NULL) = (looked_by_id IS NULL)",
            name=op.f("ck_signed_copy_looked_has_person"),
        ),
        sa.CheckConstraint("looked_by_id <> sent_by_id", name=op.f("ck_signed_copy_looked_by_another")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_signed_copy_application_id_application")
        ),
        sa.ForeignKeyConstraint(["looked_by_id"], ["person.id"], name=op.f("fk_signed_copy_looked_by_id_person")),
        sa.ForeignKeyConstraint(["offer_id"], ["award_offer.id"], name=op.f("fk_signed_copy_offer_id_award_offer")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["person.id"], name=op.f("fk_signed_copy_sent_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_copy")),
        sa.UniqueConstraint("offer_id", "number", name=op.f("uq_signed_copy_offer_id_number")),
    )  # fmt: skip
    op.create_index(op.f("ix_signed_copy_application_id"), "signed_copy", ["application_id"])
    op.create_table(
        "moving_up",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("over_reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "ratified",
                "released",
                "sent_back",
                name="movestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sent_back_by_id", sa.Uuid(), nullable=True),
        sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_reason", sa.Text(), nullable=False),
        sa.Column("released_by_id", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_moving_up_amount_positive")),
        sa.CheckConstraint(
            "(status = 'released') = (released_by_id IS NOT NULL)"
            " AND (status = 'released') = (released_at IS NOT NULL)",
            name=op.f("ck_moving_up_released_has_evidence"),
        ),
        sa.CheckConstraint(
            "(status = 'sent_back') = (sent_back_by_id IS NOT NULL)"
            " AND (status = 'sent_back') = (sent_back_at IS NOT NULL)",
            name=op.f("ck_moving_up_sent_back_has_evidence"),
        ),
        sa.CheckConstraint("sent_back_by_id <> decided_by_id", name=op.f("ck_moving_up_sent_back_by_another")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_moving_up_call_id_call")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_moving_up_decision_id_decision")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_moving_up_decided_by_id_person")),
        sa.ForeignKeyConstraint(["sent_back_by_id"], ["person.id"], name=op.f("fk_moving_up_sent_back_by_id_person")),
        sa.ForeignKeyConstraint(["released_by_id"], ["person.id"], name=op.f("fk_moving_up_released_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moving_up")),
    )
    op.create_index(op.f("ix_moving_up_call_id"), "moving_up", ["call_id"])
    op.create_index(op.f("ix_moving_up_decision_id"), "moving_up", ["decision_id"])
    where = sa.text("status <> 'sent_back'")
    op.create_index(
        "uq_moving_up_decision", "moving_up", ["decision_id"], unique=True, sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "move_ratification",
        sa.Column("move_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ratified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["move_id"], ["moving_up.id"], name=op.f("fk_move_ratification_move_id_moving_up")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_move_ratification_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_ratification")),
        sa.UniqueConstraint("move_id", "person_id", name=op.f("uq_move_ratification_move_id_person_id")),
    )
    op.add_column("superseded_letter", sa.Column("kind", sa.Text(), nullable=True))
    op.execute(f"UPDATE call SET committed_minor = committed_minor - {FREED} WHERE {FREED} > 0")  # noqa: S608 - ours


def downgrade() -> None:
    op.execute(f"UPDATE call SET committed_minor = committed_minor + {FREED} WHERE {FREED} > 0")  # noqa: S608 - ours
    op.drop_column("superseded_letter", "kind")
    op.drop_table("move_ratification")
    op.drop_table("moving_up")
    op.drop_table("signed_copy")
    op.execute("UPDATE award_offer SET status = 'offered' WHERE status = 'signed'")
    _let_offers_be(OFFERS)
    op.drop_column("award_offer", "told_at")


def _let_offers_be(statuses: Sequence[str]) -> None:
    constraint = op.f("ck_award_offer_offerstatus")
    with op.batch_alter_table("award_offer", schema=None) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
    with op.batch_alter_table("award_offer", schema=None) as batch_op:
        listed = ", ".join(repr(each) for each in statuses)
        batch_op.create_check_constraint(constraint, f"status IN ({listed})")
