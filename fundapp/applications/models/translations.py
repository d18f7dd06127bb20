"""Translations that staff put beside the answers of an application."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


class TranslatedBy(StrEnum):
    """Who made a translation."""

    PERSON = "person"
    MACHINE = "machine"
    APPLICANT = "applicant"


def _of_application(row: "AnswerTranslation") -> Record:
    """Seal with the application's data key: a translation says what the answer says, and goes when it is erased."""
    return Record("application", row.application_id)


class AnswerTranslation(Identified, Base):
    """One version of the translation of an answer, as it was sent, into one language; a later one never replaces it.

    An empty one takes the translation away.
    """

    __table_args__ = (
        UniqueConstraint("application_id", "question", "language", "number"),
        CheckConstraint("number >= 1", name="counts_from_one"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    """The version that was translated; it fits a later one whose answer is the same."""
    question: Mapped[str]
    """The key of the answer."""
    language: Mapped[str]
    number: Mapped[int]
    """Its versions count from 1."""
    made_by: Mapped[TranslatedBy] = mapped_column(enum_column(TranslatedBy))
    text_sealed: Mapped[bytes | None]
    text = sealed_text("text_sealed", ring=Ring.IDENTITY, record=_of_application)
    written_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="translations")
