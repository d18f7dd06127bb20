"""Give up the second factors of somebody who has lost them all: two administrators, a day's delay, a notice.

The person stops it by giving a factor, which only somebody who lost none can do. When the delay has passed, the person
starts again by themselves, signed in with their first factor.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, update

from fundapp.accounts import factor_queries
from fundapp.accounts.models import AuthenticatorApp, FactorReset, Passkey, Person, RecoveryCode
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.notices import SECURITY_PATH, tell_of_change
from fundapp.accounts.services.people import tell
from fundapp.accounts.services.sessions import end_all_sessions
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, NotFound
from fundapp.core.i18n import lazy_gettext as _l

RESET_DELAY: Final = timedelta(hours=24)


def request_factor_reset(*, actor: Actor, person: Person, now: datetime) -> FactorReset:
    """Ask that a person's factors be given up, after having made sure that it is them who asks.

    Raises NotAllowed for oneself, and Conflict when it is asked already or there is nothing to give up.
    """
    actor.require(P.FACTOR_RESET)
    _refuse_for_oneself(actor, person.id)
    if not factor_queries.has_factor(person.id):
        raise Conflict(_l("This person has no second step yet: they choose one when they sign in."))
    if factor_queries.open_reset(person.id) is not None:
        raise Conflict(_l("This was asked for already. Another administrator has to agree."))
    reset = FactorReset(person_id=person.id, requested_by_id=_id(actor), requested_at=now)
    db.session.add(reset)
    record(actor=actor, action="factor-reset:request", subject=person, now=now)
    db.session.flush()
    return reset


def confirm_factor_reset(*, actor: Actor, person_id: UUID, now: datetime) -> FactorReset:
    """Agree to a person's reset as another administrator; it takes effect after RESET_DELAY, and they are told now.

    Raises NotFound, NotAllowed for whoever asked for it or is its person, and Conflict when it is agreed already.
    """
    actor.require(P.FACTOR_RESET)
    reset = factor_queries.open_reset(person_id)
    if reset is None:
        raise NotFound
    lock_row(reset)
    _refuse_for_oneself(actor, reset.person_id)
    if reset.requested_by_id == actor.person_id:
        raise NotAllowed(P.FACTOR_RESET, str(_l("You asked for it yourself: another administrator has to agree.")))
    if reset.confirmed_at is not None:
        raise Conflict(_l("Somebody has agreed to this already."))
    reset.confirmed_by_id = _id(actor)
    reset.confirmed_at = now
    reset.effective_at = now + RESET_DELAY
    record(actor=actor, action="factor-reset:confirm", subject=reset.person, now=now)
    db.session.flush()
    tell(reset.person, template="factor_reset", path=SECURITY_PATH, now=now)
    return reset


def stop_resets(*, actor: Actor, person: Person, now: datetime) -> None:
    """Stop whatever reset of a person was asked for and has not happened."""
    stopped = db.session.scalars(
        update(FactorReset)
        .where(FactorReset.person_id == person.id, FactorReset.done_at.is_(None), FactorReset.stopped_at.is_(None))
        .values(stopped_at=now)
        .returning(FactorReset.id)
    ).all()
    if stopped:
        record(actor=actor, action="factor-reset:stop", subject=person, now=now)


def carry_out_reset(*, actor: Actor, person: Person, now: datetime) -> None:
    """Remove all factors and sessions of a person whose reset is due; they start again. Raises NotFound when none is.

    The caller opens a new session: the first factor was proved in the one that is ended here.
    """
    done = db.session.scalar(
        update(FactorReset)
        .where(
            FactorReset.person_id == person.id,
            FactorReset.effective_at <= now,
            FactorReset.stopped_at.is_(None),
            FactorReset.done_at.is_(None),
        )
        .values(done_at=now)
        .returning(FactorReset.id)
    )
    if done is None:
        raise NotFound
    for table in (AuthenticatorApp, Passkey, RecoveryCode):
        db.session.execute(delete(table).where(table.person_id == person.id))
    record(actor=actor, action="factor-reset:done", subject=person, now=now)
    end_all_sessions(actor=actor, person=person, now=now)
    tell_of_change(person, now)


def _refuse_for_oneself(actor: Actor, person_id: UUID) -> None:
    if actor.person_id == person_id:
        raise NotAllowed(P.FACTOR_RESET, str(_l("Nobody can do this for themselves. Ask two other administrators.")))


def _id(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotAllowed(P.FACTOR_RESET)  # the command line is one person: it cannot be two
    return actor.person_id
