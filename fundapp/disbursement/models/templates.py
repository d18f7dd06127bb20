"""What letters of a call are worded from, and what stands at their head: rows that are only ever added."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import record_of
from fundapp.disbursement.letter_language import TemplateKind


class LetterTemplate(Identified, Base):
    """A version of a template; the highest number holds. Without texts the wording of the house holds again."""

    __table_args__ = (
        UniqueConstraint("call_id", "kind", "language", "number"),
        CheckConstraint("(subject = '') = (body = '')", name="whole_or_none"),
        {"info": GUARDED},
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    kind: Mapped[TemplateKind] = mapped_column(enum_column(TemplateKind))
    language: Mapped[str]
    number: Mapped[int]
    """1, 2, 3 … within a call, kind and language."""
    subject: Mapped[str]
    """The heading of the letter. Both texts are as fundapp.disbursement.letter_language reads them."""
    body: Mapped[str]
    sha256: Mapped[str]
    """Of the subject, a line feed and the body."""
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    made_by: Mapped[Person] = relationship()

    @property
    def is_house(self) -> bool:
        """Return whether the wording of the house holds again."""
        return not self.body


class Letterhead(Identified, Base):
    """The logo of a call's letters; the highest number holds. Without a file it is the mark of this house."""

    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        CheckConstraint(
            "(stored_as IS NULL) = (sha256 IS NULL) AND (stored_as IS NULL) = (content_type IS NULL)",
            name="whole_or_none",
        ),
        {"info": GUARDED},
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    stored_as: Mapped[str | None]
    """The name of the sealed file in the storage."""
    sha256: Mapped[str | None]
    content_type: Mapped[str | None]
    alts: Mapped[dict[str, Any]]
    """What is seen on it, by language; the title of the programme stands in where there is nothing."""
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    made_by: Mapped[Person] = relationship()

    @property
    def file(self) -> SealedFile | None:
        """Return the stored picture, None for the mark of this house."""
        if self.stored_as is None or self.sha256 is None:
            return None
        return SealedFile(record_of(self), record_of(self), self.stored_as, self.sha256)
