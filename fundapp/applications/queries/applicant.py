"""What an applicant may read: the applications of their organisations, and nothing of anybody else's."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts import queries as accounts
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Attachment, Call, CallInvitation, Upload
from fundapp.applications.scope import held_by, of_own_organisation, read_by, sent_by, written_by
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def own_applications(*, actor: Actor) -> list[Application]:
    """Return the applications of the actor's organisations with their calls, the last saved first."""
    return list(
        db.session.scalars(
            select(Application)
            .where(of_own_organisation(actor))
            .options(
                joinedload(Application.call).joinedload(Call.programme),
                selectinload(Application.reopenings),
                selectinload(Application.clarifications),
            )
            .order_by(Application.saved_at.desc(), Application.id)
        )
    )


def own_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application of one of the actor's organisations, ready to show. Raises NotFound."""
    return _application(application_id, of_own_organisation(actor))


def written_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application of one of the actor's organisations, or one that they type in for its people.

    It is ready to show, and to write for those who may (`may_write`). Raises NotFound.
    """
    return _application(application_id, read_by(actor))


def _application(application_id: UUID, condition: ColumnElement[bool]) -> Application:
    application = db.session.scalar(
        select(Application)
        .where(Application.id == application_id, condition)
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
    """Return the application of the actor's organisations in a call, the one that was saved last, or None."""
    return db.session.scalar(
        select(Application)
        .where(of_own_organisation(actor), Application.call_id == call.id)
        .order_by(Application.saved_at.desc())
        .limit(1)
    )


def own_attachment(*, actor: Actor, application_id: UUID, attachment_id: UUID) -> Attachment:
    """Return a file of an application of the actor's organisations. Raises NotFound."""
    attachment = db.session.scalar(
        select(Attachment)
        .join(Application)
        .where(
            Attachment.id == attachment_id,
            Application.id == application_id,
            read_by(actor),
        )
    )
    if attachment is None:
        raise NotFound
    return attachment


def own_upload(*, actor: Actor, application_id: UUID, upload_id: UUID) -> Upload:
    """Return a file on its way into an application of the actor's organisations. Raises NotFound."""
    application = written_application(actor=actor, application_id=application_id)
    upload = db.session.get(Upload, upload_id)
    if upload is None or upload.application_id != application.id:
        raise NotFound
    return upload


def may_write(*, actor: Actor, application: Application) -> bool:
    """Say whether the actor may change a draft: they hold its organisation, write for it, or type it in for it."""
    return _is(application, written_by(actor))


def may_send(*, actor: Actor, application: Application) -> bool:
    """Say whether the actor may send an application: they hold its organisation, or type it in for it."""
    return _is(application, sent_by(actor))


def holds(*, actor: Actor, application: Application) -> bool:
    """Say whether the actor decides who belongs to an application: they hold its organisation."""
    return _is(application, held_by(actor))


def holders_of(application: Application) -> list[Person]:
    """Return whom news about an application goes to: the active people who hold its organisation."""
    return [person for person in accounts.holders(application.organisation_id) if person.is_active]


def _is(application: Application, condition: ColumnElement[bool]) -> bool:
    return db.session.scalar(select(Application.id).where(Application.id == application.id, condition)) is not None


def is_invited(*, call: Call, email: str) -> bool:
    """Say whether an address may apply to a call; everybody may where no invitation is needed."""
    return not call.invitation_only or invitation_for(call=call, email=email) is not None


def invitation_for(*, call: Call, email: str) -> CallInvitation | None:
    """Return the invitation of an address to a call, or None."""
    return db.session.scalar(
        select(CallInvitation).where(CallInvitation.call_id == call.id, CallInvitation.email.matches(email))
    )
