"""What waits for whoever looks after a call. Each room tells what it knows; no room needs to know a later one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call


@dataclass(frozen=True)
class NextStep:
    """Something to do, and where."""

    url: str
    title: str


StepFinder = Callable[[Actor, Call, datetime], list[NextStep]]
"""Returns what waits for an actor in a call at an instant, the most urgent first."""


def add_step_finder(app: Flask, finder: StepFinder) -> None:
    """Have a room's steps shown on the page of a call, behind those of the rooms before it."""
    app.extensions.setdefault("next_steps", []).append(finder)


def next_steps(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return everything that waits for the actor in a call, in the order of the work."""
    finders: list[StepFinder] = current_app.extensions["next_steps"]
    return [step for finder in finders for step in finder(actor, call, now)]
