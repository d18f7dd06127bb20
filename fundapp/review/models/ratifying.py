"""What those who ratify did with a list each time it was sent to them. Rows are added and never changed.

The first sending of a list is number 1; each sending back is followed by the next.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.core.audit import canonical_time, text_sha256
from fundapp.core.db import Base, Identified
from fundapp.review.models.decisions import Slate


class Ratification(Identified, Base):
    """One person ratified one sending of a list; where two must, both have a row. It counts for that sending alone."""

    __table_args__ = (
        UniqueConstraint("slate_id", "sending", "person_id"),
        CheckConstraint("sending >= 1", name="sending_from_one"),
    )

    slate_id: Mapped[UUID] = mapped_column(ForeignKey("slate.id"))
    sending: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    ratified_at: Mapped[datetime]

    slate: Mapped[Slate] = relationship()
    person: Mapped[Person] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its version keeps: all of it."""
        return {
            "slate": str(self.slate_id),
            "sending": self.sending,
            "person": str(self.person_id),
            "ratified_at": canonical_time(self.ratified_at),
        }


class SendBack(Identified, Base):
    """One sending of a list came back to those who decide, with the reason; who had sent it is kept here too."""

    __table_args__ = (
        UniqueConstraint("slate_id", "sending"),
        CheckConstraint("sending >= 1", name="sending_from_one"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("person_id <> sent_by_id", name="by_another"),
    )

    slate_id: Mapped[UUID] = mapped_column(ForeignKey("slate.id"))
    sending: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    sent_back_at: Mapped[datetime]
    sent_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sent_at: Mapped[datetime]

    slate: Mapped[Slate] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    sent_by: Mapped[Person] = relationship(foreign_keys=sent_by_id)

    def kept(self) -> dict[str, Any]:
        """Return what its version keeps: who and when, and the hash of the reason."""
        return {
            "slate": str(self.slate_id),
            "sending": self.sending,
            "person": str(self.person_id),
            "reason_sha256": text_sha256(self.reason),
            "sent_back_at": canonical_time(self.sent_back_at),
            "sent_by": str(self.sent_by_id),
            "sent_at": canonical_time(self.sent_at),
        }
