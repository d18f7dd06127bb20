"""What else the public page of a call leads to. Later rooms tell; this room knows only addresses and words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app

from fundapp.applications.models import Call


@dataclass(frozen=True)
class CallLink:
    """A page about a call that everybody may open; its title is in the current language."""

    url: str
    title: str


LinkFinder = Callable[[Call, datetime], Sequence[CallLink]]
"""Returns the public pages of a call that one room has at an instant."""


def add_call_links(app: Flask, finder: LinkFinder) -> None:
    """Let a room tell of its public pages."""
    app.extensions.setdefault("call_links", []).append(finder)


def call_links(call: Call, now: datetime) -> list[CallLink]:
    """Return the public pages of a call in all rooms."""
    finders = cast(list[LinkFinder], current_app.extensions.get("call_links", []))
    return [link for finder in finders for link in finder(call, now)]
