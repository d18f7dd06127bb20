"""Make people known, and write to a person."""

from datetime import datetime
from typing import Any

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


def write_to(person: Person, *, template: str, data: dict[str, Any], now: datetime, language: str = "") -> None:
    """Mail a person, in their language unless another is given. Somebody without an address gets none: what is new
    for them, they read on their pages.
    """
    if person.email:
        mail.queue_mail(
            to_address=person.email,
            language=language or person.language,
            template=template,
            data=data,
            now=now,
            recipient_id=person.id,
        )


def write_to_address(address: str, *, template: str, data: dict[str, Any], now: datetime, language: str) -> None:
    """Mail an address that belongs to nobody yet, or may not: only ways in have a reason to."""
    mail.queue_mail(to_address=address, language=language, template=template, data=data, now=now)


def tell(person: Person, *, template: str, path: str, now: datetime) -> None:
    """Mail a person that something waits at `path`; never what it is."""
    write_to(person, template=template, data={"path": path}, now=now)
