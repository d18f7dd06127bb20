"""Eligibility, ways to begin without an address, personal invitations, barred organisations, nominations, readers.

Revision: 0010
Revises: 0009
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FIRST_ROLES = ("applicant", "collaborator", "affiliate")
ALL_ROLES = ("applicant", "collaborator", "reader", "affiliate")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def texts() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def change_roles(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    for table in ("membership", "organisation_invitation"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                "role",
                existing_type=one_of("membershiprole", before),
                type_=one_of("membershiprole", after),
                existing_nullable=False,
            )


def upgrade() -> None:
    change_roles(FIRST_ROLES, ALL_ROLES)
    op.add_column("person", sa.Column("begin_key", sa.Text(), nullable=True))
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_person_begin_key"), ["begin_key"])
    for column in ("barred_names", "barred_domains"):
        op.add_column("call", sa.Column(column, texts(), server_default="[]", nullable=False))
    op.add_column("call", sa.Column("nominations_open_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("call", sa.Column("nominations_close_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_call_nominations_have_both"),
            "(nominations_open_at IS NULL) = (nominations_close_at IS NULL)"
            " AND (nominations_close_at IS NULL OR nominations_close_at > nominations_open_at)",
        )
    make_enquiries()
    make_nominations()
    op.create_table(
        "draft_offer",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("offered_by_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_draft_offer_application_id_application")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_offer_person_id_person")),
        sa.ForeignKeyConstraint(["offered_by_id"], ["person.id"], name=op.f("fk_draft_offer_offered_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_offer")),
    )
    op.create_index(op.f("ix_draft_offer_application_id"), "draft_offer", ["application_id"])
    op.create_index(op.f("ix_draft_offer_person_id"), "draft_offer", ["person_id"])
    with op.batch_alter_table("call_invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("link_hash", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("link_sent_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("application_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("nominee_id", sa.Uuid(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_call_invitation_link_hash"), ["link_hash"])
        batch_op.create_foreign_key(
            batch_op.f("fk_call_invitation_application_id_application"), "application", ["application_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_call_invitation_nominee_id_nominee"), "nominee", ["nominee_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_call_invitation_application_id"), ["application_id"])
        batch_op.create_index(batch_op.f("ix_call_invitation_nominee_id"), ["nominee_id"])


def make_enquiries() -> None:
    op.create_table(
        "enquiry",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("cause", one_of("enquirycause", ("eligibility", "barred", "invitation")), nullable=False),
        sa.Column("questions", texts(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer_version", sa.Integer(), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("let_in_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("let_in_by_id", sa.Uuid(), nullable=True),
        sa.Column("let_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL)", name=op.f("ck_enquiry_answered_has_person")
        ),
        sa.CheckConstraint("(let_in_at IS NULL) = (let_in_by_id IS NULL)", name=op.f("ck_enquiry_let_in_has_person")),
        sa.CheckConstraint("let_in_at IS NULL OR answered_at IS NOT NULL", name=op.f("ck_enquiry_let_in_is_answered")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_enquiry_call_id_call")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_enquiry_application_id_application")
        ),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_enquiry_answered_by_id_person")),
        sa.ForeignKeyConstraint(["let_in_by_id"], ["person.id"], name=op.f("fk_enquiry_let_in_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiry")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_enquiry_token_hash")),
    )
    op.create_index(op.f("ix_enquiry_call_id"), "enquiry", ["call_id"])
    op.create_index(op.f("ix_enquiry_application_id"), "enquiry", ["application_id"])


def make_nominations() -> None:
    op.create_table(
        "nominee",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_nominee_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominee")),
    )
    op.create_index(op.f("ix_nominee_call_id"), "nominee", ["call_id"])
    op.create_table(
        "nomination",
        sa.Column("nominee_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.Text(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_index", sa.Text(), nullable=True),
        sa.Column("why_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("nominator_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("nominator_contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("may_be_named", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["nominee_id"], ["nominee.id"], name=op.f("fk_nomination_nominee_id_nominee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
    )
    for column in ("nominee_id", "name_index", "contact_index"):
        op.create_index(op.f(f"ix_nomination_{column}"), "nomination", [column])


def downgrade() -> None:
    with op.batch_alter_table("call_invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_invitation_nominee_id"))
        batch_op.drop_index(batch_op.f("ix_call_invitation_application_id"))
        batch_op.drop_constraint(batch_op.f("fk_call_invitation_nominee_id_nominee"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_call_invitation_application_id_application"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_call_invitation_link_hash"), type_="unique")
        for column in ("nominee_id", "application_id", "link_sent_at", "link_hash"):
            batch_op.drop_column(column)
    for table in ("draft_offer", "nomination", "nominee", "enquiry"):
        op.drop_table(table)
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_call_nominations_have_both"), type_="check")
        for column in ("nominations_close_at", "nominations_open_at", "barred_domains", "barred_names"):
            batch_op.drop_column(column)
    # Who began without an address gets a reference that nobody knows: without any, an older revision has no place.
    op.execute("UPDATE person SET sign_in_reference = begin_key WHERE begin_key IS NOT NULL")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_person_begin_key"), type_="unique")
        batch_op.drop_column("begin_key")
    # Who could read applications must not come to write them; they keep the tie alone.
    op.execute("UPDATE membership SET role = 'affiliate' WHERE role = 'reader'")
    op.execute("DELETE FROM organisation_invitation WHERE role = 'reader'")
    change_roles(ALL_ROLES, FIRST_ROLES)
