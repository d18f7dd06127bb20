"""Reads of people, organisations and sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import contains_eager

from fundapp.accounts.models import (
    LinkPurpose,
    Membership,
    MembershipRole,
    OneTimeLink,
    Organisation,
    OrganisationInvitation,
    Person,
    RoleGrant,
    SignInSession,
    Tie,
)
from fundapp.accounts.permissions import Actor, Grant, Role
from fundapp.accounts.secrets import token_hash
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def person_by_email(email: str) -> Person | None:
    """Return the person with this address, in any spelling of case, or None."""
    return db.session.scalar(select(Person).where(Person.email.matches(email)))


def person_of(actor: Actor) -> Person | None:
    """Return the person who acts, None for the system and for nobody."""
    return None if actor.person_id is None else db.session.get(Person, actor.person_id)


def organisations_held(person_id: UUID | None) -> list[Organisation]:
    """Return the organisations that a person holds, the first one first."""
    return list(
        db.session.scalars(
            select(Organisation)
            .join(Organisation.memberships)
            .where(Membership.person_id == person_id, Membership.role == MembershipRole.APPLICANT)
            .order_by(Organisation.created_at, Organisation.id)
        )
    )


def access_of(person_id: UUID, organisation_id: UUID) -> MembershipRole | None:
    """Return as what a person may get at an organisation's applications, or None; a mere tie is none."""
    return db.session.scalar(
        select(Membership.role).where(
            Membership.person_id == person_id,
            Membership.organisation_id == organisation_id,
            Membership.role != MembershipRole.AFFILIATE,
        )
    )


def members(organisation_id: UUID) -> list[Membership]:
    """Return those who have access to an organisation's applications, the longest there first."""
    return list(
        db.session.scalars(
            select(Membership)
            .join(Membership.person)
            .where(Membership.organisation_id == organisation_id, Membership.role != MembershipRole.AFFILIATE)
            .options(contains_eager(Membership.person))
            .order_by(Membership.created_at, Membership.id)
        )
    )


def holders(organisation_id: UUID | None) -> list[Person]:
    """Return those who hold an organisation, the longest there first."""
    if organisation_id is None:
        return []
    return [each.person for each in members(organisation_id) if each.role is MembershipRole.APPLICANT]


def open_invitations(organisation_id: UUID, now: datetime) -> list[OrganisationInvitation]:
    """Return an organisation's invitations that can still be accepted, the first one first."""
    return list(
        db.session.scalars(
            select(OrganisationInvitation)
            .where(OrganisationInvitation.organisation_id == organisation_id, *_is_open(now))
            .order_by(OrganisationInvitation.created_at)
        )
    )


def own_invitations(person_id: UUID | None, now: datetime) -> list[OrganisationInvitation]:
    """Return the invitations that a person can still accept, the first one first."""
    return list(
        db.session.scalars(
            select(OrganisationInvitation)
            .where(OrganisationInvitation.person_id == person_id, *_is_open(now))
            .order_by(OrganisationInvitation.created_at)
        )
    )


def own_invitation(person_id: UUID | None, invitation_id: UUID) -> OrganisationInvitation:
    """Return an invitation of this very person, whatever became of it. Raises NotFound."""
    invitation = db.session.get(OrganisationInvitation, invitation_id)
    if invitation is None or invitation.person_id != person_id:
        raise NotFound
    return invitation


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OrganisationInvitation.accepted_at.is_(None),
        OrganisationInvitation.withdrawn_at.is_(None),
        OrganisationInvitation.expires_at > now,
    )


def actor_of(person: Person) -> Actor:
    """Return a person as an actor; everybody who is signed in may also apply."""
    grants = db.session.execute(select(RoleGrant.role, RoleGrant.call_id).where(RoleGrant.person_id == person.id))
    return Actor(
        person_id=person.id,
        name=person.name or person.email,
        language=person.language,
        grants=frozenset({Grant(Role.APPLICANT), *(Grant(role, call_id) for role, call_id in grants)}),
    )


def live_session(token: str, now: datetime) -> SignInSession | None:
    """Return the session of a cookie's token while it lasts and its person is active; silence is for the caller."""
    return db.session.scalar(
        select(SignInSession)
        .join(Person)
        .where(
            SignInSession.token_hash == token_hash(token),
            SignInSession.expires_at > now,
            Person.is_active,
        )
        .options(contains_eager(SignInSession.person))
    )


def usable_link(token: str, now: datetime, *purposes: LinkPurpose) -> OneTimeLink | None:
    """Return a link for one of these purposes that was neither spent nor expired, or None."""
    return db.session.scalar(
        select(OneTimeLink)
        .join(Person)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.purpose.in_(purposes),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
            Person.is_active,
        )
        .options(contains_eager(OneTimeLink.person))
    )


def links_asked_in(
    browser_hash: str, purpose: LinkPurpose, *, since: datetime, now: datetime, max_tries: int
) -> list[OneTimeLink]:
    """Return the open links that a browser asked for since an instant and may still be told the codes of."""
    return list(
        db.session.scalars(
            select(OneTimeLink)
            .join(Person)
            .where(
                OneTimeLink.browser_hash == browser_hash,
                OneTimeLink.purpose == purpose,
                OneTimeLink.used_at.is_(None),
                OneTimeLink.created_at > since,
                OneTimeLink.expires_at > now,
                OneTimeLink.code_tries < max_tries,
                Person.is_active,
            )
            .options(contains_eager(OneTimeLink.person))
            .order_by(OneTimeLink.created_at.desc())
        )
    )


def people_with_role(role: Role, call_id: UUID) -> list[Person]:
    """Return the active people who hold a role in a call, or everywhere, by name."""
    people = db.session.scalars(
        select(Person)
        .join(Person.role_grants)
        .where(
            RoleGrant.role == role,
            or_(RoleGrant.call_id.is_(None), RoleGrant.call_id == call_id),
            Person.is_active,
        )
        .distinct()
    )
    return sorted(people, key=lambda person: person.sort_key)


def ties_of(person_id: UUID | None) -> list[Tie]:
    """Return what a person declared to be tied to, the first one first."""
    return list(db.session.scalars(select(Tie).where(Tie.person_id == person_id).order_by(Tie.declared_at, Tie.id)))
