"""Sign in with a password, and choose one."""

from datetime import datetime

from sqlalchemy import delete

from fundapp.accounts import queries
from fundapp.accounts.models import Person, SignInSession
from fundapp.accounts.permissions import Actor
from fundapp.accounts.rules import password_problems
from fundapp.accounts.secrets import hash_password, password_matches
from fundapp.accounts.services.links import end_links
from fundapp.accounts.services.sessions import open_session
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations


def set_password(*, actor: Actor, person: Person, password: str, now: datetime) -> None:
    """Set a person's password, and end all their sessions and links. Raises RuleViolations."""
    if problems := password_problems(password):
        raise RuleViolations(problems)
    person.password_hash = hash_password(password)
    db.session.execute(delete(SignInSession).where(SignInSession.person_id == person.id))
    end_links(person, now)
    record(actor=actor, action="password:set", subject=person, now=now)
    db.session.flush()


def sign_in_with_password(*, email: str, password: str, now: datetime) -> str | None:
    """Return a new session's token, or None; an unknown address costs the same work as a wrong password."""
    person = queries.person_by_email(email)
    matches = password_matches(password, person.password_hash if person else None)
    if person is None or not matches or not person.is_active:
        return None
    return open_session(person=person, now=now)
