"""Add, name and remove second factors. Each change is told to the person."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete

from fundapp.accounts import factor_queries, passkeys, recovery, totp
from fundapp.accounts.models import AuthenticatorApp, Passkey, Person, RecoveryCode
from fundapp.accounts.passkeys import Asker, PasskeyRefused
from fundapp.accounts.permissions import Actor, needs_second_factor
from fundapp.accounts.services.notices import tell_of_change
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_FACTORS: Final = 10
MAX_NAME_CHARACTERS: Final = 60


def start_app(*, actor: Actor, person: Person, now: datetime) -> AuthenticatorApp:
    """Make a secret for an authenticator app; useless until `confirm_app`. An unfinished one is replaced."""
    _refuse_too_many(person)
    db.session.execute(
        delete(AuthenticatorApp).where(AuthenticatorApp.person_id == person.id, AuthenticatorApp.confirmed_at.is_(None))
    )
    app = AuthenticatorApp(id=uuid4(), person_id=person.id, secret=totp.new_secret(), created_at=now)
    db.session.add(app)
    record(actor=actor, action="factor:start", subject=person, now=now)
    db.session.flush()
    return app


def confirm_app(*, actor: Actor, person: Person, code: str, name: str, now: datetime) -> AuthenticatorApp:
    """Take an app into use by a first code of it, which is spent. Raises NotFound without one, RuleViolations else."""
    app = factor_queries.unconfirmed_app(person.id)
    if app is None:
        raise NotFound
    step = totp.step_of(code, app.secret, now)
    if step is None:
        message = _l("This code is not right. Wait for the next one, and check that the clock of your phone is right.")
        raise RuleViolations([Problem(message, field="code")])
    app.name = name
    app.confirmed_at = now
    app.last_step = step
    _record_change(actor, person, "factor:add", now)
    return app


def add_passkey(*, actor: Actor, person: Person, asker: Asker, response: str, name: str, now: datetime) -> Passkey:
    """Take a passkey into use that a browser has just made. Raises RuleViolations when its answer is not right."""
    _refuse_too_many(person)
    refused = RuleViolations([Problem(_l("That did not work. Please try again."))])
    try:
        made = passkeys.check_registration(asker, response, now)
    except PasskeyRefused as error:
        raise refused from error
    if factor_queries.passkey_by_credential(made.credential_id) is not None:
        raise refused
    passkey = Passkey(
        person_id=person.id,
        name=name,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        challenge_at=made.challenge_at,
        created_at=now,
    )
    db.session.add(passkey)
    _record_change(actor, person, "factor:add", now)
    return passkey


def rename_factor(*, actor: Actor, factor_id: UUID, name: str, now: datetime) -> None:
    """Give one of the actor's own factors another name. Raises NotFound for anybody else's."""
    factor = _own(actor, factor_id)
    factor.name = name
    record(actor=actor, action="factor:rename", subject=factor.person, now=now)
    db.session.flush()


def remove_factor(*, actor: Actor, factor_id: UUID, now: datetime) -> None:
    """Remove one of the actor's own factors; with the last one go the recovery codes.

    Raises NotFound for anybody else's, and Conflict for the last one of somebody whose work needs one.
    """
    factor = _own(actor, factor_id)
    person = factor.person
    is_last = factor_queries.count_factors(person.id) == 1
    if is_last and needs_second_factor(actor.grants):
        raise Conflict(_l("Your work needs a second step. Add another one first, and then remove this one."))
    db.session.delete(factor)
    if is_last:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    _record_change(actor, person, "factor:remove", now)


def make_recovery_codes(*, actor: Actor, person: Person, now: datetime, tell: bool = True) -> list[str]:
    """Return new recovery codes, to be shown once; those made before are dead. Only their hashes are kept.

    `tell`: mail the person, unless another change of the same moment does.
    """
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [recovery.new_code() for _ in range(recovery.CODES)]
    db.session.add_all(
        RecoveryCode(person_id=person.id, code_hash=recovery.code_hash(person.id, code), created_at=now)
        for code in codes
    )
    record(actor=actor, action="recovery-codes:make", subject=person, now=now)
    db.session.flush()
    if tell:
        tell_of_change(person, now)
    return codes


def _own(actor: Actor, factor_id: UUID) -> factor_queries.Factor:
    found = factor_queries.own_factor(actor, factor_id)
    if found is None:
        raise NotFound
    return found


def _refuse_too_many(person: Person) -> None:
    if factor_queries.count_factors(person.id) >= MAX_FACTORS:
        raise Conflict(_l("You have %(count)s already. Remove one that you do not use.", count=MAX_FACTORS))


def _record_change(actor: Actor, person: Person, action: str, now: datetime) -> None:
    record(actor=actor, action=action, subject=person, now=now)
    db.session.flush()
    tell_of_change(person, now)
