"""Reads of second factors, of sessions and of resets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.models import AuthenticatorApp, FactorReset, Passkey, Person, RecoveryCode, SignInSession
from fundapp.accounts.permissions import Actor, P
from fundapp.core.db import db

Factor = AuthenticatorApp | Passkey


def has_factor(person_id: UUID) -> bool:
    """Say whether a person has an authenticator app or a passkey; recovery codes alone are none."""
    app = exists().where(AuthenticatorApp.person_id == person_id, AuthenticatorApp.confirmed_at.is_not(None))
    passkey = exists().where(Passkey.person_id == person_id)
    return bool(db.session.scalar(select(or_(app, passkey))))


def count_factors(person_id: UUID) -> int:
    """Return how many apps and passkeys a person has."""
    return len(apps_of(person_id)) + len(passkeys_of(person_id))


def apps_of(person_id: UUID) -> list[AuthenticatorApp]:
    """Return a person's authenticator apps that are in use, the oldest first."""
    return list(
        db.session.scalars(
            select(AuthenticatorApp)
            .where(AuthenticatorApp.person_id == person_id, AuthenticatorApp.confirmed_at.is_not(None))
            .order_by(AuthenticatorApp.created_at, AuthenticatorApp.id)
        )
    )


def unconfirmed_app(person_id: UUID) -> AuthenticatorApp | None:
    """Return the app that a person is setting up, or None."""
    return db.session.scalar(
        select(AuthenticatorApp).where(AuthenticatorApp.person_id == person_id, AuthenticatorApp.confirmed_at.is_(None))
    )


def passkeys_of(person_id: UUID) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return list(
        db.session.scalars(
            select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.created_at, Passkey.id)
        )
    )


def own_factor(actor: Actor, factor_id: UUID) -> Factor | None:
    """Return one of the actor's own apps or passkeys, or None."""
    if actor.person_id is None:
        return None
    own: list[Factor] = [*apps_of(actor.person_id), *passkeys_of(actor.person_id)]
    return next((factor for factor in own if factor.id == factor_id), None)


def passkey_by_credential(credential_id: str) -> Passkey | None:
    """Return the passkey that an answer names, with its person, or None."""
    return db.session.scalar(
        select(Passkey).where(Passkey.credential_id == credential_id).options(joinedload(Passkey.person))
    )


def recovery_codes_left(person_id: UUID) -> int:
    """Return how many recovery codes a person can still use."""
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(left) or 0


def sessions_of(actor: Actor, now: datetime) -> list[SignInSession]:
    """Return the actor's own sessions that last, the one used last first."""
    return list(
        db.session.scalars(
            select(SignInSession)
            .where(SignInSession.person_id == actor.person_id, SignInSession.expires_at > now)
            .order_by(SignInSession.seen_at.desc(), SignInSession.id)
        )
    )


def open_reset(person_id: UUID) -> FactorReset | None:
    """Return the reset of a person's factors that was asked for and neither stopped nor done, or None."""
    return db.session.scalar(select(FactorReset).where(FactorReset.person_id == person_id, *_open()))


def open_resets(actor: Actor) -> list[FactorReset]:
    """Return all resets that were asked for and neither stopped nor done, the oldest first. Raises NotAllowed."""
    actor.require(P.FACTOR_RESET)
    return list(
        db.session.scalars(
            select(FactorReset)
            .where(*_open())
            .options(joinedload(FactorReset.person), joinedload(FactorReset.requested_by))
            .order_by(FactorReset.requested_at, FactorReset.id)
        )
    )


def _open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FactorReset.done_at.is_(None), FactorReset.stopped_at.is_(None)


def person_of(actor: Actor) -> Person:
    """Return the row of a signed-in actor."""
    return db.session.get_one(Person, actor.person_id)
