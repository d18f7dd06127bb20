"""What was done about the protection of applications, and who opened their identities."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.applications.models import Application, IdentityOpening, ProtectionChange
from fundapp.core.db import db


def changes_of(application: Application) -> list[ProtectionChange]:
    """Return the steps about an application's protection with who took them, the first one first."""
    return list(
        db.session.scalars(
            select(ProtectionChange)
            .where(ProtectionChange.application_id == application.id)
            .options(joinedload(ProtectionChange.by))
            .order_by(ProtectionChange.number)
        )
    )


def last_change(application: Application) -> ProtectionChange | None:
    """Return the last step about an application's protection, or None."""
    changes = changes_of(application)
    return changes[-1] if changes else None


def openings_of(application: Application) -> list[IdentityOpening]:
    """Return who opened what of an application, the latest first."""
    return list(
        db.session.scalars(
            select(IdentityOpening)
            .where(IdentityOpening.application_id == application.id)
            .options(joinedload(IdentityOpening.person))
            .order_by(IdentityOpening.opened_at.desc(), IdentityOpening.id)
        )
    )
