"""What a declined applicant reads of the reviews."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Entry
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


class DeclinedComment(Identified, Base):
    """A text that a declined applicant reads of the reviews, or why there is nothing to pass on."""

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    """That of the entry: the text is sealed with its key."""
    passes_on: Mapped[bool]
    """False: the text says why nothing is passed on, and only those who run the call read it."""
    language: Mapped[str]
    """In which the text is written."""
    text_sealed: Mapped[bytes | None]
    text_version: Mapped[int] = mapped_column(default=0)
    text = sealed_text(
        "text_sealed",
        ring=Ring.IDENTITY,
        version="text_version",
        record=lambda comment: Record("application", comment.application_id),
    )
    chosen: Mapped[list[str]]
    """The reviews' comments that it was made from, as declined_rules names them."""
    edited_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    edited_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    entry: Mapped[Entry] = relationship()
    edited_by: Mapped[Person] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: from what it was made, who edited it when, and the hash of the text."""
        return {
            "entry": str(self.entry_id),
            "passes_on": self.passes_on,
            "language": self.language,
            "text_sha256": text_sha256(self.text),
            "chosen": list(self.chosen),
            "edited_by": str(self.edited_by_id),
            "edited_at": canonical_time(self.edited_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
