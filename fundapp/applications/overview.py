"""What the page of all calls that somebody looks after tells of each. Later rooms tell; this room asks them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, current_app

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call


@dataclass(frozen=True)
class Due:
    """Something that happens at an instant, in the current language, and the page about it ("": none)."""

    at: datetime
    title: str
    url: str = ""


@dataclass(frozen=True)
class Known:
    """What one room knows of a call, in the current language and over what the actor may see.

    Amounts are in minor units of the call's currency; None: the actor may not read them.
    """

    phase: str = ""
    """Where it stands; a later room knows better."""
    dates: Sequence[Due] = ()
    decided_minor: int | None = None
    """What the decisions on its list give."""
    funded_minor: int | None = None
    """What funds give to its awards."""
    letters: Sequence[str] = ()

    def and_then(self, later: "Known") -> "Known":
        """Return this with what a later room knows."""
        return Known(
            phase=later.phase or self.phase,
            dates=[*self.dates, *later.dates],
            decided_minor=self.decided_minor if later.decided_minor is None else later.decided_minor,
            funded_minor=self.funded_minor if later.funded_minor is None else later.funded_minor,
            letters=[*self.letters, *later.letters],
        )


Teller = Callable[[Actor, Sequence[Call], datetime], Mapping[UUID, Known]]
"""Returns what a room knows of calls at an instant; it asks as much of the database for one call as for many."""


def add_teller(app: Flask, teller: Teller) -> None:
    """Let a room tell what it knows of calls, behind the rooms before it."""
    app.extensions.setdefault("overview", []).append(teller)


def known_of_calls(actor: Actor, calls: Sequence[Call], now: datetime) -> dict[UUID, Known]:
    """Return what all rooms know of calls."""
    known = {call.id: Known() for call in calls}
    tellers: list[Teller] = current_app.extensions["overview"]
    for teller in tellers:
        for call_id, each in teller(actor, calls, now).items():
            known[call_id] = known[call_id].and_then(each)
    return known
