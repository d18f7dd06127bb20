"""Several people hold one organisation: invite, accept, remove. Every change is recorded and told to its holders.

Use cases that call these check that the actor may decide for the organisation.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update

from fundapp.accounts import queries
from fundapp.accounts.models import Membership, MembershipRole, Organisation, OrganisationInvitation, Person
from fundapp.accounts.permissions import Actor
from fundapp.accounts.services.organisations import ensure_membership
from fundapp.accounts.services.passphrases import make_person_without_address
from fundapp.accounts.services.people import ensure_person, tell
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

INVITATION_LIFE: Final = timedelta(days=14)
PEOPLE_PATH: Final = "/applications"


def invite(
    *,
    actor: Actor,
    organisation: Organisation,
    email: str,
    role: MembershipRole,
    language: str,
    now: datetime,
    reason: str = "",
) -> OrganisationInvitation:
    """Ask somebody to join an organisation. The mail names a page where only that address, signed in, can accept.

    An older invitation of the same person ends. Raises RuleViolations for a bad address, and for somebody who belongs
    to the organisation already.
    """
    person = ensure_person(email=email, now=now, language=language)
    if queries.access_of(person.id, organisation.id) is not None:
        raise RuleViolations([Problem(_l("This person belongs to it already."), field="email")])
    for older in queries.open_invitations(organisation.id, now):
        if older.person_id == person.id:
            withdraw(actor=actor, invitation=older, now=now)
    invitation = OrganisationInvitation(
        organisation_id=organisation.id,
        person_id=person.id,
        role=role,
        invited_by_id=actor.person_id,
        reason=reason,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    db.session.add(invitation)
    db.session.flush()
    record(
        actor=actor,
        action="organisation:invite",
        subject=invitation,
        now=now,
        data={"organisation": str(organisation.id), "person": str(person.id), "role": role.value},
    )
    if person.is_active:
        tell(person, template="colleague_invited", path=f"/invitations/{invitation.id}", now=now)
    _tell_holders(actor, organisation.id, now)
    return invitation


def accept(*, actor: Actor, invitation: OrganisationInvitation, now: datetime) -> None:
    """Join the organisation that one was invited to. Raises NotFound for anybody else's invitation, Conflict for one
    that is over.
    """
    if invitation.person_id != actor.person_id:
        raise NotFound
    accepted = db.session.scalar(
        update(OrganisationInvitation)
        .where(
            OrganisationInvitation.id == invitation.id,
            OrganisationInvitation.accepted_at.is_(None),
            OrganisationInvitation.withdrawn_at.is_(None),
            OrganisationInvitation.expires_at > now,
        )
        .values(accepted_at=now)
        .returning(OrganisationInvitation.id)
    )
    if accepted is None:
        raise Conflict(_l("This invitation is over. Ask for a new one."))
    record(actor=actor, action="organisation:accept", subject=invitation, now=now)
    membership = ensure_membership(
        actor=actor, person=invitation.person, organisation=invitation.organisation, role=invitation.role, now=now
    )
    if membership.role is MembershipRole.AFFILIATE:
        _change_role(actor, membership, invitation.role, now)
    _tell_holders(actor, invitation.organisation_id, now)


def withdraw(*, actor: Actor, invitation: OrganisationInvitation, now: datetime) -> None:
    """End an invitation that was not accepted: by those who invited, or by whoever was."""
    if invitation.accepted_at is None and invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        record(actor=actor, action="organisation:withdraw", subject=invitation, now=now)


def withdraw_help(*, actor: Actor, organisation_id: UUID, now: datetime) -> None:
    """End an organisation's open invitations that the fund made; those of its holders stay."""
    for invitation in queries.open_invitations(organisation_id, now):
        if invitation.reason:
            withdraw(actor=actor, invitation=invitation, now=now)


def add_without_address(
    *, actor: Actor, organisation: Organisation, name: str, role: MembershipRole, language: str, now: datetime
) -> tuple[Person, list[str]]:
    """Make a colleague who signs in with a reference; return them with the words of their passphrase."""
    person, words = make_person_without_address(now=now, language=language, name=name, actor=actor)
    ensure_membership(actor=actor, person=person, organisation=organisation, role=role, now=now)
    _tell_holders(actor, organisation.id, now)
    return person, words


def remove(*, actor: Actor, membership: Membership, now: datetime) -> None:
    """Take somebody's access to an organisation away, at once; that they had a tie to it stays known.

    Raises Conflict for the last one who holds it.
    """
    db.session.get_one(Organisation, membership.organisation_id, with_for_update=True)  # one removal at a time
    db.session.refresh(membership)
    holders = queries.holders(membership.organisation_id)
    if membership.role is MembershipRole.APPLICANT and len(holders) == 1:
        raise Conflict(
            _l("Somebody must hold it. Invite another holder first, and remove this one when they have joined.")
        )
    _change_role(actor, membership, MembershipRole.AFFILIATE, now)
    _tell_holders(actor, membership.organisation_id, now)
    tell(membership.person, template="people_changed", path=PEOPLE_PATH, now=now)


def _change_role(actor: Actor, membership: Membership, role: MembershipRole, now: datetime) -> None:
    membership.role = role
    record(actor=actor, action="membership:change", subject=membership, now=now, data={"role": role.value})
    db.session.flush()


def _tell_holders(actor: Actor, organisation_id: UUID, now: datetime) -> None:
    """Mail those who hold an organisation, except the one who acts, that its people changed."""
    for person in queries.holders(organisation_id):
        if person.id != actor.person_id and person.is_active:
            tell(person, template="people_changed", path=PEOPLE_PATH, now=now)
