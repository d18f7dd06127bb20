"""The bridge between a browser's cookie and the acting person."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import g, request, session
from sqlalchemy import update

from fundapp.accounts import factor_queries, known_devices, queries
from fundapp.accounts.devices import device_label
from fundapp.accounts.models import SignInSession
from fundapp.accounts.permissions import ANONYMOUS, Actor, needs_second_factor
from fundapp.accounts.secrets import new_token
from fundapp.accounts.session_rules import SEEN_EVERY, is_fresh, is_over, times_of
from fundapp.core import clock
from fundapp.core.db import db, note_aside
from fundapp.core.routes import SAFE_METHODS

_TOKEN = "session_token"  # noqa: S105 - the name of a cookie entry
_BROWSER = "browser"


@dataclass(frozen=True)
class CurrentSession:
    """The session of this request's browser, and what its person still owes."""

    id: UUID
    actor: Actor
    proved_at: datetime
    second_factor_at: datetime | None
    has_factor: bool
    needs_factor: bool
    shown_name: str
    """What the head of a page calls its reader: "" for people at risk, and never an address."""

    @property
    def person_id(self) -> UUID:
        """Whose session it is."""
        return cast(UUID, self.actor.person_id)

    @property
    def is_complete(self) -> bool:
        """Whether the person may go in: whoever has a second factor, or needs one, has given it."""
        return self.second_factor_at is not None or not (self.has_factor or self.needs_factor)

    def is_fresh(self, now: datetime) -> bool:
        """Whether the last proof (by the second factor, where there is one) was a short while ago."""
        return is_fresh(self.second_factor_at if self.has_factor else self.proved_at, now)


def load_actor() -> Actor:
    """Return the actor of this request's cookie; the session row decides, not the cookie.

    Whoever has yet to give a second factor is nobody: `gates.factor_gate` lets them reach the pages that ask for it.
    """
    g.sign_in_session = None
    now = clock.now()
    token = session.get(_TOKEN)
    found = queries.live_session(token, now) if isinstance(token, str) else None
    if found is None:
        return ANONYMOUS
    actor = queries.actor_of(found.person)
    times = times_of(actor, short=found.person.short_sessions)
    if is_over(created_at=found.created_at, seen_at=found.seen_at, times=times, now=now):
        return ANONYMOUS
    _note_seen(found, now)
    current = _session_of(found, actor)
    g.sign_in_session = current
    return actor if current.is_complete else ANONYMOUS


def current_actor() -> Actor:
    """Return the actor of the running request."""
    return cast(Actor, g.actor)


def current_session() -> CurrentSession | None:
    """Return the session of this browser, complete or not, or None."""
    return cast(CurrentSession | None, g.get("sign_in_session"))


def header_name() -> str:
    """Return the name that the head of a page shows to its owner ("": none)."""
    current = current_session()
    return current.shown_name if current is not None and current.is_complete else ""


def current_token() -> str:
    """Return the session token of this browser ("" when nobody is signed in)."""
    return str(session.get(_TOKEN, ""))


def current_device() -> str:
    """Return the coarse label of the browser that asks."""
    return device_label(request.user_agent.string)


def remember(token: str) -> None:
    """Start the browser's cookie afresh with a new session's token; only the chosen language is kept.

    Whoever has given all that is asked of them is known on this device from now on, except people at risk.
    """
    found = queries.live_session(token, clock.now())
    if found is not None and _session_of(found, queries.actor_of(found.person)).is_complete:
        person = found.person
        if not person.short_sessions:
            known_devices.remember(person.email, person.sign_in_reference, str(person.id))
    language = session.get("lang")
    session.clear()
    g.pop("csrf_token", None)  # the form token made from the old cookie: forms on this answer need one of the new
    session.permanent = True
    session[_TOKEN] = token
    if language:
        session["lang"] = language


def name_of_browser() -> str:
    """Return the name that this browser was given when it asked for something ("" if it never did)."""
    return str(session.get(_BROWSER, ""))


def name_browser() -> str:
    """Return a random name of this browser, kept in its cookie until somebody signs in: it knows what it asked for."""
    return cast(str, session.setdefault(_BROWSER, new_token()))


def carry(name: str, token: str) -> None:
    """Keep in this browser's cookie with what it came, such as an invitation, until somebody signs in."""
    session[f"carried_{name}"] = token


def carried(name: str) -> str:
    """Return with what this browser came ("" without it)."""
    return str(session.get(f"carried_{name}", ""))


def forget() -> None:
    """Empty the browser's cookie."""
    session.clear()


def _session_of(found: SignInSession, actor: Actor) -> CurrentSession:
    return CurrentSession(
        id=found.id,
        actor=actor,
        proved_at=found.proved_at,
        second_factor_at=found.second_factor_at,
        has_factor=factor_queries.has_factor(found.person_id),
        needs_factor=needs_second_factor(actor.grants),
        shown_name="" if found.person.short_sessions else found.person.name,
    )


def _note_seen(found: SignInSession, now: datetime) -> None:
    """Keep when a session was last used, to SEEN_EVERY: a page that only reads does so beside its transaction."""
    if now < found.seen_at + SEEN_EVERY:
        return
    statement = update(SignInSession).where(SignInSession.id == found.id).values(seen_at=now)
    if request.method in SAFE_METHODS:
        note_aside(statement)
    else:
        db.session.execute(statement.execution_options(synchronize_session=False))
