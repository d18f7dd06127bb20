"""Sign in with a password, choose one, and change it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from fundapp.accounts import queries
from fundapp.accounts.models import Person, SignInSession
from fundapp.accounts.password_rules import password_problems
from fundapp.accounts.permissions import Actor, system_actor
from fundapp.accounts.secrets import hash_password, needs_rehash, password_matches
from fundapp.accounts.services.links import end_links, end_pending_changes
from fundapp.accounts.services.notices import tell_of_change
from fundapp.accounts.services.sessions import end_other_sessions, open_session
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


def set_password(*, actor: Actor, person: Person, password: str, now: datetime, words: Iterable[str] = ()) -> None:
    """Set a person's password, end all their sessions and links, and tell them if they had one.

    `words` are names of the fund that make a bad password; the person's own are known. Raises RuleViolations.
    """
    had_one = person.password_hash is not None
    _keep(person, password, words)
    db.session.execute(delete(SignInSession).where(SignInSession.person_id == person.id))
    end_links(person, now)
    end_pending_changes(person, now)
    record(actor=actor, action="password:set", subject=person, now=now)
    db.session.flush()
    if had_one:
        tell_of_change(person, now)


def change_password(
    *, actor: Actor, person: Person, current: str, password: str, keep: UUID, now: datetime, words: Iterable[str] = ()
) -> None:
    """Replace the password of somebody who knows it; all their sessions but `keep` end. Raises RuleViolations."""
    if not is_password_of(person, current):
        raise RuleViolations([Problem(_l("This is not your present password."), field="current")])
    _keep(person, password, words)
    end_links(person, now)
    record(actor=actor, action="password:change", subject=person, now=now)
    end_other_sessions(actor=actor, keep=keep, now=now)
    tell_of_change(person, now)


def is_password_of(person: Person, password: str) -> bool:
    """Say whether this is the person's password; without one the same work is done."""
    return password_matches(password, person.password_hash)


def sign_in_with_password(*, email: str, password: str, now: datetime, device: str = "") -> str | None:
    """Return a new session's token, or None; an unknown address costs the same work as a wrong password.

    A hash that was made with older settings of argon2 is made anew, now that the password is known.
    """
    person = queries.person_by_email(email)
    matches = password_matches(password, person.password_hash if person else None)
    if person is None or not matches or not person.is_active:
        return None
    if needs_rehash(person.password_hash or ""):
        person.password_hash = hash_password(password)
        record(actor=system_actor(), action="password:rehash", subject=person, now=now)
    return open_session(person=person, now=now, device=device)


def _keep(person: Person, password: str, words: Iterable[str]) -> None:
    own = (person.name, (person.email or "").partition("@")[0])
    if problems := password_problems(password, (*words, *own)):
        raise RuleViolations(problems)
    person.password_hash = hash_password(password)
