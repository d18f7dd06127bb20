"""What an applicant may read: their own applications, and nothing of anybody else's."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Attachment, Call, CallInvitation
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def own_applications(*, actor: Actor) -> list[Application]:
    """Return the actor's applications with their calls, the last saved first."""
    return list(
        db.session.scalars(
            select(Application)
            .where(Application.person_id == actor.person_id)
            .options(joinedload(Application.call).joinedload(Call.programme))
            .order_by(Application.saved_at.desc(), Application.id)
        )
    )


def own_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return one of the actor's applications, ready to show and to write. Raises NotFound."""
    application = db.session.scalar(
        select(Application)
        .where(Application.id == application_id, Application.person_id == actor.person_id)
        .options(
            joinedload(Application.call),
            joinedload(Application.form_version),
            selectinload(Application.attachments),
        )
    )
    if application is None:
        raise NotFound
    return application


def own_application_in(*, actor: Actor, call: Call) -> Application | None:
    """Return the application that the actor last worked on in a call, or None."""
    return db.session.scalar(
        select(Application)
        .where(Application.person_id == actor.person_id, Application.call_id == call.id)
        .order_by(Application.saved_at.desc())
        .limit(1)
    )


def own_attachment(*, actor: Actor, application_id: UUID, attachment_id: UUID) -> Attachment:
    """Return a file of one of the actor's applications. Raises NotFound."""
    attachment = db.session.scalar(
        select(Attachment)
        .join(Application)
        .where(
            Attachment.id == attachment_id,
            Application.id == application_id,
            Application.person_id == actor.person_id,
        )
    )
    if attachment is None:
        raise NotFound
    return attachment


def is_invited(*, call: Call, email: str) -> bool:
    """Say whether an address may apply to a call; everybody may where no invitation is needed."""
    return not call.invitation_only or invitation_for(call=call, email=email) is not None


def invitation_for(*, call: Call, email: str) -> CallInvitation | None:
    """Return the invitation of an address to a call, or None."""
    return db.session.scalar(
        select(CallInvitation).where(CallInvitation.call_id == call.id, CallInvitation.email == email)
    )
