"""What waits for whom in calls. Each room tells what it knows; no room needs to know a later one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Flask, current_app, url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.routes import declared_by


class Whom(StrEnum):
    """Whose turn it is."""

    MANAGERS = "managers"
    PANEL = "panel"
    RATIFIERS = "ratifiers"
    APPLICANTS = "applicants"
    WORKERS = "workers"
    """The machine itself: nobody has to do anything."""


@dataclass(frozen=True)
class NextStep:
    """Something that waits, and where (url "": on a page that the actor may not open).

    `is_yours`: the actor is one of those who can do it.
    """

    url: str
    title: str
    whom: Whom = Whom.MANAGERS
    is_yours: bool = True


StepFinder = Callable[[Actor, Sequence[Call], datetime], Mapping[UUID, Sequence[NextStep]]]
"""Returns what waits in calls at an instant, as far as an actor may know it, by call and the most urgent first.

It asks as much of the database for one call as for many.
"""


def add_step_finder(app: Flask, finder: StepFinder) -> None:
    """Have a room's steps shown of each call, behind those of the rooms before it."""
    app.extensions.setdefault("next_steps", []).append(finder)


def steps_of_calls(actor: Actor, calls: Sequence[Call], now: datetime) -> dict[UUID, list[NextStep]]:
    """Return everything that waits in calls, for whomever, in the order of the work."""
    finders: list[StepFinder] = current_app.extensions["next_steps"]
    found = [finder(actor, calls, now) for finder in finders]
    return {call.id: [step for each in found for step in each.get(call.id, ())] for call in calls}


def next_steps(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return everything in a call that waits for the actor, in the order of the work."""
    return [step for step in steps_of_calls(actor, [call], now)[call.id] if step.is_yours]


def step(
    actor: Actor,
    call: Call,
    title: str,
    endpoint: str,
    *,
    does: P | None,
    sees: P,
    whom: Whom = Whom.MANAGERS,
    **arguments: Any,
) -> list[NextStep]:
    """Return one step for whoever `does` it (None: nobody here) or `sees` that it waits; for others none."""
    is_yours = does is not None and actor.can(does, call.id)
    if not is_yours and not actor.can(sees, call.id):
        return []
    opens = declared_by(current_app.view_functions[endpoint]).permission
    url = url_for(endpoint, slug=call.slug, **arguments) if opens and actor.can(opens, call.id) else ""
    return [NextStep(url, title, whom, is_yours)]
