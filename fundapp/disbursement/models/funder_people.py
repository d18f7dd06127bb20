"""Who reads, for a funder, what became of its money."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.core.db import Base, Identified
from fundapp.disbursement.models.funds import Funder


class FunderPerson(Identified, Base):
    """Somebody of a funder, from the day they were invited until it ended."""

    __table_args__ = (
        Index(
            "uq_funder_person_now",
            "funder_id",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_has_person"),
    )

    funder_id: Mapped[UUID] = mapped_column(ForeignKey("funder.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    funder: Mapped[Funder] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
