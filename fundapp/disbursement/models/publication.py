"""What the people of an award let the public read."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified, enum_column
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.publication_rules import Publication


class PublicationChoice(Identified, Base):
    """What the people of an award chose that the public reads of it.

    One row for each award, made with the first choice; another choice changes it, and each is recorded.
    """

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"), unique=True)
    choice: Mapped[Publication] = mapped_column(enum_column(Publication))
    public_id: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    """The award's id in public files: random, so that nothing follows from it, and always the same."""
    text_sha256: Mapped[str]
    """Of the four choices, as they were put in `language`."""
    language: Mapped[str]
    chosen_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null where an erasure took it back."""
    chosen_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: what was chosen of which text, by whom and when."""
        return {
            "award": str(self.award_id),
            "choice": self.choice.value,
            "public_id": str(self.public_id),
            "text_sha256": self.text_sha256,
            "language": self.language,
            "chosen_by": None if self.chosen_by_id is None else str(self.chosen_by_id),
            "chosen_at": canonical_time(self.chosen_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
