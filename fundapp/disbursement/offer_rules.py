"""Rules of the answer to an award: where an offer stands, and until when it is asked for; no database, no web."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class OfferStatus(StrEnum):
    """Where the offer of an award stands. Nothing lapses by itself: only a person withdraws an offer."""

    OFFERED = "offered"
    ASKED = "asked"
    """Its people asked something, and wait for the answer."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN: Final = (OfferStatus.OFFERED, OfferStatus.ASKED)
"""An answer can still come."""
REMINDED_AGAIN_AFTER: Final = timedelta(days=1)
"""Within this time a second reminder sends nothing: whoever presses twice writes once."""
MOST_DAYS: Final = 365


def usual_days(terms: Mapping[str, Any]) -> int | None:
    """Return how many days after the release a call asks for an answer; None where it sets no date."""
    days = terms.get("answer_days")
    return days if isinstance(days, int) and days > 0 else None


def answer_due(awarded_at: datetime, answer_by: datetime | None, terms: Mapping[str, Any]) -> datetime | None:
    """Return until when (exclusive) an answer is asked for: what a person set, else by the terms of the call."""
    days = usual_days(terms)
    return answer_by or (None if days is None else awarded_at + timedelta(days=days))


def is_overdue(status: OfferStatus, due: datetime | None, now: datetime) -> bool:
    """Say whether an answer is still open though its time is over."""
    return status in OPEN and due is not None and due <= now


def needs_second_factor(terms: Mapping[str, Any]) -> bool:
    """Say whether a call asks for a second factor from whoever accepts."""
    return bool(terms.get("second_factor"))
