"""Single applications of a call that somebody means, to do something with them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
)
from fundapp.applications.queries.listed_answers import BY_REFERENCE, SENT
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound

MAX_CHOSEN: Final = 500
"""So many applications can be chosen at once."""


def chosen_applications(*, actor: Actor, call: Call, ids: Sequence[UUID]) -> list[Application]:
    """Return applications of a call that were sent, of those that the actor may see, by reference."""
    return list(
        db.session.scalars(
            select(Application)
            .where(
                Application.id.in_(list(ids)[:MAX_CHOSEN]),
                Application.call_id == call.id,
                Application.status.in_(SENT),
                visible_to(actor),
            )
            .options(joinedload(Application.call))
            .order_by(*BY_REFERENCE)
        )
    )


def extendable_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application, sent or not, of a call whose deadlines the actor may move. Raises NotFound.

    Of a draft the page tells no more than that it is there.
    """
    application = db.session.scalar(
        select(Application)
        .where(
            Application.id == application_id,
            in_calls(actor, P.CALL_EXTEND, Application.call_id),
            visible_to(actor),
        )
        .options(joinedload(Application.call))
    )
    if application is None:
        raise NotFound
    return application


def entered_draft(*, actor: Actor, application_id: UUID) -> Application:
    """Return a draft that staff type in for its people, of a call where the actor may do that. Raises NotFound."""
    application = db.session.scalar(
        select(Application)
        .where(
            Application.id == application_id,
            Application.status == ApplicationStatus.DRAFT,
            Application.entered_by_id.is_not(None),
            in_calls(actor, P.APPLICATION_ENTER, Application.call_id),
            visible_to(actor),
        )
        .options(joinedload(Application.call))
    )
    if application is None:
        raise NotFound
    return application


def application_called(*, actor: Actor, call: Call, reference: str) -> Application | None:
    """Return the application of a call with a reference, if it was sent and the actor may see it."""
    return db.session.scalar(
        select(Application).where(
            Application.reference == reference.upper(), Application.call_id == call.id, visible_to(actor)
        )
    )


def person_called(person_id: UUID | None) -> str:
    """Return how somebody of the fund is called ("" for nobody)."""
    if person_id is None:
        return ""
    person = db.session.get_one(Person, person_id)
    return person.name or person.email
