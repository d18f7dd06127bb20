"""The tally as it was when a list was sent to those who ratify: rows that are only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.audit.entries import GUARDED
from fundapp.core.db import Base, Identified
from fundapp.review.models.decisions import Slate


class FrozenTally(Identified, Base):
    """What was known when a list was sent: every version of every score, the ranking, the decisions. No names.

    A list that is sent back and sent again has another one each time; the first is number 1.
    """

    __table_args__ = (UniqueConstraint("slate_id", "number"), {"info": GUARDED})

    slate_id: Mapped[UUID] = mapped_column(ForeignKey("slate.id"))
    number: Mapped[int]
    made_at: Mapped[datetime]
    content: Mapped[bytes] = mapped_column(deferred=True)
    """Canonical JSON, as fundapp.review.frozen reads it."""
    sha256: Mapped[str]

    slate: Mapped[Slate] = relationship()
    signature: Mapped["TallySignature | None"] = relationship(back_populates="frozen_tally")


class TallySignature(Base):
    """The signature under a frozen tally. It comes with the next checkpoint: pages and jobs have no key for it."""

    __table_args__ = {"info": GUARDED}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    frozen_tally_id: Mapped[UUID] = mapped_column(ForeignKey("frozen_tally.id"), primary_key=True)
    signed_at: Mapped[datetime]
    """By the database's clock."""
    key_id: Mapped[str]
    signature: Mapped[str]
    """Ed25519, as hex."""

    frozen_tally: Mapped[FrozenTally] = relationship(back_populates="signature")
