"""What a route declares about itself, read by the gates of every request and by the route inventory.

Deny by default: a view is marked with `requires(permission)` or `public`, or the application does not start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from flask import Flask

PUBLIC: Final = "public"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


class Early(StrEnum):
    """When a page is open to somebody who is signed in but still owes a second factor."""

    TO_GIVE_FACTOR = "factor"
    """Who has one, and has not given it."""
    TO_CHOOSE_FACTOR = "set-up"
    """Who needs one, and has none yet."""
    ALWAYS = "always"


@dataclass(frozen=True)
class Declared:
    """What a view says of itself: who may ask, how often (the name of a limit), with how fresh a proof, how early."""

    permission: str | None = None
    limit: str = ""
    fresh: bool = False
    early: Early | None = None


def _marker(name: str, value: object) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(cast(Any, view), name, value)
        return view

    return mark


def requires(permission: str) -> Callable[[View], View]:
    """Mark a view with the permission that its actor must hold (in any call; queries check which)."""
    return _marker("permission", permission)


def limited(limit: str) -> Callable[[View], View]:
    """Mark a view whose unsafe requests (or all, where reading is the cost) are counted against a limit."""
    return _marker("limit", limit)


public = requires(PUBLIC)


def fresh(view: View) -> View:
    """Mark a view that asks for a second factor given a short while ago (for safe and unsafe requests alike)."""
    return _marker("fresh", True)(view)


def early(when: Early) -> Callable[[View], View]:
    """Mark a view that somebody can reach before the second factor is given; all others wait for it."""
    return _marker("early", when)


def declared_by(view: Callable[..., Any]) -> Declared:
    """Return what a view declares."""
    names = ("permission", "limit", "fresh", "early")
    return Declared(**{name: getattr(view, name) for name in names if hasattr(view, name)})


def check_routes(app: Flask) -> None:
    """Refuse to start when a route declares no permission. Raises RuntimeError naming the routes."""
    silent = sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if declared_by(app.view_functions[rule.endpoint]).permission is None
    )
    if silent:
        raise RuntimeError(f"routes without a declared permission: {', '.join(silent)}")
