"""The bridge between a browser's cookie and the acting person."""

from typing import cast

from flask import g, session

from fundapp.accounts import queries
from fundapp.accounts.permissions import ANONYMOUS, Actor
from fundapp.core import clock

_TOKEN = "session_token"  # noqa: S105 - the name of a cookie entry


def load_actor() -> Actor:
    """Return the actor of this request's cookie; the session row decides, not the cookie."""
    token = session.get(_TOKEN)
    found = queries.live_session(token, clock.now()) if isinstance(token, str) else None
    return queries.actor_of(found.person) if found is not None else ANONYMOUS


def current_actor() -> Actor:
    """Return the actor of the running request."""
    return cast(Actor, g.actor)


def current_token() -> str:
    """Return the session token of this browser ("" when nobody is signed in)."""
    return str(session.get(_TOKEN, ""))


def remember(token: str) -> None:
    """Start the browser's cookie afresh with a new session's token; only the chosen language is kept."""
    language = session.get("lang")
    session.clear()
    session.permanent = True
    session[_TOKEN] = token
    if language:
        session["lang"] = language


def forget() -> None:
    """Empty the browser's cookie."""
    session.clear()
