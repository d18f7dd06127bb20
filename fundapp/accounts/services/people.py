"""Make people known, and write to a person."""

from datetime import datetime

from fundapp.accounts import queries
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.rules import checked_email
from fundapp.core import mail
from fundapp.core.audit import record
from fundapp.core.db import insert_or_find


def ensure_person(*, email: str, now: datetime, name: str = "", language: str = "en") -> Person:
    """Return the person with this address, made if unknown. Raises RuleViolations for a bad address.

    An existing person's name and language are theirs: they are not changed here.
    """
    address = checked_email(email)
    known = queries.person_by_email(address)
    if known is not None:
        return known
    person = Person(email=address, name=name, language=language, created_at=now)
    kept = insert_or_find(person, lambda: queries.person_by_email(address))
    if kept is person:
        record(actor=system_actor(), action="person:add", subject=person, now=now)
    return kept


def tell(person: Person, *, template: str, path: str, now: datetime) -> None:
    """Mail a person, in their language, that something waits at `path`; never what it is."""
    mail.queue_mail(to_address=person.email, language=person.language, template=template, data={"path": path}, now=now)
