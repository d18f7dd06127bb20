"""Plain rules of calls and applications: when a call takes applications, what reviewers see of who applies."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

SMALL_GROUP: Final = 5
"""Fewer than this, and a number can tell who is in it."""


class UndoneReviews(StrEnum):
    """What comes of it where applicants review each other and somebody does not finish what they were asked to read."""

    NOTHING = "nothing"
    LAST = "last"
    """Their own application is put last in its pool."""
    OUT = "out"
    """Their own application can get no award."""


class Paper(StrEnum):
    """What letters are printed on."""

    A4 = "a4"
    LETTER = "letter"


class DeclinedGet(StrEnum):
    """What a call promises to those whom it declines, besides the letter itself; in order, the least first."""

    NOTHING = "nothing"
    COMMENTS = "comments"
    """What reviewers wrote, chosen and edited by whoever runs the call."""
    SCORES = "comments_and_scores"
    """The mean of each criterion too."""


class ReviewersSee(StrEnum):
    """What reviewers see of who applies, before they declare and later."""

    REFERENCE = "reference"
    """Nothing: they read blind."""
    NAME = "name"
    """The organisation's name and country."""
    TITLE = "title"
    """Title and region too, from the beginning."""


class Opening(StrEnum):
    """Whether a call takes applications."""

    NOT_YET = "not_yet"
    OPEN = "open"
    CLOSED = "closed"


def opening(*, opens_at: datetime, closes_at: datetime, now: datetime) -> Opening:
    """Say whether a call is open at an instant: from `opens_at` (inclusive) to `closes_at` (exclusive)."""
    if now < opens_at:
        return Opening.NOT_YET
    return Opening.OPEN if now < closes_at else Opening.CLOSED


def is_small(number: int) -> bool:
    """Return whether a count is of a few: such numbers are not told where a protected application may be counted."""
    return 0 < number < SMALL_GROUP


def instant_in(time_zone: str, on: date, at: time, *, field: str = "closes_on") -> datetime:
    """Return the instant of a wall-clock time in an IANA zone, in UTC.

    Raises RuleViolations for a time that clocks skip when summer time begins; of a time that they show twice, the
    later one is meant, so that nobody is too late by it.
    """
    local = datetime.combine(on, at, ZoneInfo(time_zone)).replace(fold=1)
    instant = local.astimezone(UTC)
    if instant.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise RuleViolations(
            [Problem(_l("Clocks skip this hour on that day in this time zone. Choose another time."), field=field)]
        )
    return instant


class CommentNeed(StrEnum):
    """When a score needs words beside it before a review is submitted."""

    NEVER = "never"
    EXTREMES = "extremes"
    """For the lowest and the highest step."""
    ALWAYS = "always"
