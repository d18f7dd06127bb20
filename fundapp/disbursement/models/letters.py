"""Letters: what each says, and where it stands."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time, content_sha256
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of, sealed_json
from fundapp.review.models import Decision


class LetterKind(StrEnum):
    """What a letter says."""

    AWARD = "award"
    RESERVE = "reserve"
    DECLINE = "decline"
    INELIGIBLE = "ineligible"


class LetterStatus(StrEnum):
    """Where a letter stands."""

    QUEUED = "queued"
    MADE = "made"
    FAILED = "failed"


class Letter(Identified, Base):
    """Exactly one letter per decided entry, and one notice per ineligible application."""

    __table_args__ = (
        Index(None, "call_id", "status"),
        CheckConstraint("(decision_id IS NULL) = (kind = 'ineligible')", name="decision_or_notice"),
        Index(
            "uq_letter_notice",
            "application_id",
            unique=True,
            sqlite_where=text("decision_id IS NULL"),
            postgresql_where=text("decision_id IS NULL"),
        ),
        CheckConstraint(
            "(status = 'made') = (sha256 IS NOT NULL) AND (status = 'made') = (made_at IS NOT NULL)"
            " AND (status = 'made') = (content_sealed IS NOT NULL)"
            " AND (status = 'made') = (stored_as IS NOT NULL)",
            name="made_has_file",
        ),
        CheckConstraint("(status = 'failed') = (failure <> '')", name="failed_has_reason"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    kind: Mapped[LetterKind] = mapped_column(enum_column(LetterKind))
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    """Whom it is addressed to: the application's main contact at the release."""
    reference: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str]
    status: Mapped[LetterStatus] = mapped_column(enum_column(LetterStatus), default=LetterStatus.QUEUED)
    failure: Mapped[str] = mapped_column(default="")
    content_sealed: Mapped[bytes | None]
    content = sealed_json(
        "content_sealed", ring=Ring.IDENTITY, record=lambda letter: Record("application", letter.application_id)
    )
    """The values that the letter was made from, as they were then: the page on the web shows the same."""
    sha256: Mapped[str | None]
    """Of the PDF."""
    stored_as: Mapped[str | None]
    """The name of the sealed file in the storage."""
    size_bytes: Mapped[int | None]
    queued_at: Mapped[datetime]
    made_at: Mapped[datetime | None]

    decision: Mapped[Decision | None] = relationship()
    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def file(self) -> SealedFile | None:
        """Return the stored file, None while there is none."""
        if self.stored_as is None or self.sha256 is None:
            return None
        return SealedFile(Record("application", self.application_id), record_of(self), self.stored_as, self.sha256)

    def kept(self) -> dict[str, Any] | None:
        """Return what its versions keep, once it is made: what it is about, and hashes of its file and its words."""
        if self.made_at is None:
            return None
        return {
            "call": str(self.call_id),
            "kind": self.kind.value,
            "decision": None if self.decision_id is None else str(self.decision_id),
            "application": str(self.application_id),
            "person": str(self.person_id),
            "reference": self.reference,
            "language": self.language,
            "status": self.status.value,
            "content_sha256": content_sha256(self.content),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "queued_at": canonical_time(self.queued_at),
            "made_at": canonical_time(self.made_at),
        }
