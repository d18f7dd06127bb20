"""What else the page of one's own work leads to. Later rooms tell; this room knows only addresses and words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from fundapp.accounts.permissions import Actor


@dataclass(frozen=True)
class HomeLink:
    """One thing that waits for a person; title and hint are in the current language."""

    url: str
    title: str
    hint: str


LinkFinder = Callable[[Actor], Sequence[HomeLink]]
"""Returns what waits for a person in one room."""


def add_home_links(app: Flask, finder: LinkFinder) -> None:
    """Let a room tell what waits for a person."""
    app.extensions.setdefault("home_links", []).append(finder)


def home_links(actor: Actor) -> list[HomeLink]:
    """Return what waits for a person in all rooms."""
    finders = cast(list[LinkFinder], current_app.extensions.get("home_links", []))
    return [link for finder in finders for link in finder(actor)]
