"""Open, renew and end the sessions of signed-in browsers. Ending many also ends a change of address that waits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from fundapp.accounts import queries
from fundapp.accounts.models import KnownDevice, Person, SignInSession
from fundapp.accounts.permissions import Actor
from fundapp.accounts.secrets import new_token, token_hash
from fundapp.accounts.services.links import end_links, end_pending_changes
from fundapp.accounts.services.people import tell
from fundapp.accounts.session_rules import times_of
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import NotFound

SESSIONS_PATH = "/account/sessions"


def open_session(*, person: Person, now: datetime, strong: bool = False, device: str = "") -> str:
    """Open a session for a person who has just proved who they are; return the token for their cookie.

    Links with which they could sign in end. `strong`: a second factor was part of the proof. `device` is a coarse label
    of accounts.devices; one that is new for this person is told to them by mail.
    """
    actor = queries.actor_of(person)
    times = times_of(actor, short=person.short_sessions)
    token = new_token()
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=person.id,
            created_at=now,
            seen_at=now,
            expires_at=now + times.absolute,
            proved_at=now,
            second_factor_at=now if strong else None,
            device=device,
        )
    )
    record(actor=actor, action="session:open", subject=person, now=now, data={"strong": strong})
    db.session.flush()
    _note_device(person, device, now)
    end_links(person, now)
    return token


def renew_session(
    *, session_id: UUID, now: datetime, first_factor: bool = False, second_factor: bool = False, person: Person
) -> str:
    """Note a fresh proof on a session and give it a new token, so that an older copy of the cookie is dead."""
    token = new_token()
    values: dict[str, object] = {"token_hash": token_hash(token), "seen_at": now}
    if first_factor:
        values["proved_at"] = now
    if second_factor:
        values["second_factor_at"] = now
    db.session.execute(update(SignInSession).where(SignInSession.id == session_id).values(values))
    record(
        actor=queries.actor_of(person),
        action="session:prove",
        subject=person,
        now=now,
        data={"first_factor": first_factor, "second_factor": second_factor},
    )
    return token


def sign_out(*, token: str) -> None:
    """End the session of a cookie's token."""
    db.session.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash(token)))


def end_own_session(*, actor: Actor, session_id: UUID, now: datetime) -> None:
    """End one of the actor's own sessions. Raises NotFound for anybody else's."""
    ended = db.session.scalar(
        delete(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.person_id == actor.person_id)
        .returning(SignInSession.id)
    )
    if ended is None:
        raise NotFound
    _record_end(actor, db.session.get_one(Person, actor.person_id), now, count=1)


def end_other_sessions(*, actor: Actor, keep: UUID | None, now: datetime) -> int:
    """End all of the actor's own sessions but one; return how many."""
    return _end(actor, db.session.get_one(Person, actor.person_id), now, keep=keep)


def end_all_sessions(*, actor: Actor, person: Person, now: datetime) -> int:
    """End every session of a person; return how many. The caller's use case checks the permission."""
    return _end(actor, person, now, keep=None)


def end_every_session(*, actor: Actor, now: datetime) -> int:
    """End every session of everybody; return how many. For whoever runs the service, after a break-in."""
    signed_in = select(SignInSession.person_id).distinct()
    people = db.session.scalars(select(Person).where(Person.id.in_(signed_in))).all()
    return sum(_end(actor, person, now, keep=None) for person in people)


def _end(actor: Actor, person: Person, now: datetime, *, keep: UUID | None) -> int:
    condition = SignInSession.person_id == person.id
    if keep is not None:
        condition = condition & (SignInSession.id != keep)
    count = len(db.session.scalars(delete(SignInSession).where(condition).returning(SignInSession.id)).all())
    end_pending_changes(person, now)
    _record_end(actor, person, now, count=count)
    return count


def _record_end(actor: Actor, person: Person, now: datetime, *, count: int) -> None:
    record(actor=actor, action="session:end", subject=person, now=now, data={"count": count})


def _note_device(person: Person, label: str, now: datetime) -> None:
    """Remember a kind of device; tell the person of one that is new, but not of the very first."""
    if not label:
        return
    known = set(db.session.scalars(select(KnownDevice.label).where(KnownDevice.person_id == person.id)))
    if label in known:
        return
    db.session.add(KnownDevice(person_id=person.id, label=label, created_at=now))
    record(actor=queries.actor_of(person), action="device:new", subject=person, now=now)
    db.session.flush()
    if known:
        tell(person, template="new_device", path=SESSIONS_PATH, now=now)
