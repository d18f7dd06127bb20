"""How awards are paid: instalments, the files that take them to a bank, and each payment."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Call
from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of, sealed_text
from fundapp.disbursement.models.awards import Award
from fundapp.disbursement.models.payees import PayeeDetails
from fundapp.disbursement.payment_rules import FileFormat, FileStatus, PaymentStatus

_LIVE = "status NOT IN ('returned', 'cancelled')"


def _of_application(row: Any) -> Record:
    """Seal with the application's data key: what was written about its people goes when it is erased."""
    return Record("application", row.application_id)


class Instalment(Identified, Base):
    """A part of an award that is paid at once. Those of a plan that counts come to the award exactly."""

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(met_at IS NULL) = (met_by_id IS NULL)", name="met_has_person"),
        CheckConstraint("met_at IS NULL OR is_conditional", name="met_is_conditional"),
        CheckConstraint("(approved_at IS NULL) = (approved_by_id IS NULL)", name="approved_has_person"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> planned_by_id", name="approved_by_another"),
        CheckConstraint(
            "approved_by_id IS NULL OR met_by_id IS NULL OR approved_by_id <> met_by_id", name="approved_by_a_third"
        ),
        CheckConstraint("approved_at IS NULL OR NOT is_conditional OR met_at IS NOT NULL", name="approved_once_met"),
        CheckConstraint("dropped_at IS NULL OR approved_at IS NULL", name="approved_is_kept"),
        Index(
            "uq_instalment_current",
            "award_id",
            "number",
            unique=True,
            sqlite_where=text("dropped_at IS NULL"),
            postgresql_where=text("dropped_at IS NULL"),
        ),
    )

    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of a plan."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """In the award's currency."""
    is_conditional: Mapped[bool]
    waits_for_sealed: Mapped[bytes | None]
    waits_for = sealed_text("waits_for_sealed", ring=Ring.IDENTITY, record=_of_application)
    """What it waits for, in words; "" where it waits for nothing, or once it is erased."""
    due_on: Mapped[date | None]
    planned_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    planned_at: Mapped[datetime]
    met_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    met_at: Mapped[datetime | None]
    """When a person said that what it waits for has come."""
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    """When another plan took its place."""
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship()
    planned_by: Mapped[Person] = relationship(foreign_keys=[planned_by_id])
    met_by: Mapped[Person | None] = relationship(foreign_keys=[met_by_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])

    @property
    def waits(self) -> bool:
        """Say whether what it waits for has not come."""
        return self.is_conditional and self.met_at is None

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class PaymentFile(Identified, Base):
    """Payments in one currency from one account, which go to the bank together. Whoever releases it did not prepare it.

    The account that pays is the house's own, and stands here in clear.
    """

    __table_args__ = (
        CheckConstraint("released_by_id IS NULL OR released_by_id <> prepared_by_id", name="released_by_another"),
        CheckConstraint("(released_at IS NULL) = (released_by_id IS NULL)", name="released_has_person"),
        CheckConstraint("status <> 'released' OR released_at IS NOT NULL", name="released_has_time"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_time"),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_has_person"),
        CheckConstraint("status <> 'failed' OR failure <> ''", name="failed_has_reason"),
        CheckConstraint("status NOT IN ('made', 'released') OR made_at IS NOT NULL", name="made_has_time"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    """By which the bank knows it; never used again."""
    currency: Mapped[str]
    status: Mapped[FileStatus] = mapped_column(enum_column(FileStatus), default=FileStatus.WAITING)
    execution_on: Mapped[date]
    """The day on which the bank shall pay."""
    debtor_name: Mapped[str]
    debtor_account: Mapped[str]
    debtor_bic: Mapped[str] = mapped_column(default="")
    debtor_country: Mapped[str]
    prepared_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(default="")
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    cancelled_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]
    """When what was made was destroyed: nothing opens it any more."""
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    prepared_by: Mapped[Person] = relationship(foreign_keys=[prepared_by_id])
    released_by: Mapped[Person | None] = relationship(foreign_keys=[released_by_id])
    documents: Mapped[list["PaymentDocument"]] = relationship(back_populates="file", order_by="PaymentDocument.format")
    payments: Mapped[list["Payment"]] = relationship(back_populates="file", order_by="Payment.reference")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


class PaymentDocument(Identified, Base):
    """A payment file in one format, stored sealed with the data key of its file. Rows are only ever added."""

    __table_args__ = (UniqueConstraint("file_id", "format"), {"info": GUARDED})

    file_id: Mapped[UUID] = mapped_column(ForeignKey("payment_file.id"))
    format: Mapped[FileFormat] = mapped_column(enum_column(FileFormat))
    sha256: Mapped[str]
    """Of its content."""
    stored_as: Mapped[str]
    size_bytes: Mapped[int]
    made_at: Mapped[datetime]

    file: Mapped[PaymentFile] = relationship(back_populates="documents")

    @property
    def stored(self) -> SealedFile:
        """Return the stored file."""
        return SealedFile(record_of(self.file), record_of(self), self.stored_as, self.sha256)


class Payment(Identified, Base):
    """One attempt to pay an instalment: at most one that is not over, which the database itself holds to."""

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(sent_at IS NULL) = (sent_by_id IS NULL)", name="sent_has_person"),
        CheckConstraint("(status IN ('sent', 'received', 'returned')) = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("(received_at IS NULL) = (received_by_id IS NULL)", name="received_has_person"),
        CheckConstraint("status <> 'received' OR received_at IS NOT NULL", name="received_has_time"),
        CheckConstraint("(status = 'returned') = (returned_at IS NOT NULL)", name="returned_has_time"),
        CheckConstraint("(returned_at IS NULL) = (returned_by_id IS NULL)", name="returned_has_person"),
        Index(
            "uq_payment_live",
            "instalment_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
    )

    file_id: Mapped[UUID] = mapped_column(ForeignKey("payment_file.id"), index=True)
    instalment_id: Mapped[UUID] = mapped_column(ForeignKey("instalment.id"), index=True)
    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"), index=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """By which the bank answers about it (EndToEndId); never used again."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    """In the currency of its file."""
    details_id: Mapped[UUID] = mapped_column(ForeignKey("payee_details.id"))
    """The version of the payee details that it goes to; another one is never paid instead."""
    details_sha256: Mapped[str]
    """Of that version as it was stored."""
    status: Mapped[PaymentStatus] = mapped_column(enum_column(PaymentStatus), default=PaymentStatus.PREPARED)
    unfit: Mapped[str] = mapped_column(default="")
    """Why a file for banks cannot hold it, without anything of its payee; "" where it can."""
    from_funds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What each fund paid of it, in minor units by the fund's id; {} until it is sent."""
    sent_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    sent_at: Mapped[datetime | None]
    received_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Whoever said so: one of the payee's people, or of the staff."""
    received_at: Mapped[datetime | None]
    returned_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    returned_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None]
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, record=_of_application)
    """Why it came back."""
    version: Mapped[int] = mapped_column(default=1)

    file: Mapped[PaymentFile] = relationship(back_populates="payments")
    instalment: Mapped[Instalment] = relationship()
    award: Mapped[Award] = relationship()
    details: Mapped[PayeeDetails] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
