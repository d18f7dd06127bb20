"""Money promised by released decisions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.core.db import Base, Identified, MinorUnits
from fundapp.review.models import Decision


class Award(Identified, Base):
    """Money promised to an entry by a released decision."""

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("funded_minor >= 0 AND funded_minor <= amount_minor", name="funded_within_amount"),
    )

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), unique=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """The application's reference, with the category's code behind it where the call has categories."""
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str]
    awarded_at: Mapped[datetime]
    funded_minor: Mapped[int] = mapped_column(MinorUnits, default=0, server_default=text("0"))
    """What funds give to it: the sum of their shares. Nothing of it is paid before all of it is there."""

    decision: Mapped[Decision] = relationship()

    @property
    def is_funded(self) -> bool:
        """Say whether funds give all of it, so that its money may go out."""
        return self.funded_minor == self.amount_minor
