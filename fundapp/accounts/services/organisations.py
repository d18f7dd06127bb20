"""Organisations and the people who belong to them.

An organisation is a row that its holders made. Nobody comes to it by typing its name: two rows may have one name, and
only conflicts of interest compare names.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select

from fundapp.accounts.models import Membership, MembershipRole, Organisation, Person
from fundapp.accounts.permissions import Actor
from fundapp.accounts.rules import fold_organisation_name
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.sealing import current_keys

NAME_PURPOSE: Final = "organisation.name"


def organisation_key(name: str) -> str:
    """Return the blind index under which two spellings of an organisation's name are one ("" for no name)."""
    folded = fold_organisation_name(name)
    return current_keys().index(NAME_PURPOSE, folded) if folded else ""


def make_organisation(*, actor: Actor, holder: Person, now: datetime, name: str = "") -> Organisation:
    """Make an organisation that one person holds; its name may come later, with what they send."""
    organisation = Organisation(name=name, name_key=organisation_key(name), created_at=now)
    db.session.add(organisation)
    db.session.flush()
    record(actor=actor, action="organisation:make", subject=organisation, now=now)
    ensure_membership(actor=actor, person=holder, organisation=organisation, role=MembershipRole.APPLICANT, now=now)
    return organisation


def organisation_named(*, actor: Actor, holder: Person, name: str, now: datetime) -> Organisation:
    """Return the organisation of this name among those that a person holds, made if there is none."""
    known = db.session.scalar(
        select(Organisation)
        .join(Organisation.memberships)
        .where(
            Membership.person_id == holder.id,
            Membership.role == MembershipRole.APPLICANT,
            Organisation.name_key == organisation_key(name),
        )
        .order_by(Organisation.created_at)
        .limit(1)
    )
    return known or make_organisation(actor=actor, holder=holder, name=name, now=now)


def name_organisation(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> None:
    """Let an organisation be called as it calls itself in what it has sent."""
    if name and name != organisation.name:
        organisation.name = name
        organisation.name_key = organisation_key(name)
        record(actor=actor, action="organisation:name", subject=organisation, now=now)


def ensure_membership(
    *, actor: Actor, person: Person, organisation: Organisation, role: MembershipRole, now: datetime
) -> Membership:
    """Make a person belong to an organisation in a role; a role that they have already is left as it is.

    The caller's use case checks that the actor may do this.
    """
    known = db.session.scalar(
        select(Membership).where(Membership.person_id == person.id, Membership.organisation_id == organisation.id)
    )
    if known is not None:
        return known
    membership = Membership(person_id=person.id, organisation_id=organisation.id, role=role, created_at=now)
    db.session.add(membership)
    db.session.flush()
    record(
        actor=actor,
        action="membership:add",
        subject=membership,
        now=now,
        data={"person": str(person.id), "organisation": str(organisation.id), "role": role.value},
    )
    return membership


def tie_to_organisation(*, actor: Actor, person: Person, name: str, now: datetime) -> None:
    """Note that a person is tied to an organisation by name; it gives them nothing, and keeps them from judging it."""
    known = db.session.scalar(
        select(Membership.id)
        .join(Membership.organisation)
        .where(Membership.person_id == person.id, Organisation.name_key == organisation_key(name))
    )
    if known is not None:
        return
    organisation = Organisation(name=name, name_key=organisation_key(name), created_at=now)
    db.session.add(organisation)
    db.session.flush()
    record(actor=actor, action="organisation:make", subject=organisation, now=now)
    ensure_membership(actor=actor, person=person, organisation=organisation, role=MembershipRole.AFFILIATE, now=now)
