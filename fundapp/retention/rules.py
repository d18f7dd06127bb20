"""What became of an application, and from when its time counts. Pure: no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fundapp.applications.keeping_periods import days_of

MAIL_SENT_DAYS: Final = 7
MAIL_FAILED_DAYS: Final = 30
WORK_DONE_DAYS: Final = 30
SESSION_DAYS: Final = 1
LINK_DAYS: Final = 7
INVITATION_DAYS: Final = 90
UNCONFIRMED_DAYS: Final = 30
IDLE_PERSON_DAYS: Final = 365
BEGUN_DAYS: Final = 15
"""A day longer than a browser can come back to what was begun in it."""
ENQUIRY_DAYS: Final = 90
NOMINATION_DAYS: Final = 180
OFFER_DAYS: Final = 1
VOTE_REQUEST_DAYS: Final = 1
VOTER_DAYS: Final = 90
TABLE_DAYS: Final = 1
IMPORT_DAYS: Final = 30


@dataclass(frozen=True)
class Facts:
    """What is known of one application. Instants are aware; None where it has not happened."""

    is_draft: bool
    saved_at: datetime
    closes_at: datetime
    withdrawn_at: datetime | None
    ineligible_at: datetime | None
    entries: int
    decided: int
    """Entries with a decision that was released."""
    released_at: datetime | None
    awarded_at: datetime | None
    may_come_again: bool = False
    """Its people let it be considered in the next call, and did not take that back."""


def fate(facts: Facts) -> tuple[str, datetime]:
    """Return what became of an application, as keeping_periods calls it, and the instant from which its days count."""
    if facts.is_draft:
        return "draft", max(facts.saved_at, facts.closes_at)
    if facts.withdrawn_at is not None:
        return "withdrawn", facts.withdrawn_at
    if facts.ineligible_at is not None:
        return "ineligible", facts.ineligible_at
    if facts.awarded_at is not None:
        return "awarded", facts.awarded_at
    if facts.released_at is not None and facts.entries and facts.decided == facts.entries:
        return "next_call" if facts.may_come_again else "declined", facts.released_at
    return "undecided", facts.closes_at


def due_at(facts: Facts, of_call: Mapping[str, Any]) -> tuple[str, datetime]:
    """Return an application's fate, and the instant at which it is erased; coming again never shortens that."""
    name, since = fate(facts)
    days = days_of(name, of_call)
    if name == "next_call":
        days = max(days, days_of("declined", of_call))
    return name, since + timedelta(days=days)
