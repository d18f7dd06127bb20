"""Erase a person: name, address, ways in. The row stays, and leads to nobody."""

from collections.abc import Set
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from fundapp.accounts.models import (
    AddressChange,
    AuthenticatorApp,
    KnownDevice,
    Membership,
    OneTimeLink,
    Organisation,
    OrganisationInvitation,
    Passkey,
    Person,
    RecoveryCode,
    RoleChange,
    RoleGrant,
    SignInSession,
    Tie,
)
from fundapp.accounts.permissions import Actor
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.sealing import destroy, record_of

_OF_PERSON = (
    AddressChange,
    AuthenticatorApp,
    KnownDevice,
    OneTimeLink,
    OrganisationInvitation,
    Passkey,
    RecoveryCode,
    RoleGrant,
    SignInSession,
    Tie,
)


def blank_person(*, actor: Actor, person: Person, keeping: Set[UUID] = frozenset(), now: datetime) -> None:
    """Erase a person's name, address, ways in, roles and memberships, and organisations that nobody else holds.

    Organisations in `keeping` keep their name although nobody holds them.
    """
    organisations = [membership.organisation for membership in person.memberships]
    for table in _OF_PERSON:
        db.session.execute(delete(table).where(table.person_id == person.id))
    for membership in list(person.memberships):
        db.session.delete(membership)
    for change in db.session.scalars(select(RoleChange).where(RoleChange.person_id == person.id)):
        change.reason = ""
    person.email = ""
    person.name = ""
    person.password_hash = person.passphrase_hash = person.sign_in_reference = person.begin_key = None
    person.is_active = False
    person.mail_returned_at = None
    person.erased_at = now
    db.session.flush()
    destroy(record_of(person), now)
    record(actor=actor, action="person:erase", subject=person, now=now)
    for organisation in organisations:
        if organisation.id in keeping:
            continue
        _blank_if_empty(actor, organisation, now)


def _blank_if_empty(actor: Actor, organisation: Organisation, now: datetime) -> None:
    left = select(Membership.id).where(Membership.organisation_id == organisation.id)
    if db.session.scalar(left.limit(1)) is not None:
        return
    organisation.name = organisation.name_key = ""
    db.session.flush()
    destroy(record_of(organisation), now)
    record(actor=actor, action="organisation:erase", subject=organisation, now=now)
