"""Tables of applications on their way in: what was given, how far it is, and what could not be taken."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models.calls import Call
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of, sealed_json, sealed_text


class ImportFailure(StrEnum):
    """Why an import stopped before its last row."""

    WRONG = "wrong"
    """The table as a whole cannot be taken; its problems say why."""
    DECIDED = "decided"
    NOT_ALLOWED = "not_allowed"
    """Whoever began it may not do that any more."""
    GIVEN_UP = "given_up"
    """All attempts at a batch were used."""


class TableImport(Identified, Base):
    """A table that somebody gave for a call. It is worked through by batches; each moves `rows_done` with its rows."""

    __table_args__ = (
        CheckConstraint("failure IS NULL OR finished_at IS NOT NULL", name="failed_is_finished"),
        CheckConstraint("stored_as IS NOT NULL OR finished_at IS NOT NULL", name="going_on_has_file"),
        CheckConstraint("rows_done >= 0 AND rows_done <= coalesce(rows, 0)", name="done_within_rows"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    begun_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    """In whose name rows are taken; whoever lets a stopped import go on takes it over."""
    begun_at: Mapped[datetime]
    filename_sealed: Mapped[bytes | None]
    filename = sealed_text("filename_sealed", ring=Ring.IDENTITY)
    takes: Mapped[bool]
    """Whether rows are taken; else they are only looked at, and each batch is undone."""
    as_drafts: Mapped[bool]
    stored_as: Mapped[str | None]
    """The name of the sealed table in the storage: as it was given, and once it was read, its rows. It goes when the
    last row is taken."""
    sha256: Mapped[str]
    rows: Mapped[int | None]
    """None until the table was read."""
    rows_done: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    problems: Mapped[int] = mapped_column(default=0)
    columns_sealed: Mapped[bytes | None]
    columns_version: Mapped[int] = mapped_column(default=0)
    columns = sealed_text("columns_sealed", ring=Ring.IDENTITY, version="columns_version")
    """As JSON: {"matched": [[heading, question], …], "unmapped": [heading, …]}."""
    run: Mapped[int] = mapped_column(default=1)
    """How often it was begun: looked at, taken, let go on."""
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    failure: Mapped[ImportFailure | None] = mapped_column(enum_column(ImportFailure))

    call: Mapped[Call] = relationship()
    begun_by: Mapped[Person] = relationship()
    parts: Mapped[list["ImportPart"]] = relationship(order_by="ImportPart.start_row", cascade="all, delete-orphan")

    @property
    def file(self) -> SealedFile | None:
        """Return the stored table, None once it is gone."""
        if self.stored_as is None:
            return None
        return SealedFile(record_of(self), record_of(self), self.stored_as, self.sha256)


class ImportPart(Identified, Base):
    """What was wrong in one batch of a table."""

    __table_args__ = (UniqueConstraint("table_import_id", "start_row"),)

    table_import_id: Mapped[UUID] = mapped_column(ForeignKey("table_import.id"))
    start_row: Mapped[int]
    problems_sealed: Mapped[bytes | None]
    problems = sealed_json(
        "problems_sealed", ring=Ring.IDENTITY, record=lambda part: Record("table_import", part.table_import_id)
    )
    """[[place, message], …], in the language of whoever began the import."""
