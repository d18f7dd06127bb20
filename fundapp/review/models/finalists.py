"""Finalists of a prize, and what the public reads of them once they are announced."""

import json
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.applications.models import Application, Entry
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, Sealed, to_json
from fundapp.review.finalist_rules import NO_PROFILE, Profile


class Finalist(Identified, Base):
    """An entry that people named a finalist of its category."""

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entry.id"), unique=True)
    reason: Mapped[str]
    """Needed where somebody who is not named stands better by the scores."""
    named_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    named_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()
    named_by: Mapped[Person] = relationship()


class ProfileStatus(StrEnum):
    """Where the consent to a public profile stands."""

    DRAFT = "draft"
    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"


class FinalistProfile(Identified, Base):
    """What the public may read of an application among the finalists: only what its people agreed to."""

    __table_args__ = (
        CheckConstraint("(status IN ('agreed', 'declined')) = (answered_at IS NOT NULL)", name="answered_has_time"),
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_has_person"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    status: Mapped[ProfileStatus] = mapped_column(enum_column(ProfileStatus), default=ProfileStatus.DRAFT)
    said_sealed: Mapped[bytes | None]
    said_version: Mapped[int] = mapped_column(default=0)
    """Counts the changes, so that nobody agrees to what they have not read."""
    said = Sealed[Profile](
        "said_sealed",
        Ring.IDENTITY,
        encode=lambda profile: to_json([profile.name, profile.title, dict(profile.texts)]),
        decode=lambda data: Profile(*json.loads(data)),
        empty=NO_PROFILE,
        version="said_version",
        index="",
        fold=str,
        record=lambda row: Record("application", row.application_id),
    )
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship()


class FinalistsAnnouncement(Identified, Base):
    """The moment from which everybody may read who the finalists of a call are."""

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    announced_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    announced_at: Mapped[datetime]
