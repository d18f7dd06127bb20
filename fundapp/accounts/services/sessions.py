"""Open and end the sessions of signed-in browsers."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete

from fundapp.accounts import queries
from fundapp.accounts.models import Person, SignInSession
from fundapp.accounts.secrets import new_token, token_hash
from fundapp.core.audit import record
from fundapp.core.db import db

SESSION_LIFE: Final = timedelta(days=14)
"""Long, because forms are long and connections are bad; signing out ends it at once."""


def open_session(*, person: Person, now: datetime) -> str:
    """Open a session for a person who has proved who they are; return the token for their cookie."""
    token = new_token()
    db.session.add(
        SignInSession(token_hash=token_hash(token), person_id=person.id, created_at=now, expires_at=now + SESSION_LIFE)
    )
    record(actor=queries.actor_of(person), action="session:open", subject=person, now=now)
    db.session.flush()
    return token


def sign_out(*, token: str) -> None:
    """End the session of a cookie's token."""
    db.session.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash(token)))
