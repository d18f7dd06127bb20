"""How long a session lasts, and how fresh a proof must be; no database, no web."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fundapp.accounts.permissions import Actor, Role, needs_second_factor


@dataclass(frozen=True)
class Times:
    """How long a session may be silent, and how long it may last at all."""

    idle: timedelta
    absolute: timedelta


SHORT: Final = Times(idle=timedelta(minutes=15), absolute=timedelta(hours=12))
STAFF: Final = Times(idle=timedelta(hours=2), absolute=timedelta(hours=12))
REVIEWER: Final = Times(idle=timedelta(days=1), absolute=timedelta(days=7))
APPLICANT: Final = Times(idle=timedelta(days=7), absolute=timedelta(days=14))
"""Long, because forms are long and connections are bad. docs/adr/0013 has the reasons of all four."""

FRESH: Final = timedelta(minutes=10)
"""How long a proof counts where a view asks for a fresh one."""
SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when a session was used last: finer would mean a write with every page."""


def times_of(actor: Actor, *, short: bool) -> Times:
    """Return how long a person's sessions last; whoever asked for short ones gets them whatever their roles."""
    if short:
        return SHORT
    if needs_second_factor(actor.grants):
        return STAFF
    return REVIEWER if any(grant.role is Role.REVIEWER for grant in actor.grants) else APPLICANT


def is_over(*, created_at: datetime, seen_at: datetime, times: Times, now: datetime) -> bool:
    """Say whether a session ended by silence or by age; `seen_at` may lag behind by SEEN_EVERY."""
    return now >= created_at + times.absolute or now >= seen_at + times.idle


def is_fresh(proved_at: datetime | None, now: datetime) -> bool:
    """Say whether a proof was given within the last FRESH."""
    return proved_at is not None and now < proved_at + FRESH
