"""What comes before an application: who was let in, what was asked, invited, nominated, and left to be taken over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.secrets import token_hash
from fundapp.applications.models import (
    Application,
    Call,
    CallInvitation,
    CallStatus,
    DraftOffer,
    Enquiry,
    Nomination,
    Nominee,
)
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def is_let_in(application: Application) -> bool:
    """Say whether a manager let this application in although a rule of its call speaks against it."""
    found = select(Enquiry.id).where(Enquiry.application_id == application.id, Enquiry.let_in_at.is_not(None))
    return db.session.scalar(found.limit(1)) is not None


def enquiry_by_token(token: str) -> Enquiry:
    """Return what was asked, by its private link. Raises NotFound."""
    enquiry = db.session.scalar(
        select(Enquiry)
        .join(Call)
        .where(Enquiry.token_hash == token_hash(token), Call.status != CallStatus.DRAFT)
        .options(joinedload(Enquiry.call).joinedload(Call.programme), joinedload(Enquiry.application))
    )
    if enquiry is None:
        raise NotFound
    return enquiry


def opens_start(enquiry: Enquiry | None, call: Call) -> bool:
    """Say whether a question's private link lets somebody begin an application: once, in its own call."""
    return (
        enquiry is not None
        and enquiry.call_id == call.id
        and enquiry.let_in_at is not None
        and (enquiry.application is None or enquiry.application.erased_at is not None)
    )


def about_call(actor: Actor, call: Call) -> ColumnElement[bool]:
    """Return the condition that Enquiry is about a call, and not from an application that the actor must not see."""
    return and_(Enquiry.call_id == call.id, _is_seen(actor))


def open_enquiries(*, actor: Actor, calls: Sequence[Call]) -> Mapping[UUID, int]:
    """Return how many questions about calls wait for an answer, by call; a call without any is missing."""
    rows = db.session.execute(
        select(Enquiry.call_id, func.count())
        .where(Enquiry.call_id.in_([call.id for call in calls]), _is_seen(actor), Enquiry.answered_at.is_(None))
        .group_by(Enquiry.call_id)
    )
    return dict(rows.all())


def managed_enquiry(*, actor: Actor, call: Call, enquiry_id: UUID) -> Enquiry:
    """Return a question of a call that the actor answers for. Raises NotFound."""
    enquiry = db.session.scalar(
        select(Enquiry).where(
            Enquiry.id == enquiry_id,
            about_call(actor, call),
            in_calls(actor, P.APPLICANT_INVITE, Enquiry.call_id),
        )
    )
    if enquiry is None:
        raise NotFound
    return enquiry


def invitation_by_token(token: str) -> CallInvitation:
    """Return a personal invitation by its link, used or not. Raises NotFound."""
    invitation = db.session.scalar(
        select(CallInvitation)
        .join(Call, Call.id == CallInvitation.call_id)
        .where(CallInvitation.link_hash == token_hash(token), Call.status != CallStatus.DRAFT)
    )
    if invitation is None:
        raise NotFound
    return invitation


def used_by(invitation: CallInvitation) -> Application | None:
    """Return the application that was begun with an invitation; one that was erased leaves it open again."""
    if invitation.application_id is None:
        return None
    application = db.session.get(Application, invitation.application_id)
    return application if application is not None and application.erased_at is None else None


def unsent_invitations(call: Call, *, most: int) -> list[CallInvitation]:
    """Return some invitations whose personal link was never mailed, the oldest first."""
    return list(
        db.session.scalars(
            select(CallInvitation)
            .where(
                CallInvitation.call_id == call.id,
                CallInvitation.link_sent_at.is_(None),
                CallInvitation.email_index.is_not(None),
            )
            .order_by(CallInvitation.created_at, CallInvitation.id)
            .limit(most)
        )
    )


def nominee_like(call: Call, *, name: str, contact: str) -> Nominee | None:
    """Return who was nominated for a call under this name, or with this contact, the first of them."""
    return db.session.scalar(
        select(Nominee)
        .join(Nomination)
        .where(Nominee.call_id == call.id, or_(Nomination.name.matches(name), Nomination.contact.matches(contact)))
        .order_by(Nominee.created_at, Nominee.id)
        .limit(1)
    )


def named_nominators(invitation: CallInvitation) -> list[str]:
    """Return the names of those who nominated whom an invitation is for, and agreed to be named."""
    if invitation.nominee_id is None:
        return []
    nominations = db.session.scalars(
        select(Nomination)
        .where(Nomination.nominee_id == invitation.nominee_id, Nomination.may_be_named)
        .order_by(Nomination.made_at)
    )
    return [each.nominator_name for each in nominations if each.nominator_name]


def own_offers(*, actor: Actor, now: datetime) -> list[DraftOffer]:
    """Return the drafts that wait for the actor to take them over, the first one first."""
    return list(
        db.session.scalars(
            select(DraftOffer)
            .join(DraftOffer.application)
            .where(
                DraftOffer.person_id == actor.person_id,
                DraftOffer.expires_at > now,
                Application.person_id == DraftOffer.offered_by_id,
                Application.erased_at.is_(None),
            )
            .options(joinedload(DraftOffer.application).joinedload(Application.call))
            .order_by(DraftOffer.offered_at, DraftOffer.id)
        )
    )


def earlier_application(application: Application) -> Application | None:
    """Return what its organisation wrote last before this application: sent rather than not."""
    if application.organisation_id is None:
        return None
    return db.session.scalar(
        select(Application)
        .where(
            Application.organisation_id == application.organisation_id,
            Application.id != application.id,
            Application.started_at <= application.started_at,
            Application.erased_at.is_(None),
        )
        .options(joinedload(Application.call), joinedload(Application.form_version))
        .order_by(Application.submitted_at.is_(None), Application.saved_at.desc())
        .limit(1)
    )


def organisations_in(call: Call, organisation_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return which of some organisations have an application in a call."""
    found = db.session.scalars(
        select(Application.organisation_id).where(
            Application.call_id == call.id,
            Application.organisation_id.in_(list(organisation_ids)),
            Application.erased_at.is_(None),
        )
    )
    return frozenset(each for each in found if each is not None)


def _is_seen(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that Enquiry does not come from an application that the actor must not see."""
    hidden = select(Application.id).where(Application.id == Enquiry.application_id, ~visible_to(actor))
    return ~exists(hidden)
