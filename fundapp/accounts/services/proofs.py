"""Prove who one is by a second factor: a code of an app, a recovery code, a passkey. Whatever is given is spent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import update

from fundapp.accounts import factor_queries, passkeys, queries, recovery, totp
from fundapp.accounts.models import AuthenticatorApp, Passkey, Person, RecoveryCode
from fundapp.accounts.passkeys import Asker, PasskeyRefused
from fundapp.accounts.services.factor_resets import stop_resets
from fundapp.accounts.services.notices import tell_of_change
from fundapp.core.audit import record
from fundapp.core.db import db

MAX_CODE_CHARACTERS: Final = 64
"""Longer texts are no code of ours, and are not looked at."""


class Factor(StrEnum):
    """What somebody gave as a second factor."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery-code"


@dataclass(frozen=True)
class Given:
    """A right second factor; `verified`: the passkey also made sure who holds it (a finger, a PIN)."""

    factor: Factor
    person: Person
    verified: bool = False


def give_code(*, person: Person, code: str, now: datetime) -> Given | None:
    """Spend a code of one of the person's apps, or a recovery code; None when it is wrong or was spent."""
    if not code or len(code) > MAX_CODE_CHARACTERS:
        return None
    if recovery.looks_like_one(code):
        return _give_recovery_code(person, code, now)
    for app in factor_queries.apps_of(person.id):
        step = totp.step_of(code, app.secret, now)
        if step is not None and _spend_step(app, step):
            return _given(Factor.APP, person, now)
    return None


def _spend_step(app: AuthenticatorApp, step: int) -> bool:
    """Make a time step of an app the newest that was spent; False when it or a later one was spent before."""
    spent = db.session.scalar(
        update(AuthenticatorApp)
        .where(AuthenticatorApp.id == app.id, AuthenticatorApp.last_step < step)
        .values(last_step=step)
        .returning(AuthenticatorApp.id)
    )
    return spent is not None


def give_passkey(
    *, asker: Asker, response: str, now: datetime, person: Person | None = None, verify_user: bool = False
) -> Given | None:
    """Check a passkey's answer to our question, and spend the question; None when anything is wrong.

    `person` None: whoever the passkey belongs to, if they are active.
    """
    try:
        passkey = factor_queries.passkey_by_credential(passkeys.credential_id_of(response))
        if passkey is None or not passkey.person.is_active or (person is not None and passkey.person_id != person.id):
            return None
        answer = passkeys.check_authentication(
            asker,
            response,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            verify_user=verify_user,
            now=now,
        )
    except PasskeyRefused:
        return None
    spent = db.session.scalar(
        update(Passkey)
        .where(
            Passkey.id == passkey.id,
            Passkey.challenge_at < answer.challenge_at,
            Passkey.sign_count == passkey.sign_count,
        )
        .values(challenge_at=answer.challenge_at, sign_count=answer.sign_count, last_used_at=now)
        .returning(Passkey.id)
    )
    if spent is None:
        return None
    return _given(Factor.PASSKEY, passkey.person, now, verified=answer.is_user_verified)


def _give_recovery_code(person: Person, code: str, now: datetime) -> Given | None:
    spent = db.session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == recovery.code_hash(person.id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    if spent is None:
        return None
    tell_of_change(person, now)
    return _given(Factor.RECOVERY_CODE, person, now)


def _given(factor: Factor, person: Person, now: datetime, *, verified: bool = False) -> Given:
    actor = queries.actor_of(person)
    record(actor=actor, action="factor:give", subject=person, now=now, data={"factor": factor.value})
    stop_resets(actor=actor, person=person, now=now)  # whoever still has a factor has not lost it
    return Given(factor, person, verified)
