"""Keep what is known of those behind applications in line with the nominations that they came from."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, select

from fundapp.applications.models import Application, CallInvitation
from fundapp.applications.sealed_answers import note_parties_again
from fundapp.core.db import db


def note_nominators(nominee_ids: Collection[UUID]) -> None:
    """Make the keys of those behind the applications that began with an invitation of these nominees anew."""
    note_all(list(db.session.scalars(began_with(nominee_ids))))


def began_with(nominee_ids: Collection[UUID]) -> Select[Application]:
    """Return the query of the applications that began with an invitation of one of these nominees."""
    return (
        select(Application)
        .join(CallInvitation, CallInvitation.application_id == Application.id)
        .where(CallInvitation.nominee_id.in_(nominee_ids), Application.erased_at.is_(None))
        .order_by(Application.id)
    )


def note_all(applications: Sequence[Application]) -> None:
    """Make the keys of those who stand behind applications anew."""
    for application in applications:
        note_parties_again(application)
    db.session.flush()
