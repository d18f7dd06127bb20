"""Tables that are made in the background for whoever takes them out of the house."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import record_of


class ExportFailure(StrEnum):
    """Why a table was not made."""

    NOT_ALLOWED = "not_allowed"
    """Whoever asked for it may not have it any more."""
    GIVEN_UP = "given_up"
    """All attempts were used."""


class ExportJob(Identified, Base):
    """A table that somebody asked for: its rows are read at one instant, and kept until its file is written of them.

    Both are sealed with a data key of its own.
    """

    __table_args__ = (
        CheckConstraint("failure IS NULL OR finished_at IS NOT NULL", name="failed_is_finished"),
        CheckConstraint("(read_at IS NULL) = (seen_sha256 IS NULL)", name="read_has_seen"),
        CheckConstraint("(rows IS NULL) = (read_at IS NULL)", name="read_has_rows"),
        CheckConstraint("rows_done >= 0 AND rows_done <= coalesce(rows, 0)", name="done_within_rows"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    """With whose eyes it is made; nobody else gets it."""
    asked_at: Mapped[datetime]
    what: Mapped[str]
    """Which table: TableKind.what."""
    format: Mapped[str]
    is_anonymised: Mapped[bool]
    for_excel: Mapped[bool]
    language: Mapped[str]
    """That of the page on which it was asked for."""
    read_at: Mapped[datetime | None]
    seen_sha256: Mapped[str | None]
    """Of what its reader could see then: once that is something else, nobody gets the file."""
    rows: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    stored_as: Mapped[str | None]
    """The name in the storage of its rows, and once it is finished of its file."""
    sha256: Mapped[str] = mapped_column(default="")
    filename: Mapped[str] = mapped_column(default="")
    content_type: Mapped[str] = mapped_column(default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    failure: Mapped[ExportFailure | None] = mapped_column(enum_column(ExportFailure))

    call: Mapped[Call] = relationship()
    asked_by: Mapped[Person] = relationship()

    @property
    def file(self) -> SealedFile | None:
        """Return what is stored of it, None before its rows are read."""
        if self.stored_as is None:
            return None
        return SealedFile(record_of(self), record_of(self), self.stored_as, self.sha256)

    @property
    def is_ready(self) -> bool:
        """Say whether its file can be taken."""
        return self.finished_at is not None and self.failure is None
