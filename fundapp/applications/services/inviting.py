"""Personal invitations to apply: made, mailed with a link, used once."""

from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.rules import checked_email
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.accounts.services.people import write_to_address
from fundapp.applications.models import Application, Call, CallInvitation, Nominee
from fundapp.applications.queries.applicant import invitation_for
from fundapp.applications.queries.entering import unsent_invitations, used_by
from fundapp.applications.sealed_answers import note_parties_again
from fundapp.applications.services.parties import note_nominators
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l

AT_ONCE: Final = 200
"""Mails of one click."""


def invite_to_apply(
    *,
    actor: Actor,
    call: Call,
    email: str,
    organisation_name: str,
    secret_key: str,
    now: datetime,
    nominee: Nominee | None = None,
) -> CallInvitation:
    """Invite an organisation to apply to a call, and mail it a personal link; a known address gets its link again.

    Raises RuleViolations for something that is no address, NotAllowed.
    """
    actor.require(P.APPLICANT_INVITE, call.id)
    address = checked_email(email)
    invitation = invitation_for(call=call, email=address)
    if invitation is None:
        invitation = CallInvitation(
            call_id=call.id, email=address, organisation_name=organisation_name.strip(), created_at=now
        )
        db.session.add(invitation)
        db.session.flush()
    if nominee is not None:
        invitation.nominee_id = nominee.id
        if invitation.application_id is not None:
            db.session.flush()
            note_nominators([nominee.id])
    send_invitation(actor=actor, call=call, invitation=invitation, secret_key=secret_key, now=now)
    return invitation


def send_invitation(*, actor: Actor, call: Call, invitation: CallInvitation, secret_key: str, now: datetime) -> None:
    """Mail an invitation's personal link, for the first time or again: it is the same link, until it is used.

    Raises Conflict for one that was used, NotAllowed.
    """
    actor.require(P.APPLICANT_INVITE, call.id)
    if used_by(invitation) is not None:
        raise Conflict(_l("This invitation was used: an application was begun with it."))
    invitation.link_hash = token_hash(link_token(secret_key, invitation.id))
    invitation.link_sent_at = now
    record(actor=actor, action="call-invitation:send", subject=invitation, now=now, call_id=call.id)
    _mail(call, invitation, "invited_to_apply", now)


def send_all(*, actor: Actor, call: Call, secret_key: str, now: datetime) -> int:
    """Mail their links to those who were never sent one, AT_ONCE at most; return to how many. Raises NotAllowed."""
    unsent = unsent_invitations(call, most=AT_ONCE)
    for invitation in unsent:
        send_invitation(actor=actor, call=call, invitation=invitation, secret_key=secret_key, now=now)
    return len(unsent)


def use_invitation(*, actor: Actor, invitation: CallInvitation, application: Application, now: datetime) -> None:
    """Use an invitation up, and tell its address: whoever was invited learns when somebody else was faster.

    Raises Conflict when it was used already.
    """
    erased = select(Application.id).where(Application.erased_at.is_not(None))
    used = db.session.scalar(
        update(CallInvitation)
        .where(
            CallInvitation.id == invitation.id,
            or_(CallInvitation.application_id.is_(None), CallInvitation.application_id.in_(erased)),
        )
        .values(application_id=application.id)
        .returning(CallInvitation.id)
    )
    if used is None:
        raise Conflict(_l("Somebody has begun with this invitation already."))
    record(actor=actor, action="call-invitation:use", subject=invitation, now=now, call_id=invitation.call_id)
    note_parties_again(application)
    if invitation.email:
        _mail(application.call, invitation, "invitation_used", now)


def _mail(call: Call, invitation: CallInvitation, template: str, now: datetime) -> None:
    write_to_address(
        invitation.email,
        template=template,
        data={"link_id": str(invitation.id)},
        now=now,
        language=call.languages[0],
    )
