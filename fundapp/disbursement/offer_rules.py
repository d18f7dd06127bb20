"""Rules of the answer to an award: where an offer stands, and until when it is asked for; no database, no web."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class OfferStatus(StrEnum):
    """Where the offer of an award stands. Nothing lapses by itself: only a person withdraws an offer."""

    OFFERED = "offered"
    ASKED = "asked"
    """Its people asked something, and wait for the answer."""
    SIGNED = "signed"
    """Its people sent a signed copy, and somebody of the staff looks at it."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN: Final = (OfferStatus.OFFERED, OfferStatus.ASKED)
"""An answer can still come."""
ANSWERABLE: Final = (*OPEN, OfferStatus.SIGNED)
"""Its people can answer, or answer otherwise."""
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


def reminder_days(terms: Mapping[str, Any]) -> Sequence[int]:
    """Return how many days before the date a call reminds of an award; () where nobody is reminded."""
    return tuple(terms.get("reminder_days") or ())


def reminder_since(
    days: Iterable[int], due: datetime | None, told_at: datetime | None, now: datetime
) -> datetime | None:
    """Return the instant since which a reminder waits, which is the newest of several; None where none does.

    `told_at` is when its people last had mail about it, None before their letter. Whoever had one since that instant,
    or within a day, is not reminded; nobody is after the date.
    """
    if due is None or told_at is None or not now < due or now < told_at + REMINDED_AGAIN_AFTER:
        return None
    come = [at for each in days if told_at < (at := due - timedelta(days=each)) <= now]
    return max(come, default=None)


def is_overdue(status: OfferStatus, due: datetime | None, now: datetime) -> bool:
    """Say whether an answer is still open though its time is over."""
    return status in OPEN and due is not None and due <= now


def takes_signed_copies(terms: Mapping[str, Any]) -> bool:
    """Say whether a call lets people accept by a signed copy of their letter."""
    return bool(terms.get("signed_copy"))


def needs_second_factor(terms: Mapping[str, Any]) -> bool:
    """Say whether a call asks for a second factor from whoever accepts."""
    return bool(terms.get("second_factor"))
