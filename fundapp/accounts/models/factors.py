"""Second factors: authenticator apps, passkeys and recovery codes; and how a lost one is given up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models.people import Person
from fundapp.core.db import Base, Identified
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


class AuthenticatorApp(Identified, Base):
    """A secret shared with an app that shows codes by the clock. It counts once a code of it was typed.

    `last_step` is the newest time step whose code was spent: that one and older ones are dead.
    """

    __table_args__ = (
        CheckConstraint("(confirmed_at IS NULL) = (last_step IS NULL)", name="confirmed_by_a_code"),
        Index(
            "uq_authenticator_app_unconfirmed",
            "person_id",
            unique=True,
            sqlite_where=text("confirmed_at IS NULL"),
            postgresql_where=text("confirmed_at IS NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(default="")
    secret_sealed: Mapped[bytes | None]
    secret = sealed_text("secret_sealed", ring=Ring.IDENTITY, record=lambda row: Record("person", row.person_id))
    """In base32. Sealed with the person's own data key, so that erasing the person erases it."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)

    person: Mapped[Person] = relationship()


class Passkey(Identified, Base):
    """A public key whose private half never leaves a phone, a computer or a security key.

    `challenge_at` is when the newest question that it answered was made: that one and older ones are dead.
    """

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    credential_id: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    challenge_at: Mapped[datetime]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class RecoveryCode(Identified, Base):
    """One of the codes on somebody's sheet of paper, kept as a hash, spent once."""

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FactorReset(Identified, Base):
    """Two administrators give up the factors of somebody who lost them: one asks, another agrees, then a day passes."""

    __table_args__ = (
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL) AND (confirmed_at IS NULL) = (effective_at IS NULL)",
            name="confirmed_by_somebody",
        ),
        CheckConstraint("confirmed_by_id <> requested_by_id", name="two_people"),
        CheckConstraint("person_id NOT IN (requested_by_id, confirmed_by_id)", name="not_for_oneself"),
        CheckConstraint("done_at IS NULL OR stopped_at IS NULL", name="done_or_stopped"),
        CheckConstraint("done_at IS NULL OR effective_at <= done_at", name="done_after_the_delay"),
        Index(
            "uq_factor_reset_open",
            "person_id",
            unique=True,
            sqlite_where=text("done_at IS NULL AND stopped_at IS NULL"),
            postgresql_where=text("done_at IS NULL AND stopped_at IS NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    requested_by: Mapped[Person] = relationship(foreign_keys=[requested_by_id])


class KnownDevice(Identified, Base):
    """A kind of device that somebody has signed in with, as coarse as "Firefox/Android"."""

    __table_args__ = (UniqueConstraint("person_id", "label"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    label: Mapped[str]
    created_at: Mapped[datetime]
