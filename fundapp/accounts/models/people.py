"""People, the organisations they belong to, and the roles they hold."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts import mail_domains
from fundapp.accounts.permissions import Role
from fundapp.accounts.rules import fold_email, fold_person_name
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text


class Person(Identified, Base):
    """Somebody with an address. People without a password sign in by a one-time link."""

    email_sealed: Mapped[bytes | None]
    email_version: Mapped[int] = mapped_column(default=0)
    email_index: Mapped[str | None] = mapped_column(unique=True)
    domain_key: Mapped[str | None] = mapped_column(index=True)
    """The blind index of the address's domain; null where that is no organisation's own."""
    email = sealed_text(
        "email_sealed",
        ring=Ring.IDENTITY,
        version="email_version",
        index="email_index",
        fold=fold_email,
        also=("domain_key", mail_domains.domain_key),
    )
    """Folded to lower case; by its blind index a person is found. Nobody without one ("") gets any mail."""
    name_sealed: Mapped[bytes | None]
    name_version: Mapped[int] = mapped_column(default=0)
    name_index: Mapped[str | None] = mapped_column(index=True)
    """Several people may share one: it finds them on the forms of others, for conflicts of interest."""
    name = sealed_text(
        "name_sealed", ring=Ring.IDENTITY, version="name_version", index="name_index", fold=fold_person_name
    )
    language: Mapped[str] = mapped_column(default="en")
    password_hash: Mapped[str | None]
    sign_in_reference: Mapped[str | None] = mapped_column(unique=True)
    """What somebody without an address signs in with, together with a passphrase. It says nothing about them."""
    passphrase_hash: Mapped[str | None]
    begin_key: Mapped[str | None] = mapped_column(unique=True)
    """Set while somebody who began without an address can come back by this browser's session alone: they have neither
    an address nor a reference. It is the hash of what their browser sent, so that sending it twice begins once.
    """
    is_active: Mapped[bool] = mapped_column(default=True)
    short_sessions: Mapped[bool] = mapped_column(default=False)
    """Signed out after a quarter of an hour of silence, for people whose device may fall into other hands."""
    mail_returned_at: Mapped[datetime | None]
    """Since when mail to the address does not arrive; null once one did, or the address is another."""
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When name, address and ways in were erased; the row stays, so that what points to it still does."""

    memberships: Mapped[list["Membership"]] = relationship(back_populates="person")
    role_grants: Mapped[list["RoleGrant"]] = relationship(back_populates="person")

    @property
    def sort_key(self) -> tuple[str, str]:
        """Order people by name and address; the database, which holds both sealed, cannot."""
        return self.name.casefold(), self.email


class Organisation(Identified, Base):
    """A body that applies, or that a reviewer belongs to. It is its holders', whatever others call themselves."""

    name_sealed: Mapped[bytes | None]
    name_version: Mapped[int] = mapped_column(default=0)
    name = sealed_text("name_sealed", ring=Ring.IDENTITY, version="name_version")
    """As it was written last in an application that was sent ("" before the first)."""
    name_key: Mapped[str] = mapped_column(index=True)
    """The blind index of the folded name, for conflicts of interest; several rows may share one."""
    created_at: Mapped[datetime]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="organisation")


class MembershipRole(StrEnum):
    """What a person is in an organisation."""

    APPLICANT = "applicant"
    """Holds it: writes and sends applications, reads letters, invites others."""
    COLLABORATOR = "collaborator"
    """Writes applications and reads letters."""
    READER = "reader"
    """Reads applications and letters."""
    AFFILIATE = "affiliate"
    """Has a tie that keeps them from judging it, and no access."""


class Membership(Identified, Base):
    """A person belongs to an organisation."""

    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[MembershipRole] = mapped_column(enum_column(MembershipRole))
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships")


class OrganisationInvitation(Identified, Base):
    """A person is asked to join an organisation; only that person can accept, signed in."""

    __table_args__ = (
        CheckConstraint("role <> 'affiliate'", name="gives_access"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="accepted_or_withdrawn"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[MembershipRole] = mapped_column(enum_column(MembershipRole))
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why somebody of the fund did this for the organisation ("" when a holder did)."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class RoleGrant(Identified, Base):
    """A role given to a person, everywhere (call_id null) or in one call."""

    __table_args__ = (
        Index(
            "uq_role_grant_everywhere",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("call_id IS NULL"),
            postgresql_where=text("call_id IS NULL"),
        ),
        UniqueConstraint("person_id", "role", "call_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"))
    granted_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="role_grants")


class RoleChange(Identified, Base):
    """A role was given or taken: who did it, when, and why. Rows are only ever added.

    `by_id` is null for the command line. The reason is free text, so it stays here and never enters the audit log.
    """

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"))
    is_given: Mapped[bool]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    by: Mapped[Person | None] = relationship(foreign_keys=[by_id])
