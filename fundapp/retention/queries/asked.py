"""What was asked: erasing, and holding; of what the actor may see."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import (
    Application,
    Call,
)
from fundapp.applications.scope import held_by, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.retention.models import ErasureRequest, LegalHold


def open_request(application_id: UUID) -> ErasureRequest | None:
    """Return the request for erasing an application that nobody has answered yet."""
    return db.session.scalar(
        select(ErasureRequest).where(
            ErasureRequest.application_id == application_id, ErasureRequest.answered_at.is_(None)
        )
    )


def open_requests(call: Call, actor: Actor) -> Sequence[ErasureRequest]:
    """Return a call's requests that wait for an answer, about applications that the actor may see; the oldest first."""
    return db.session.scalars(
        select(ErasureRequest)
        .join(Application)
        .where(Application.call_id == call.id, ErasureRequest.answered_at.is_(None), visible_to(actor))
        .order_by(ErasureRequest.asked_at, ErasureRequest.id)
    ).all()


def hidden_applications(call: Call, actor: Actor) -> frozenset[UUID]:
    """Return the applications of a call that the actor may not see: they are left out of every number."""
    return frozenset(
        db.session.scalars(select(Application.id).where(Application.call_id == call.id, ~visible_to(actor)))
    )


def holds_of(call: Call, actor: Actor) -> Sequence[LegalHold]:
    """Return what holds a call or applications of it that the actor may see."""
    return db.session.scalars(
        select(LegalHold)
        .outerjoin(Application)
        .where(
            LegalHold.lifted_at.is_(None),
            or_(LegalHold.call_id == call.id, and_(Application.call_id == call.id, visible_to(actor))),
        )
        .order_by(LegalHold.set_at, LegalHold.id)
    ).all()


def held_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application of an organisation that the actor holds, not erased yet. Raises NotFound."""
    application = db.session.scalar(
        select(Application).where(Application.id == application_id, held_by(actor), Application.erased_at.is_(None))
    )
    if application is None:
        raise NotFound
    return application


def last_request(application_id: UUID) -> ErasureRequest | None:
    """Return the newest request for erasing an application."""
    return db.session.scalar(
        select(ErasureRequest)
        .where(ErasureRequest.application_id == application_id)
        .order_by(ErasureRequest.asked_at.desc())
        .limit(1)
    )


def request_of(call: Call, request_id: UUID, actor: Actor) -> ErasureRequest:
    """Return a request of a call about an application that the actor may see. Raises NotFound."""
    request = db.session.scalar(
        select(ErasureRequest)
        .join(Application)
        .where(ErasureRequest.id == request_id, Application.call_id == call.id, visible_to(actor))
    )
    if request is None:
        raise NotFound
    return request


def hold_of(call: Call, hold_id: UUID, actor: Actor) -> LegalHold:
    """Return a hold of a call, or of an application of it that the actor may see. Raises NotFound."""
    found = next((hold for hold in holds_of(call, actor) if hold.id == hold_id), None)
    if found is None:
        raise NotFound
    return found
