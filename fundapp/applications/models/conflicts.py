"""Who may not see which application: what people stated about it, and what an application tells of those behind it.

What follows from facts is computed from them in `fundapp.applications.scope`, and stored nowhere.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.form_engine.definition import Party
from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column


class ConflictSource(StrEnum):
    """Who stated it."""

    DECLARED = "declared"
    """The person themselves."""
    SET_BY_MANAGER = "set_by_manager"
    """Somebody who runs the call: that is pinned, it stands against what is declared and computed."""


class ConflictOfInterest(Identified, Base):
    """A statement that a person has a conflict of interest with an application, or has none; it stands until ended.

    Only managers say that there is none. A row is ended, never changed, so that it stays known who said what.
    """

    __table_args__ = (
        Index(
            "uq_conflict_of_interest_standing",
            "application_id",
            "person_id",
            "source",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("is_conflict OR source = 'set_by_manager'", name="none_is_set_by_manager"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_has_person"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[ConflictSource] = mapped_column(enum_column(ConflictSource))
    is_conflict: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether it says that there is a conflict; else that there is none, whatever the facts look like."""
    reason: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="", server_default="")

    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    recorded_by: Mapped[Person | None] = relationship(foreign_keys=[recorded_by_id])


class PartyFactKind(StrEnum):
    """What a key was made of."""

    ORGANISATION = "organisation"
    PERSON = "person"
    ADDRESS = "address"
    DOMAIN = "domain"


class PartyFact(Identified, Base):
    """A key of somebody who stands behind an application: the blind index of a name, an address or its domain.

    The same name of a person or an organisation has the same key there (`Person`, `Organisation`, `Tie`), so that they
    are found by each other and nothing is read. The name of the organisation that applies is not among them: its key
    stands in the application.
    """

    __table_args__ = (UniqueConstraint("application_id", "party", "kind", "key"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    party: Mapped[Party] = mapped_column(enum_column(Party))
    kind: Mapped[PartyFactKind] = mapped_column(enum_column(PartyFactKind))
    key: Mapped[str] = mapped_column(index=True)

    application: Mapped[Application] = relationship(back_populates="party_facts")
