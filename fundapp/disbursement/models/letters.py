"""Letters: what each says, and where it stands."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time, content_sha256
from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of, sealed_json
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.models.templates import LetterTemplate
from fundapp.review.models import Decision, Outcome


class LetterKind(StrEnum):
    """What a letter says."""

    AWARD = "award"
    RESERVE = "reserve"
    DECLINE = "decline"
    INELIGIBLE = "ineligible"
    CERTIFICATE = "certificate"
    """Beside the letter of an award."""


class LetterStatus(StrEnum):
    """Where a letter stands."""

    QUEUED = "queued"
    MADE = "made"
    FAILED = "failed"


class Letter(Identified, Base):
    """Exactly one letter per decided entry, beside it at most one certificate, and one notice per ineligible
    application."""

    __table_args__ = (
        Index(None, "call_id", "status"),
        CheckConstraint("(decision_id IS NULL) = (kind = 'ineligible')", name="decision_or_notice"),
        Index(
            "uq_letter_decision",
            "decision_id",
            unique=True,
            sqlite_where=text("kind <> 'certificate'"),
            postgresql_where=text("kind <> 'certificate'"),
        ),
        Index(
            "uq_letter_certificate",
            "decision_id",
            unique=True,
            sqlite_where=text("kind = 'certificate'"),
            postgresql_where=text("kind = 'certificate'"),
        ),
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
        CheckConstraint("first_opened_at IS NULL OR status = 'made'", name="opened_is_made"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    kind: Mapped[LetterKind] = mapped_column(enum_column(LetterKind))
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))
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
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("letter_template.id"))
    """The version of a template that it was made from; None is the wording of the house."""
    first_opened_at: Mapped[datetime | None]
    """When somebody of its organisation first opened it, as a page or as a file; from then on it stays as it is."""

    decision: Mapped[Decision | None] = relationship()
    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship()
    template: Mapped[LetterTemplate | None] = relationship()
    award: Mapped[Award | None] = relationship(
        primaryjoin=lambda: foreign(Letter.decision_id) == Award.decision_id, viewonly=True, uselist=False
    )
    superseded: Mapped[list["SupersededLetter"]] = relationship(
        back_populates="letter", order_by="SupersededLetter.number"
    )

    @property
    def moved_up_minor(self) -> int | None:
        """Return the award of an entry that was in reserve and moved up, in minor units; None for any other."""
        is_moved = self.kind is LetterKind.AWARD and self.decision and self.decision.outcome is Outcome.RESERVE
        return self.award.amount_minor if is_moved and self.award else None

    @property
    def was_opened(self) -> bool:
        """Return whether it reached its reader."""
        return self.first_opened_at is not None

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
            "template": None if self.template_id is None else str(self.template_id),
            "status": self.status.value,
            "content_sha256": content_sha256(self.content),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "queued_at": canonical_time(self.queued_at),
            "made_at": canonical_time(self.made_at),
        }


class SupersededLetter(Identified, Base):
    """A letter as it was before it was made anew: nobody had opened it, or its entry moved up from the reserve.

    Rows are only ever added.
    """

    __table_args__ = (UniqueConstraint("letter_id", "number"), {"info": GUARDED})

    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id"))
    number: Mapped[int]
    """1, 2, 3 … of a letter."""
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("letter_template.id"))
    sha256: Mapped[str]
    stored_as: Mapped[str]
    size_bytes: Mapped[int]
    made_at: Mapped[datetime]
    superseded_at: Mapped[datetime]
    kind: Mapped[str | None]
    """What it was, where its entry moved up since and the letter says something else; null: the same as now."""
    superseded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    letter: Mapped[Letter] = relationship(back_populates="superseded")
    template: Mapped[LetterTemplate | None] = relationship()
    superseded_by: Mapped[Person] = relationship()

    @property
    def file(self) -> SealedFile:
        """Return the stored file: it was sealed for its letter."""
        record = Record("application", self.letter.application_id)
        return SealedFile(record, record_of(self.letter), self.stored_as, self.sha256)
