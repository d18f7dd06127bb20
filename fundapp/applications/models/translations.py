"""Translations of answers, for those who read them in another language."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


class TranslatedBy(StrEnum):
    """Who put an answer into another language."""

    PERSON = "person"
    MACHINE = "machine"


class AnswerTranslation(Identified, Base):
    """One answer in another language, shown beside the original. It holds while the answer is the one it translates."""

    __table_args__ = (UniqueConstraint("application_id", "key", "language"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    key: Mapped[str]
    """Of the answer, as submissions have it."""
    language: Mapped[str]
    translated_by: Mapped[TranslatedBy] = mapped_column(enum_column(TranslatedBy))
    answer_sha256: Mapped[str]
    """Of the answer that was translated."""
    text_sealed: Mapped[bytes | None]
    text_version: Mapped[int] = mapped_column(default=0)
    text = sealed_text(
        "text_sealed",
        ring=Ring.IDENTITY,
        version="text_version",
        record=lambda row: Record("application", row.application_id),
    )
    attached_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    attached_at: Mapped[datetime]

    application: Mapped[Application] = relationship()
