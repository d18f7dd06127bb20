"""What the calls are called in which roles are given. The room of calls tells; this room knows only their ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app


@dataclass(frozen=True)
class CallName:
    """A call as administrators choose it: `slug` stands in its address, `title` is in the current language."""

    id: UUID
    slug: str
    title: str


CallLister = Callable[[], Sequence[CallName]]
"""Returns every call, the newest first."""


def add_call_lister(app: Flask, lister: CallLister) -> None:
    """Let this room know the names of calls."""
    app.extensions["call_names"] = lister


def call_names() -> Sequence[CallName]:
    """Return the names of every call, the newest first."""
    lister: CallLister = current_app.extensions["call_names"]
    return lister()
