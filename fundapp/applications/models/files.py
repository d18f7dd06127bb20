"""Files of applications: what was sent, the copy that reviewers get, and what is still on its way."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models.applications import Application
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of, sealed_json, sealed_text


class FileStatus(StrEnum):
    """Where a file stands on its way to reviewers."""

    PENDING = "pending"
    """Not looked into yet, or the scanner did not answer."""
    READY = "ready"
    """Reviewers get a copy without metadata."""
    FAILED = "failed"
    """No such copy can be made; `failure` says why."""
    INFECTED = "infected"
    """A virus was found: nobody gets it."""


class Attachment(Identified, Base):
    """A file of an application; the bytes are stored sealed. Reviewers get a copy of it, never the file itself."""

    __table_args__ = (
        CheckConstraint("(status = 'ready') = (copy_stored_as IS NOT NULL)", name="ready_has_copy"),
        CheckConstraint("(status = 'failed') = (failure <> '')", name="failed_has_failure"),
        CheckConstraint("status <> 'infected' OR scanned_at IS NOT NULL", name="infected_was_scanned"),
        CheckConstraint(
            "(copy_stored_as IS NULL) = (copy_content_type IS NULL)"
            " AND (copy_stored_as IS NULL) = (copy_size_bytes IS NULL)",
            name="copy_is_whole",
        ),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    question: Mapped[str]
    """The key of the answer that it is."""
    filename_sealed: Mapped[bytes | None]
    filename = sealed_text(
        "filename_sealed", ring=Ring.IDENTITY, record=lambda file: Record("application", file.application_id)
    )
    """The applicant's own name for it: data only, never a path."""
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    """Of what was sent."""
    stored_as: Mapped[str]
    """The name of the sealed file in the storage."""
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    status: Mapped[FileStatus] = mapped_column(
        enum_column(FileStatus), default=FileStatus.PENDING, server_default="pending"
    )
    failure: Mapped[str] = mapped_column(default="", server_default="")
    """A `Why` of core.inspection, or "scanner"."""
    scanned_at: Mapped[datetime | None]
    """When a scanner looked at it; null where none is set up."""
    copy_stored_as: Mapped[str | None]
    copy_content_type: Mapped[str | None]
    copy_size_bytes: Mapped[int | None]

    application: Mapped[Application] = relationship(back_populates="attachments")

    @property
    def file(self) -> SealedFile:
        """Return the stored file."""
        return SealedFile(Record("application", self.application_id), record_of(self), self.stored_as, self.sha256)

    @property
    def copy(self) -> SealedFile | None:
        """Return the copy for reviewers, None while there is none."""
        if self.copy_stored_as is None:
            return None
        return SealedFile(Record("application", self.application_id), copy_row(self.id), self.copy_stored_as)


def copy_row(attachment_id: UUID) -> Record:
    """Return what the copy of a file is bound to: neither opens in the place of the other."""
    return Record("attachment_copy", attachment_id)


class Upload(Identified, Base):
    """A file that is still on its way, in parts; an upload that nobody continues is deleted after a day."""

    __table_args__ = (
        CheckConstraint("received_bytes >= 0 AND received_bytes <= size_bytes", name="received_within_size"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    question: Mapped[str]
    """The key of the answer that it will be."""
    described_sealed: Mapped[bytes | None]
    described = sealed_json(
        "described_sealed", ring=Ring.IDENTITY, record=lambda upload: Record("application", upload.application_id)
    )
    """{"filename", "modified"}, as the browser says them: by these it finds the upload again after a reload."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]

    application: Mapped[Application] = relationship()
    parts: Mapped[list["UploadPart"]] = relationship(
        back_populates="upload", order_by="UploadPart.start_byte", cascade="all, delete-orphan"
    )


class UploadPart(Identified, Base):
    """A part of a file on its way, stored sealed."""

    __table_args__ = (UniqueConstraint("upload_id", "start_byte"),)

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id"))
    start_byte: Mapped[int] = mapped_column(BigInteger)
    stored_as: Mapped[str]

    upload: Mapped[Upload] = relationship(back_populates="parts")

    @property
    def file(self) -> SealedFile:
        """Return the stored part."""
        return SealedFile(Record("application", self.upload.application_id), record_of(self), self.stored_as)
