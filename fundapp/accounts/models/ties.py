"""What a person is tied to, as they say themselves: it keeps them from judging it, and gives them nothing."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models.people import Person
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text


class TieKind(StrEnum):
    """What ties a person to an organisation."""

    WORK = "work"
    BOARD = "board"
    FAMILY = "family"
    FUNDER = "funder"
    RIVAL = "rival"
    OTHER = "other"


class Tie(Identified, Base):
    """A person's tie to an organisation, by the organisation's name and perhaps its mail domain."""

    __table_args__ = (UniqueConstraint("person_id", "organisation_key", "kind"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[TieKind] = mapped_column(enum_column(TieKind))
    organisation_sealed: Mapped[bytes | None]
    organisation_version: Mapped[int] = mapped_column(default=0)
    organisation = sealed_text("organisation_sealed", ring=Ring.IDENTITY, version="organisation_version")
    organisation_key: Mapped[str] = mapped_column(index=True)
    """The blind index of the folded name: the same as that of an organisation of this name."""
    mail_domain_sealed: Mapped[bytes | None]
    mail_domain_version: Mapped[int] = mapped_column(default=0)
    mail_domain = sealed_text("mail_domain_sealed", ring=Ring.IDENTITY, version="mail_domain_version")
    domain_key: Mapped[str | None] = mapped_column(index=True)
    """The blind index of the mail domain; null for none, and for one that everybody uses."""
    until_on: Mapped[date | None]
    """The last day on which it counts, by UTC; null while it has no end."""
    declared_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
