"""Reads of people, organisations and sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from fundapp.accounts.models import (
    LinkPurpose,
    Membership,
    MembershipRole,
    OneTimeLink,
    Organisation,
    Person,
    RoleGrant,
    SignInSession,
)
from fundapp.accounts.permissions import Actor, Grant, Role
from fundapp.accounts.secrets import token_hash
from fundapp.core.db import db


def person_by_email(email: str) -> Person | None:
    """Return the person with this address, in any spelling of case, or None."""
    return db.session.scalar(select(Person).where(Person.email.matches(email)))


def held_organisations(person: Person) -> list[Organisation]:
    """Return the organisations that a person holds, the first one first."""
    return list(
        db.session.scalars(
            select(Organisation)
            .join(Organisation.memberships)
            .where(Membership.person_id == person.id, Membership.role == MembershipRole.APPLICANT)
            .order_by(Organisation.created_at, Organisation.id)
        )
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
