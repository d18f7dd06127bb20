"""Where the money of an award goes: versions of its payee details, the calls about them, and what stopped them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_json, sealed_text
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.payee_rules import CallOutcome, Known


def _of_application(row: Any) -> Record:
    """Seal with the application's data key: all of it goes when the application is erased."""
    return Record("application", row.application_id)


class PayeeDetails(Identified, Base):
    """One version of the payee details of an award; a later one never takes its place. Only the newest counts.

    What was typed is sealed for the holder of the private payee key (its public half is number `payee_key`), and that
    again with the application's data key: `sealed_payees` alone reads and writes it, and pages can't open it.
    """

    __table_args__ = (
        UniqueConstraint("award_id", "number"),
        CheckConstraint("(approved_at IS NULL) = (approved_by_id IS NULL)", name="approved_has_person"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> entered_by_id", name="approved_by_another"),
        CheckConstraint("usable_from >= entered_at", name="usable_once_entered"),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an award."""
    payee_key: Mapped[int | None] = mapped_column(index=True)
    sealed: Mapped[bytes | None]
    """Null once it is erased."""
    shown_sealed: Mapped[bytes | None]
    shown = sealed_json("shown_sealed", ring=Ring.IDENTITY, record=_of_application)
    """What pages may show: route, mask, country and currency of the account, and hints; None once it is erased."""
    account_sealed: Mapped[bytes | None]
    account_index: Mapped[str | None] = mapped_column(index=True)
    account = sealed_text("account_sealed", ring=Ring.IDENTITY, index="account_index", record=_of_application)
    """A slow hash of the account, by which the same one is found elsewhere; "" where there is no account."""
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    with_second_factor: Mapped[bool]
    usable_from: Mapped[datetime]
    """From when it may be used, once it is approved."""
    stop_hash: Mapped[str] = mapped_column(unique=True)
    """Of the token of the link that stops it; the token itself is stored nowhere."""
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()
    application: Mapped[Application] = relationship()
    entered_by: Mapped[Person] = relationship(foreign_keys=[entered_by_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])
    calls: Mapped[list["PayeeCall"]] = relationship(back_populates="details", order_by="PayeeCall.number")

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: who did what when; nothing of what was typed."""
        return {
            "award": str(self.award_id),
            "number": self.number,
            "entered_by": str(self.entered_by_id),
            "entered_at": canonical_time(self.entered_at),
            "with_second_factor": self.with_second_factor,
            "usable_from": canonical_time(self.usable_from),
            "approved_by": None if self.approved_by_id is None else str(self.approved_by_id),
            "approved_at": None if self.approved_at is None else canonical_time(self.approved_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class PayeeCall(Identified, Base):
    """A call to the people of an award about a version of their details, on a number that is older than it."""

    __table_args__ = (UniqueConstraint("details_id", "number"),)

    details_id: Mapped[UUID] = mapped_column(ForeignKey("payee_details.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of a version."""
    known: Mapped[Known] = mapped_column(enum_column(Known))
    known_since: Mapped[datetime]
    """When the number was known; always before the version was typed in."""
    phone_sealed: Mapped[bytes | None]
    phone = sealed_text("phone_sealed", ring=Ring.IDENTITY, record=_of_application)
    outcome: Mapped[CallOutcome] = mapped_column(enum_column(CallOutcome))
    note_sealed: Mapped[bytes | None]
    note = sealed_text("note_sealed", ring=Ring.IDENTITY, record=_of_application)
    called_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    called_at: Mapped[datetime]

    details: Mapped[PayeeDetails] = relationship(back_populates="calls")
    called_by: Mapped[Person] = relationship()


class PayeeFreeze(Identified, Base):
    """Payee details of an award are stopped, until two people of the staff lift it. At most one at a time."""

    __table_args__ = (
        CheckConstraint("(first_at IS NULL) = (first_by_id IS NULL)", name="first_has_person"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_has_person"),
        CheckConstraint("lifted_at IS NULL OR first_at IS NOT NULL", name="lifted_by_two"),
        CheckConstraint("lifted_by_id IS NULL OR lifted_by_id <> first_by_id", name="lifted_by_another"),
        Index(
            "uq_payee_freeze_open",
            "award_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    frozen_at: Mapped[datetime]
    frozen_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Null where it came by the link in a mail."""
    reason_sealed: Mapped[bytes | None]
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, record=_of_application)
    first_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who would lift it; a second person does."""
    first_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]

    award: Mapped[Award] = relationship()
    first_by: Mapped[Person | None] = relationship(foreign_keys=[first_by_id])
