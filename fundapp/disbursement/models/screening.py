"""Lists of sanctions that staff handed in, what names were looked up in them, and what people said of those found."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time
from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_json, sealed_text
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.screening_rules import HitStatus, Outcome, Source, Subject, status_of


def _of_application(row: Any) -> Record:
    """Seal with the application's data key: all of it goes when the application is erased."""
    return Record("application", row.application_id)


class SanctionList(Identified, Base):
    """A list as it was handed in; the highest number of a source holds. Nothing takes it away again."""

    __table_args__ = (
        UniqueConstraint("source", "number"),
        CheckConstraint("entries > 0", name="has_entries"),
        {"info": GUARDED},
    )

    source: Mapped[Source] = mapped_column(enum_column(Source))
    number: Mapped[int]
    """1, 2, 3 … of a source."""
    listed_on: Mapped[date]
    """The day it is of: as the file says, or as whoever handed it in does."""
    sha256: Mapped[str]
    """Of the file; of OFAC's two, of sdn.csv and alt.csv one after the other."""
    entries: Mapped[int]
    """How many are on it."""
    content: Mapped[bytes]
    """Who is on it, as `sanction_lists.packed` writes it."""
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime]

    uploaded_by: Mapped[Person] = relationship()


class Screening(Identified, Base):
    """The names of an award were looked up in the lists of that day. The newest of an award counts."""

    __table_args__ = (
        UniqueConstraint("award_id", "number"),
        CheckConstraint("ofac_list_id IS NOT NULL OR un_list_id IS NOT NULL", name="has_list"),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an award."""
    ofac_list_id: Mapped[UUID | None] = mapped_column(ForeignKey("sanction_list.id"))
    un_list_id: Mapped[UUID | None] = mapped_column(ForeignKey("sanction_list.id"))
    names_sealed: Mapped[bytes | None]
    names = sealed_json("names_sealed", ring=Ring.IDENTITY, record=_of_application)
    """What was looked up, by subject, and the key of the organisation's name; None once it is erased."""
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null: the system did."""
    made_at: Mapped[datetime]


class ScreeningHit(Identified, Base):
    """A name on a list that is like a name of an award: a question to two people, who may not be the same one."""

    __table_args__ = (
        UniqueConstraint("award_id", "number"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_by_id IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name="decided_has_person",
        ),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name="confirmed_has_person"),
        CheckConstraint("confirmed_at IS NULL OR outcome IS NOT NULL", name="confirmed_is_decided"),
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> decided_by_id", name="confirmed_by_another"),
        CheckConstraint("score > 0 AND score <= 100", name="score_of_hundred"),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an award."""
    list_id: Mapped[UUID] = mapped_column(ForeignKey("sanction_list.id"))
    """The list in which it was found first."""
    subject: Mapped[Subject] = mapped_column(enum_column(Subject))
    score: Mapped[int]
    found_sealed: Mapped[bytes | None]
    found = sealed_json("found_sealed", ring=Ring.IDENTITY, record=_of_application)
    """`name` that was looked up; `uid`, `listed` (the name like it), `main` and `about` of the list; None: erased."""
    found_at: Mapped[datetime]
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    reason_sealed: Mapped[bytes | None]
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, record=_of_application)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()
    application: Mapped[Application] = relationship()
    list: Mapped[SanctionList] = relationship()
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
    confirmed_by: Mapped[Person | None] = relationship(foreign_keys=[confirmed_by_id])

    @property
    def status(self) -> HitStatus:
        """Return where it stands."""
        return status_of(self.outcome, is_confirmed=self.confirmed_at is not None)

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: who said what when; no name, and no reason."""
        return {
            "award": str(self.award_id),
            "number": self.number,
            "list": str(self.list_id),
            "subject": self.subject.value,
            "score": self.score,
            "found_at": canonical_time(self.found_at),
            "outcome": None if self.outcome is None else self.outcome.value,
            "decided_by": None if self.decided_by_id is None else str(self.decided_by_id),
            "decided_at": None if self.decided_at is None else canonical_time(self.decided_at),
            "confirmed_by": None if self.confirmed_by_id is None else str(self.confirmed_by_id),
            "confirmed_at": None if self.confirmed_at is None else canonical_time(self.confirmed_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
