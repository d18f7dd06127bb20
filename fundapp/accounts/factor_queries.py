"""Reads of second factors and of what people see of their own sign-in."""

from uuid import UUID

from sqlalchemy import exists, or_, select

from fundapp.accounts.models import AuthenticatorApp, Passkey
from fundapp.core.db import db


def has_factor(person_id: UUID) -> bool:
    """Say whether a person has an authenticator app or a passkey; recovery codes alone are none."""
    app = exists().where(AuthenticatorApp.person_id == person_id, AuthenticatorApp.confirmed_at.is_not(None))
    passkey = exists().where(Passkey.person_id == person_id)
    return bool(db.session.scalar(select(or_(app, passkey))))
