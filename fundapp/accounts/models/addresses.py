"""Changes of an address: asked for, confirmed from the new mailbox, and for a while undone from the old one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models.people import Person
from fundapp.core.db import Base, Identified
from fundapp.core.keys import Ring
from fundapp.core.sealing import Record, sealed_text


def _of_person(row: "AddressChange") -> Record:
    """Seal with the person's own data key: erasing the person erases their old addresses."""
    return Record("person", row.person_id)


class AddressChange(Identified, Base):
    """A person wants mail to go elsewhere. Nothing changes before the new mailbox has answered."""

    __table_args__ = (
        CheckConstraint("reverted_at IS NULL OR confirmed_at IS NOT NULL", name="reverted_after_confirmation"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    old_address_sealed: Mapped[bytes | None]
    old_address = sealed_text("old_address_sealed", ring=Ring.IDENTITY, record=_of_person)
    """"" where there was none."""
    new_address_sealed: Mapped[bytes | None]
    new_address = sealed_text("new_address_sealed", ring=Ring.IDENTITY, record=_of_person)
    confirm_link_id: Mapped[UUID] = mapped_column(unique=True)
    """Of a one-time link; links are deleted some time after they have ended, and this row stays."""
    revert_link_id: Mapped[UUID | None] = mapped_column(unique=True)
    requested_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    reverted_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
