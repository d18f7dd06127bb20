"""Signed-in browsers, and the links that sign a person in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models.people import Person
from fundapp.core.db import Base, Identified, enum_column


class SignInSession(Identified, Base):
    """A browser that is signed in. Deleting the row signs it out at once, whatever cookie it still holds.

    `proved_at` is the last proof by password, link or code; `second_factor_at` the last one by a second factor.
    `device` is coarse on purpose ("Firefox/Android"), and no network address is kept.
    """

    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(default="")

    person: Mapped[Person] = relationship()


class LinkPurpose(StrEnum):
    """What a one-time link is for; a link made for one purpose is refused for another."""

    SIGN_IN = "sign-in"
    SET_PASSWORD = "set-password"  # noqa: S105 - the name of a purpose
    CONFIRM_ADDRESS = "confirm-address"
    REVERT_ADDRESS = "revert-address"


class OneTimeLink(Identified, Base):
    """A mailed link, with a short code that does the same in the browser that asked; it works once.

    Neither the token nor the code is stored: both are derived from the id and the installation's secret.
    """

    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_after_creation"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(unique=True)
    next_path: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    browser_hash: Mapped[str | None] = mapped_column(index=True)
    """The hash of a token in the browser that asked for it; null where nobody asked in a browser."""
    code_tries: Mapped[int] = mapped_column(default=0)
    """How many wrong codes were typed in its place."""

    person: Mapped[Person] = relationship()
