"""Who may be considered in the next call of a programme."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Application
from fundapp.core.audit import canonical_time
from fundapp.core.db import Base, Identified


class NextCallConsent(Identified, Base):
    """What the people of a declined application answered: may it be considered in the next call of the programme?

    One row for each application; another answer changes it, and each is recorded.
    """

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    says_yes: Mapped[bool]
    text_sha256: Mapped[str]
    """Of the question, as it was put in `language`."""
    language: Mapped[str]
    answered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    application: Mapped[Application] = relationship()

    def kept(self) -> dict[str, Any]:
        """Return what its versions keep: what was answered to which question, by whom and when."""
        return {
            "application": str(self.application_id),
            "says_yes": self.says_yes,
            "text_sha256": self.text_sha256,
            "language": self.language,
            "answered_by": str(self.answered_by_id),
            "answered_at": canonical_time(self.answered_at),
        }

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute
