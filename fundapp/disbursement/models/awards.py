"""Money promised by released decisions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.db import Base, Identified, MinorUnits
from fundapp.review.models import Decision


class Award(Identified, Base):
    """Money promised to an entry by a released decision."""

    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), unique=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """The application's reference, with the category's code behind it where the call has categories."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str]
    awarded_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship()
