"""Make people and organisations known, and write to a person."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts import queries
from fundapp.accounts.models import Membership, Organisation, Person
from fundapp.accounts.rules import checked_email, fold_organisation_name
from fundapp.core import mail
from fundapp.core.db import db, insert_or_find


def ensure_person(*, email: str, now: datetime, name: str = "", language: str = "en") -> Person:
    """Return the person with this address, made if unknown. Raises RuleViolations for a bad address.

    An existing person's name and language are theirs: they are not changed here.
    """
    address = checked_email(email)
    known = queries.person_by_email(address)
    if known is not None:
        return known
    person = Person(email=address, name=name, language=language, created_at=now)
    return insert_or_find(person, lambda: queries.person_by_email(address))


def ensure_organisation(*, name: str, now: datetime) -> Organisation:
    """Return the organisation with this name (case and spacing folded), made if unknown."""
    known = queries.organisation_by_name(name)
    if known is not None:
        return known
    organisation = Organisation(name=name, name_key=fold_organisation_name(name), created_at=now)
    return insert_or_find(organisation, lambda: queries.organisation_by_name(name))


def ensure_membership(*, person: Person, organisation: Organisation, now: datetime) -> None:
    """Make a person belong to an organisation."""

    def find() -> Membership | None:
        return db.session.scalar(
            select(Membership).where(Membership.person_id == person.id, Membership.organisation_id == organisation.id)
        )

    if find() is None:
        insert_or_find(Membership(person_id=person.id, organisation_id=organisation.id, created_at=now), find)


def tell(person: Person, *, template: str, path: str, now: datetime) -> None:
    """Mail a person, in their language, that something waits at `path`; never what it is."""
    mail.queue_mail(to_address=person.email, language=person.language, template=template, data={"path": path}, now=now)
