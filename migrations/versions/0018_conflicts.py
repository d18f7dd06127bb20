"""Who else stands behind an application, and whom reviewers are tied to.

Keys of people's names and mail domains can't be made here: the keys of the installation are not at hand. They follow
with `fundapp keys index`.

Revision: 0018
Revises: 0017
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
FIRST_SOURCES = ("declared", "same_organisation", "set_by_manager")
SOURCES = ("declared", "set_by_manager")
STANDING = sa.text("ended_at IS NULL")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_index", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("domain_key", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_person_name_index"), ["name_index"])
        batch_op.create_index(batch_op.f("ix_person_domain_key"), ["domain_key"])
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_organisation_key"), ["organisation_key"])
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("bars_reviewers_organisation", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "reviewers_see",
                one_of("reviewerssee", "reference", "name", "title"),
                server_default="name",
                nullable=False,
            )
        )
    make_tables()
    op.execute("UPDATE conflict_of_interest SET source = 'set_by_manager' WHERE source = 'same_organisation'")
    with op.batch_alter_table("conflict_of_interest", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_conflict_of_interest_application_id_person_id"), type_="unique")
        batch_op.alter_column(
            "source",
            existing_type=one_of("conflictsource", *FIRST_SOURCES),
            type_=one_of("conflictsource", *SOURCES),
            existing_nullable=False,
        )
        batch_op.add_column(sa.Column("is_conflict", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("ended_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("ended_at", TIME, nullable=True))
        batch_op.add_column(sa.Column("end_reason", sa.Text(), server_default="", nullable=False))
        batch_op.create_foreign_key(
            batch_op.f("fk_conflict_of_interest_ended_by_id_person"), "person", ["ended_by_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_conflict_of_interest_none_is_set_by_manager"), "is_conflict OR source = 'set_by_manager'"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_conflict_of_interest_ended_has_person"), "(ended_at IS NULL) = (ended_by_id IS NULL)"
        )
    op.create_index(
        "uq_conflict_of_interest_standing",
        "conflict_of_interest",
        ["application_id", "person_id", "source"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def make_tables() -> None:
    op.create_table(
        "tie",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of("tiekind", "work", "board", "family", "funder", "rival", "other"), nullable=False),
        sa.Column("organisation_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("organisation_version", sa.Integer(), nullable=False),
        sa.Column("organisation_key", sa.Text(), nullable=False),
        sa.Column("mail_domain_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mail_domain_version", sa.Integer(), nullable=False),
        sa.Column("domain_key", sa.Text(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("declared_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tie_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie")),
        sa.UniqueConstraint(
            "person_id", "organisation_key", "kind", name=op.f("uq_tie_person_id_organisation_key_kind")
        ),
    )
    for column in ("person_id", "organisation_key", "domain_key"):
        op.create_index(op.f(f"ix_tie_{column}"), "tie", [column])
    op.create_table(
        "party_fact",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "party", one_of("party", "applicant", "fiscal_host", "partner", "nominator", "referee"), nullable=False
        ),
        sa.Column("kind", one_of("partyfactkind", "organisation", "person", "address", "domain"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_party_fact_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_fact")),
        sa.UniqueConstraint(
            "application_id", "party", "kind", "key", name=op.f("uq_party_fact_application_id_party_kind_key")
        ),
    )
    op.create_index(op.f("ix_party_fact_key"), "party_fact", ["key"])


def downgrade() -> None:
    op.execute("DELETE FROM conflict_of_interest WHERE ended_at IS NOT NULL OR NOT is_conflict")
    op.execute(
        "DELETE FROM conflict_of_interest WHERE source = 'declared' AND EXISTS (SELECT 1 FROM conflict_of_interest"
        " AS pinned WHERE pinned.source = 'set_by_manager' AND pinned.person_id = conflict_of_interest.person_id"
        " AND pinned.application_id = conflict_of_interest.application_id)"
    )
    op.drop_index("uq_conflict_of_interest_standing", "conflict_of_interest")
    with op.batch_alter_table("conflict_of_interest", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_conflict_of_interest_ended_has_person"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_conflict_of_interest_none_is_set_by_manager"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_conflict_of_interest_ended_by_id_person"), type_="foreignkey")
        for column in ("end_reason", "ended_at", "ended_by_id", "is_conflict"):
            batch_op.drop_column(column)
        batch_op.alter_column(
            "source",
            existing_type=one_of("conflictsource", *SOURCES),
            type_=one_of("conflictsource", *FIRST_SOURCES),
            existing_nullable=False,
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_conflict_of_interest_application_id_person_id"), ["application_id", "person_id"]
        )
    op.drop_table("party_fact")
    op.drop_table("tie")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_call_reviewerssee"), type_="check")
        batch_op.drop_column("reviewers_see")
        batch_op.drop_column("bars_reviewers_organisation")
    op.drop_index(op.f("ix_application_organisation_key"), "application")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_domain_key"))
        batch_op.drop_index(batch_op.f("ix_person_name_index"))
        batch_op.drop_column("domain_key")
        batch_op.drop_column("name_index")
