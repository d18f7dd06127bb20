"""What later rooms tell on the public page of a call, in sentences. This room knows only headings and words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from fundapp.applications.models import Call


@dataclass(frozen=True)
class CallSection:
    """A part of the page that everybody may read, in the current language; `key` is its place in the address."""

    key: str
    title: str
    lines: Sequence[str]
    note: str


SectionFinder = Callable[[Call], CallSection | None]
"""Returns what one room tells of a call; None where it has nothing to tell."""


def add_call_section(app: Flask, finder: SectionFinder) -> None:
    """Let a room tell something on the public page of a call."""
    app.extensions.setdefault("call_sections", []).append(finder)


def call_sections(call: Call) -> list[CallSection]:
    """Return what all rooms tell of a call."""
    finders = cast(list[SectionFinder], current_app.extensions.get("call_sections", []))
    return [section for finder in finders if (section := finder(call)) is not None]
