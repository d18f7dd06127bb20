"""What a route declares about itself, read by the gates of every request and by the route inventory.

Deny by default: a view is marked with `requires(permission)` or `public`, or the application does not start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from flask import Flask

PUBLIC: Final = "public"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """What a view says of itself: who may ask, how often (the name of a limit), and with how fresh a proof."""

    permission: str | None = None
    limit: str = ""
    fresh: bool = False


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


def declared_by(view: Callable[..., Any]) -> Declared:
    """Return what a view declares."""
    names = ("permission", "limit", "fresh")
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
