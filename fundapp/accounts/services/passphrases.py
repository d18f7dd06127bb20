"""People who sign in with a reference and a passphrase: they have no address, and no mail is ever sent to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.passphrases import MAX_CHARACTERS, folded, new_reference, new_words
from fundapp.accounts.permissions import Actor, system_actor
from fundapp.accounts.rules import fold_reference
from fundapp.accounts.secrets import hash_password, password_matches
from fundapp.accounts.services.sessions import end_other_sessions, open_session
from fundapp.core.audit import record
from fundapp.core.db import db


def make_person_without_address(
    *, now: datetime, language: str, name: str = "", actor: Actor | None = None
) -> tuple[Person, list[str]]:
    """Make somebody known by a reference, and return them with the words of their passphrase, which nobody keeps."""
    words = new_words(language)
    person = Person(name=name, language=language, created_at=now)
    set_passphrase(person, words)
    db.session.add(person)
    db.session.flush()
    record(actor=actor or system_actor(), action="person:add", subject=person, now=now, data={"by": "reference"})
    return person, words


def set_passphrase(person: Person, words: Sequence[str]) -> None:
    """Let a person sign in with words, and with a reference, made if they have none. Whoever calls this records it."""
    person.sign_in_reference = person.sign_in_reference or _free_reference()
    person.passphrase_hash = hash_password(folded(" ".join(words)))


def renew_passphrase(*, actor: Actor, person: Person, keep: UUID, now: datetime) -> list[str]:
    """Give a person new words and return them; the old ones, and all sessions but `keep`, end."""
    words = new_words(person.language)
    set_passphrase(person, words)
    record(actor=actor, action="passphrase:renew", subject=person, now=now)
    end_other_sessions(actor=actor, keep=keep, now=now)
    return words


def is_passphrase_of(person: Person | None, typed: str) -> bool:
    """Say whether this is the person's passphrase; without one, or without a person, the same work is done."""
    return password_matches(folded(typed[:MAX_CHARACTERS]), person.passphrase_hash if person else None)


def sign_in_with_passphrase(*, reference: str, passphrase: str, now: datetime, device: str = "") -> str | None:
    """Return a new session's token, or None; an unknown reference costs the same work as wrong words."""
    person = db.session.scalar(select(Person).where(Person.sign_in_reference == fold_reference(reference)))
    matches = is_passphrase_of(person, passphrase)
    if person is None or not matches or not person.is_active:
        return None
    return open_session(person=person, now=now, device=device)


def _free_reference() -> str:
    while True:
        reference = new_reference()
        if db.session.scalar(select(Person.id).where(Person.sign_in_reference == reference)) is None:
            return reference
