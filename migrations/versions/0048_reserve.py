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
            "status",
            sa.Enum(
                "waiting", "confirmed", "sent_back", "replaced", name="copystatus", native_enum=False,
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
            "(status IN ('confirmed', 'sent_back')) = (looked_at IS NOT NULL)"
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


def downgrade() -> None:
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
