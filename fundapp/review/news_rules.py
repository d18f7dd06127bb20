"""When reviewers are told what: never two mails on one day, none about what is done. Pure."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final


class News(StrEnum):
    """What a mail to a reviewer can be about; it says no more than that."""

    INVITED = "invited"
    """Somebody asks them to read."""
    WORK = "work"
    """They were given something to read."""
    REMINDER = "reminder"
    """Reviews are still to come."""
    DISCUSSION = "discussion"
    """Others wrote something; it always waits for the mail of the day."""


AT_ONCE: Final = frozenset({News.INVITED, News.WORK, News.REMINDER})
"""What is written at once where the day's mail was not written yet; the rest waits for the daily round."""
LEAST_BETWEEN: Final = timedelta(hours=12)
"""Two mails on two days are not an hour apart around midnight."""
REMINDED_ON: Final = (-7, -2, 0, 7, 14)
"""Days after the last day on which somebody is reminded, unless a mail went to them since that day began."""
WITHOUT_DATE: Final = timedelta(days=14)
"""Where there is no last day, somebody is reminded after so long a silence."""
ASKED_AGAIN: Final = (4, 10)
"""Days after an invitation on which whoever did not answer is asked again: twice, and never more."""


def may_write(told_at: datetime | None, now: datetime) -> bool:
    """Say whether a mail may be written now, after the last one at `told_at`. Days are those of UTC."""
    return told_at is None or (told_at.date() < now.date() and now - told_at >= LEAST_BETWEEN)


def reminder_is_due(due: Collection[datetime | None], told_at: datetime | None, now: datetime) -> bool:
    """Say whether somebody with reviews to come is reminded today; `due`: when each of them ends (None: on no set day).

    The last mail of any kind counts as a reminder too: it led to the same page.
    """
    if not due:
        return False
    if _is_untold({each.date() for each in due if each is not None}, REMINDED_ON, told_at, now):
        return True
    return None in due and (told_at is None or now - told_at >= WITHOUT_DATE)


def answer_is_due(invited: Collection[datetime], told_at: datetime | None, now: datetime) -> bool:
    """Say whether somebody who did not answer is asked again today; `invited`: when each open invitation was made.

    Days count from the newest: its mail was about the earlier ones too. So was any other, which led to the same page.
    """
    return bool(invited) and _is_untold({max(invited).date()}, ASKED_AGAIN, told_at, now)


def _is_untold(starts: Collection[date], after: Collection[int], told_at: datetime | None, now: datetime) -> bool:
    """Say whether a day that lies so long after one of the starts has come, and no mail went since it began."""
    told_on = told_at.date() if told_at else date.min
    return any(told_on < start + timedelta(days=days) <= now.date() for start in starts for days in after)
