"""Signed-in browsers, and the links that sign a person in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models.people import Person
from fundapp.core.db import Base, Identified, enum_column


class SignInSession(Identified, Base):
    """A browser that is signed in. Deleting the row signs it out at once, whatever cookie it still holds."""

    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class LinkPurpose(StrEnum):
    """What a one-time link is for; a link made for one purpose is refused for another."""

    SIGN_IN = "sign-in"
    SET_PASSWORD = "set-password"  # noqa: S105 - the name of a purpose


class OneTimeLink(Identified, Base):
    """A mailed link that signs a person in once. The token itself is never stored."""

    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_after_creation"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(unique=True)
    next_path: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
