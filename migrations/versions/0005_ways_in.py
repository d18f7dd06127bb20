"""Organisations belong to their holders; ways in for applicants without mail, codes, and invitations of colleagues.

Revision: 0005
Revises: 0004
Created: 2026-11-21
"""

import unicodedata
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLES = ("applicant", "collaborator", "affiliate")
FIRST_PURPOSES = ("sign-in", "set-password")
ALL_PURPOSES = (*FIRST_PURPOSES, "confirm-address", "revert-address")

organisation = sa.table(
    "organisation",
    sa.column("id", sa.Uuid()),
    sa.column("name", sa.Text()),
    sa.column("name_key", sa.Text()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
membership = sa.table(
    "membership",
    sa.column("id", sa.Uuid()),
    sa.column("person_id", sa.Uuid()),
    sa.column("organisation_id", sa.Uuid()),
    sa.column("role", sa.Text()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
application = sa.table(
    "application",
    sa.column("id", sa.Uuid()),
    sa.column("person_id", sa.Uuid()),
    sa.column("organisation_id", sa.Uuid()),
    sa.column("organisation_name", sa.Text()),
    sa.column("organisation_key", sa.Text()),
    sa.column("status", sa.Text()),
    sa.column("started_at", sa.DateTime(timezone=True)),
)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def upgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_organisation_name_key"), type_="unique")
        batch_op.create_index(batch_op.f("ix_organisation_name_key"), ["name_key"], unique=False)
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("role", one_of("membershiprole", ROLES), nullable=False, server_default="affiliate")
        )
    with op.batch_alter_table("membership", schema=None) as batch_op:  # apart: in one step, old rows would get no value
        batch_op.alter_column("role", existing_type=one_of("membershiprole", ROLES), server_default=None)
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_key", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table(
        "application", schema=None
    ) as batch_op:  # apart: in one step, old rows would get no value
        batch_op.alter_column("organisation_key", existing_type=sa.Text(), server_default=None)
    give_each_applicant_their_organisation()
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=sa.Text(), nullable=True)
        batch_op.add_column(sa.Column("sign_in_reference", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("passphrase_hash", sa.Text(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_person_sign_in_reference"), ["sign_in_reference"])
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.alter_column(
            "purpose",
            existing_type=one_of("linkpurpose", FIRST_PURPOSES),
            type_=one_of("linkpurpose", ALL_PURPOSES),
            existing_nullable=False,
        )
        batch_op.add_column(sa.Column("browser_hash", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("code_tries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_one_time_link_browser_hash"), ["browser_hash"], unique=False)
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.alter_column("code_tries", existing_type=sa.Integer(), server_default=None)
    op.create_table(
        "address_change",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("old_address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("new_address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("confirm_link_id", sa.Uuid(), nullable=False),
        sa.Column("revert_link_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "reverted_at IS NULL OR confirmed_at IS NOT NULL",
            name=op.f("ck_address_change_reverted_after_confirmation"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_address_change_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
        sa.UniqueConstraint("confirm_link_id", name=op.f("uq_address_change_confirm_link_id")),
        sa.UniqueConstraint("revert_link_id", name=op.f("uq_address_change_revert_link_id")),
    )
    with op.batch_alter_table("address_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_change_person_id"), ["person_id"], unique=False)
    op.create_table(
        "organisation_invitation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", one_of("membershiprole", ROLES), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role <> 'affiliate'", name=op.f("ck_organisation_invitation_gives_access")),
        sa.CheckConstraint(
            "accepted_at IS NULL OR withdrawn_at IS NULL",
            name=op.f("ck_organisation_invitation_accepted_or_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_invitation_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_organisation_invitation_person_id_person")),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["person.id"], name=op.f("fk_organisation_invitation_invited_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_invitation")),
    )
    with op.batch_alter_table("organisation_invitation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisation_invitation_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_organisation_invitation_person_id"), ["person_id"], unique=False)


def give_each_applicant_their_organisation() -> None:
    """Let people hold the organisations that they applied for.

    Until now a typed name decided which organisation an application belonged to. Where several people typed one name,
    the first keeps the row and each other gets a row of their own: none may read what another wrote.
    """
    connection = op.get_bind()
    names = {row.id: row for row in connection.execute(sa.select(organisation))}
    first_of: dict[uuid.UUID, uuid.UUID] = {}
    made: dict[tuple[uuid.UUID, str], uuid.UUID] = {}
    rows = connection.execute(sa.select(application).order_by(application.c.started_at, application.c.id)).all()
    for row in rows:
        key = fold(row.organisation_name)
        known = row.organisation_id
        if known is not None and first_of.setdefault(known, row.person_id) == row.person_id:
            theirs = known
        elif (row.person_id, key) in made:
            theirs = made[row.person_id, key]
        else:
            theirs = uuid.uuid4()
            named = names.get(known)
            connection.execute(
                organisation.insert().values(
                    id=theirs,
                    name=named.name if named else "",
                    name_key=named.name_key if named else "",
                    created_at=row.started_at,
                )
            )
        if known is None or theirs != known:
            made[row.person_id, key] = theirs
        connection.execute(
            application.update().where(application.c.id == row.id).values(organisation_id=theirs, organisation_key=key)
        )
        hold(connection, row.person_id, theirs, row.started_at)


def hold(connection: sa.Connection, person_id: uuid.UUID, organisation_id: uuid.UUID, since: object) -> None:
    """Let a person hold an organisation, whether or not they belonged to it."""
    theirs = (membership.c.person_id == person_id, membership.c.organisation_id == organisation_id)
    if connection.scalar(sa.select(membership.c.id).where(*theirs)) is None:
        connection.execute(
            membership.insert().values(
                id=uuid.uuid4(),
                person_id=person_id,
                organisation_id=organisation_id,
                role="applicant",
                created_at=since,
            )
        )
    else:
        connection.execute(membership.update().where(*theirs).values(role="applicant"))


def downgrade() -> None:
    with op.batch_alter_table("organisation_invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_invitation_person_id"))
        batch_op.drop_index(batch_op.f("ix_organisation_invitation_organisation_id"))
    op.drop_table("organisation_invitation")
    with op.batch_alter_table("address_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_change_person_id"))
    op.drop_table("address_change")
    op.execute("DELETE FROM one_time_link WHERE purpose NOT IN ('sign-in', 'set-password')")
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_link_browser_hash"))
        batch_op.drop_column("code_tries")
        batch_op.drop_column("browser_hash")
        batch_op.alter_column(
            "purpose",
            existing_type=one_of("linkpurpose", ALL_PURPOSES),
            type_=one_of("linkpurpose", FIRST_PURPOSES),
            existing_nullable=False,
        )
    # Somebody without an address cannot be a row there any more; an address that reaches nobody stands for it.
    op.execute("UPDATE person SET email = 'reference-' || sign_in_reference || '@invalid' WHERE email IS NULL")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_person_sign_in_reference"), type_="unique")
        batch_op.drop_column("passphrase_hash")
        batch_op.drop_column("sign_in_reference")
        batch_op.alter_column("email", existing_type=sa.Text(), nullable=False)
    merge_organisations_of_one_name()
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_column("organisation_key")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_membership_membershiprole"), type_="check")
        batch_op.drop_column("role")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_name_key"))
        batch_op.create_unique_constraint(batch_op.f("uq_organisation_name_key"), ["name_key"])


def merge_organisations_of_one_name() -> None:
    """Bring back one row per name; an organisation without a name is none."""
    connection = op.get_bind()
    kept: dict[str, uuid.UUID] = {}
    for row in connection.execute(sa.select(organisation).order_by(organisation.c.created_at, organisation.c.id)).all():
        keep = kept.setdefault(row.name_key, row.id) if row.name_key else None
        if keep == row.id:
            continue
        connection.execute(
            application.update().where(application.c.organisation_id == row.id).values(organisation_id=keep)
        )
        for member in connection.execute(sa.select(membership).where(membership.c.organisation_id == row.id)).all():
            there = sa.select(membership.c.id).where(
                membership.c.organisation_id == keep, membership.c.person_id == member.person_id
            )
            its_row = membership.c.id == member.id
            if keep is None or connection.scalar(there) is not None:
                connection.execute(membership.delete().where(its_row))
            else:
                connection.execute(membership.update().where(its_row).values(organisation_id=keep))
        connection.execute(organisation.delete().where(organisation.c.id == row.id))
