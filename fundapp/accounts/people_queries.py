"""Who has which role: read by administrators, and by auditors as far as their role goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import InstrumentedAttribute

from fundapp.accounts.models import Person, RoleChange, RoleGrant, SignInSession
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.queries import person_by_email
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.paging import Page

PAGE_SIZE: Final = 50


@dataclass(frozen=True)
class Holder:
    """A person with the roles that they hold, as far as the reader may know of them."""

    person: Person
    grants: Sequence[RoleGrant]


def holders_page(*, actor: Actor, search: str = "", number: int = 1) -> Page[Holder]:
    """Return one page of the people who hold a role, by name and address; past the end, the last page.

    `search` looks for a part of a name or for a whole address. Whoever manages people also finds somebody without any
    role by the whole address; applicants are never listed.
    """
    found = every_holder(actor=actor)
    if wanted := search.strip().casefold():
        found = [each for each in found if wanted in each.person.name.casefold() or wanted == each.person.email]
        known = person_by_email(wanted) if actor.can(P.PERSON_MANAGE) else None
        if known is not None and known.id not in {each.person.id for each in found}:
            found.append(Holder(known, []))
    last = Page[Holder](items=[], number=1, size=PAGE_SIZE, total=len(found)).last
    number = max(1, min(number, last))
    items = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Page(items=items, number=number, size=PAGE_SIZE, total=len(found))


def every_holder(*, actor: Actor) -> list[Holder]:
    """Return the people with a role that the actor may know of, by name and address."""
    grants: dict[UUID, list[RoleGrant]] = {}
    for grant in db.session.scalars(
        select(RoleGrant)
        .where(_in_scope(actor, RoleGrant.call_id))
        .options(joinedload(RoleGrant.person))
        .order_by(RoleGrant.granted_at, RoleGrant.role)
    ):
        grants.setdefault(grant.person_id, []).append(grant)
    # Names and addresses are sealed, so the database cannot sort them.
    found = [Holder(each[0].person, each) for each in grants.values()]
    return sorted(found, key=lambda each: (each.person.name.casefold(), each.person.email or ""))


def holder(*, actor: Actor, person_id: UUID) -> Holder:
    """Return a person with their roles. Raises NotFound for one whose roles the actor may not know."""
    person = db.session.get(Person, person_id)
    if person is None or not actor.can(P.PERSON_READ):
        raise NotFound
    grants = db.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.person_id == person_id, _in_scope(actor, RoleGrant.call_id))
        .order_by(RoleGrant.granted_at, RoleGrant.role)
    ).all()
    if not grants and not actor.can(P.PERSON_MANAGE):
        raise NotFound
    return Holder(person, grants)


def grant_of(found: Holder, grant_id: UUID) -> RoleGrant:
    """Return one of a person's roles. Raises NotFound for that of anybody else."""
    grant = next((each for each in found.grants if each.id == grant_id), None)
    if grant is None:
        raise NotFound
    return grant


def role_changes(*, actor: Actor, person_id: UUID | None) -> list[RoleChange]:
    """Return who gave a person which role and who took it, the latest first; everybody may know that of themselves."""
    scope = true() if person_id == actor.person_id else _in_scope(actor, RoleChange.call_id)
    return list(
        db.session.scalars(
            select(RoleChange)
            .where(RoleChange.person_id == person_id, scope)
            .options(joinedload(RoleChange.by))
            .order_by(RoleChange.at.desc(), RoleChange.id)
        )
    )


def own_roles(*, actor: Actor) -> list[RoleGrant]:
    """Return the actor's own roles, the first given first."""
    return list(
        db.session.scalars(
            select(RoleGrant)
            .where(RoleGrant.person_id == actor.person_id)
            .order_by(RoleGrant.granted_at, RoleGrant.role)
        )
    )


def role_holders(*, call_id: UUID) -> list[RoleGrant]:
    """Return who has a role in one call, or in every call, by role and name: for those who work on that call."""
    grants = db.session.scalars(
        select(RoleGrant)
        .where(or_(RoleGrant.call_id == call_id, RoleGrant.call_id.is_(None)))
        .options(joinedload(RoleGrant.person))
    )
    return sorted(grants, key=lambda each: (each.role, each.person.name.casefold()))


def open_sessions(*, person_id: UUID, now: datetime) -> int:
    """Return in how many browsers a person is signed in."""
    return db.session.scalars(
        select(func.count())
        .select_from(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.expires_at > now)
    ).one()


def _in_scope(actor: Actor, call_id: InstrumentedAttribute[UUID | None]) -> ColumnElement[bool]:
    """Return the condition that keeps roles to the calls in which the actor may know of them."""
    calls = actor.calls_with(P.PERSON_READ)
    return true() if calls is None else call_id.in_(calls)
