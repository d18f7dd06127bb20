"""What staff may read: calls in which they hold a permission, and in them nothing that they have a conflict with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.identity import masked_names, submitted_form
from fundapp.applications.models import Application, ApplicationStatus, Attachment, Call, Entry
from fundapp.applications.scope import in_calls, in_work, visible_to
from fundapp.applications.sealed_answers import sent_files
from fundapp.core.db import db
from fundapp.core.errors import NotFound

SENT = tuple(status for status in ApplicationStatus if status is not ApplicationStatus.DRAFT)
"""Staff read what was sent; of drafts they only learn how many there are."""


def managed_calls(*, actor: Actor) -> list[Call]:
    """Return the calls whose work the actor follows, newest first."""
    return list(
        db.session.scalars(
            select(Call)
            .where(in_calls(actor, P.CALL_READ, Call.id))
            .options(joinedload(Call.programme), selectinload(Call.stages))
            .order_by(Call.opens_at.desc(), Call.slug)
        )
    )


def every_call() -> list[Call]:
    """Return every call, the newest first: for choosing where a role is given, never for what is in a call."""
    return list(db.session.scalars(select(Call).order_by(Call.opens_at.desc(), Call.slug)))


def managed_call(*, actor: Actor, slug: str, permission: str = P.CALL_READ) -> Call:
    """Return a call in which the actor holds a permission.

    Raises NotAllowed for a call that the actor follows without that permission, NotFound for any other.
    """
    call = db.session.scalar(
        select(Call)
        .where(Call.slug == slug, or_(in_calls(actor, permission, Call.id), in_calls(actor, P.CALL_READ, Call.id)))
        .options(joinedload(Call.programme), selectinload(Call.extensions))
    )
    if call is None:
        raise NotFound
    actor.require(permission, call.id)
    return call


def counts_by_status(*, actor: Actor, calls: Sequence[Call]) -> Mapping[UUID, Mapping[ApplicationStatus, int]]:
    """Return how many applications of each call that are not set aside stand where, zeros included."""
    counts = {call.id: dict.fromkeys(ApplicationStatus, 0) for call in calls}
    rows = db.session.execute(
        select(Application.call_id, Application.status, func.count())
        .where(Application.call_id.in_(list(counts)), in_work(), visible_to(actor))
        .group_by(Application.call_id, Application.status)
    )
    for call_id, status, number in rows:
        counts[call_id][status] = number
    return counts


def drafts_with_own_deadline(
    *, actor: Actor, calls: Sequence[Call], now: datetime
) -> Mapping[UUID, list[tuple[datetime, int]]]:
    """Return until when drafts may be sent that have later deadlines of their own, and how many each, by call."""
    rows = db.session.execute(
        select(Application.call_id, Application.closes_at, func.count())
        .join(Application.call)
        .where(
            Application.call_id.in_([call.id for call in calls]),
            Application.status == ApplicationStatus.DRAFT,
            Application.closes_at > now,
            Application.closes_at > Call.closes_at,
            in_work(),
            visible_to(actor),
        )
        .group_by(Application.call_id, Application.closes_at)
        .order_by(Application.closes_at)
    )
    found: dict[UUID, list[tuple[datetime, int]]] = {}
    for call_id, closes_at, number in rows:
        if closes_at is not None:
            found.setdefault(call_id, []).append((closes_at, number))
    return found


def sent_application(*, actor: Actor, application_id: UUID, permission: str = P.APPLICATION_READ) -> Application:
    """Return an application that was sent in a call where the actor holds a permission. Raises NotFound."""
    application = db.session.scalar(
        select(Application)
        .where(
            Application.id == application_id,
            Application.status.in_(SENT),
            in_calls(actor, permission, Application.call_id),
            visible_to(actor),
        )
        .options(
            joinedload(Application.call).selectinload(Call.categories),
            joinedload(Application.person),
            selectinload(Application.entries).joinedload(Entry.category),
            selectinload(Application.attachments),
            selectinload(Application.submissions),
        )
    )
    if application is None:
        raise NotFound
    return application


def sent_attachment(*, actor: Actor, application_id: UUID, attachment_id: UUID) -> Attachment:
    """Return a file of an application that the actor may read. Raises NotFound, also for one that has to be opened."""
    application = sent_application(actor=actor, application_id=application_id)
    masked = masked_names(submitted_form(application), is_protected=application.is_protected)
    found = next((each for each in sent_files(application) if each.id == attachment_id), None)
    if found is None or name_of(found.question) in masked:
        raise NotFound
    return found


def eligibility_decider(application: Application) -> str:
    """Return the name of whoever decided on eligibility ("" while nobody did)."""
    if application.eligibility_by_id is None:
        return ""
    person = db.session.get_one(Person, application.eligibility_by_id)
    return person.name or person.email
