"""Who may not see which application."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core.db import Base, Identified, enum_column


class ConflictSource(StrEnum):
    """Who found the conflict."""

    DECLARED = "declared"
    SAME_ORGANISATION = "same_organisation"
    SET_BY_MANAGER = "set_by_manager"


class ConflictOfInterest(Identified, Base):
    """A person may not see, score or decide an application. Every read path leaves it out for them."""

    __table_args__ = (UniqueConstraint("application_id", "person_id"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[ConflictSource] = mapped_column(enum_column(ConflictSource))
    reason: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
