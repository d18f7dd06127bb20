"""Copies of letters that the people of an award signed on paper: what they sent, and what staff said to it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text
from fundapp.disbursement.models.offers import AwardOffer, of_application


class CopyStanding(StrEnum):
    """Where a signed copy stands."""

    WAITING = "waiting"
    """Somebody of the staff has to look at it."""
    CONFIRMED = "confirmed"
    SENT_BACK = "sent_back"
    REPLACED = "replaced"
    """Its people sent another one, accepted on the page or refused, before anybody looked at it."""


class SignedCopy(Identified, Base):
    """One signed copy that was sent for an award; earlier ones stay until the application is erased."""

    __table_args__ = (
        UniqueConstraint("offer_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint(
            "(standing IN ('confirmed', 'sent_back')) = (looked_at IS NOT NULL)"
            " AND (looked_at IS NULL) = (looked_by_id IS NULL)",
            name="looked_has_person",
        ),
        CheckConstraint("looked_by_id <> sent_by_id", name="looked_by_another"),
    )

    offer_id: Mapped[UUID] = mapped_column(ForeignKey("award_offer.id"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    number: Mapped[int]
    """1, 2, 3 … of an offer."""
    attachment_id: Mapped[UUID]
    """The file among those of the application. Erasing takes the file and leaves that there was a copy."""
    letter_sha256: Mapped[str]
    """Of the letter that stood there when it was sent."""
    language: Mapped[str]
    """That of the letter."""
    standing: Mapped[CopyStanding] = mapped_column(enum_column(CopyStanding), default=CopyStanding.WAITING)
    name_sealed: Mapped[bytes | None]
    name = sealed_text("name_sealed", ring=Ring.IDENTITY, record=of_application)
    """Of whoever signed."""
    role_sealed: Mapped[bytes | None]
    role = sealed_text("role_sealed", ring=Ring.IDENTITY, record=of_application)
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    looked_at: Mapped[datetime | None]
    looked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reason_sealed: Mapped[bytes | None]
    reason = sealed_text("reason_sealed", ring=Ring.IDENTITY, record=of_application)
    """Why it was sent back, as its people read it."""

    offer: Mapped[AwardOffer] = relationship()
