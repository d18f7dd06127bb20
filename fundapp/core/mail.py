"""Mail: a row in the business transaction, sent by a worker, at least once, with one fixed Message-ID.

Subjects and bodies are neutral: they say that there is news and where to read it, never what it is.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, delete
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core import logs, outbox
from fundapp.core.db import Base, Identified, db
from fundapp.core.errors import Failure
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text

MAIL_KIND = "mail:send"


class MailMessage(Identified, Base):
    """One mail to one person. `template` names templates/email/<template>.txt; `data` holds ids and paths only."""

    __table_args__ = (CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="sent_or_failed"),)

    to_address_sealed: Mapped[bytes | None]
    to_address = sealed_text("to_address_sealed", ring=Ring.IDENTITY)
    language: Mapped[str]
    template: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(default="")
    recipient_id: Mapped[UUID | None]
    """Whose mail it is, where that is somebody known here."""
    returned_at: Mapped[datetime | None]
    """When it was known that it did not arrive: the address was refused, or the mail came back."""


Deliver = Callable[[MailMessage], None]
"""Hands one mail to the mail server; raises when it did not take it."""


Returned = Callable[[MailMessage, datetime], object]
"""Told of a mail whose address the mail server refused for good."""


class AddressRefused(Failure):
    """The mail server does not know the address, and never will; its answer is kept as its codes."""

    def __init__(self, *codes: int) -> None:
        super().__init__(f"the mail server answered {', '.join(str(code) for code in codes)}")


def queue_mail(
    *,
    to_address: str,
    language: str,
    template: str,
    data: dict[str, Any],
    now: datetime,
    recipient_id: UUID | None = None,
) -> MailMessage:
    """Write a mail and its outbox row in the running transaction."""
    message = MailMessage(
        to_address=to_address,
        language=language,
        template=template,
        data=data,
        created_at=now,
        recipient_id=recipient_id,
    )
    db.session.add(message)
    db.session.flush()
    outbox.enqueue(kind=MAIL_KIND, subject_id=message.id, now=now)
    return message


def forget_mails(ids: Collection[UUID]) -> None:
    """Delete mails whether they were sent or not, with the work about them: their addresses are needed no more."""
    db.session.execute(delete(outbox.OutboxItem).where(outbox.OutboxItem.subject_id.in_(ids)))
    db.session.execute(delete(MailMessage).where(MailMessage.id.in_(ids)))


def job_kind(deliver: Deliver, returned: Returned) -> outbox.JobKind:
    """Return the outbox work that sends a mail through `deliver`.

    An address that is refused for good is not tried again: the mail failed, and `returned` is told.
    """

    def work(message_id: UUID) -> outbox.Finish | None:
        message = db.session.get_one(MailMessage, message_id)
        if message.sent_at is not None:
            return None
        try:
            deliver(message)
        except AddressRefused as refusal:
            failure = logs.described(refusal)
            return lambda now: _refused(message_id, failure, now)
        return lambda now: _mark(message_id, sent_at=now)

    def _refused(message_id: UUID, failure: str, now: datetime) -> None:
        _mark(message_id, failed_at=now, failure=failure)
        returned(db.session.get_one(MailMessage, message_id), now)

    def gave_up(message_id: UUID, now: datetime, error: str) -> None:
        _mark(message_id, failed_at=now, failure=error)

    return outbox.JobKind(name=MAIL_KIND, work=work, gave_up=gave_up)


def _mark(message_id: UUID, **values: Any) -> None:
    message = db.session.get_one(MailMessage, message_id)
    for column, value in values.items():
        setattr(message, column, value)
