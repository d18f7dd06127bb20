"""Rules of reports: what a call may ask, when they are due, and when somebody is reminded; no database, no web."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MOST_REPORTS: Final = 6
MOST_DAYS: Final = 1_825
"""Five years: a report that is asked for later is none of this award."""
SOON: Final = timedelta(days=14)
"""So long before the last day somebody is reminded."""
BACK_FOR: Final = timedelta(days=14)
"""Whoever is asked back has at least so long."""


class ReportStatus(StrEnum):
    """Where a report stands. Nothing lapses by itself: only a person waives one."""

    ASKED = "asked"
    SENT = "sent"
    ASKED_BACK = "asked_back"
    THANKED = "thanked"
    WAIVED = "waived"


OPEN: Final = (ReportStatus.ASKED, ReportStatus.ASKED_BACK)
"""It can still be sent."""


class ReportWay(StrEnum):
    """How a report came."""

    FORM = "form"
    """Written or spoken on its own page by the people of the award."""
    TOLD = "told"
    """Told to somebody of the staff, who noted it."""


class ReminderStep(StrEnum):
    """What somebody was reminded of last: that the day comes, or that it is over. Each once."""

    SOON = "soon"
    OVERDUE = "overdue"


def today_in(now: datetime, time_zone: str) -> date:
    """Return the day of an aware instant in the zone of a call."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def due_days(days: Sequence[int], accepted_at: datetime, time_zone: str) -> list[date]:
    """Return the last days of the reports of an award, the earliest first, in the zone of its call."""
    begins = today_in(accepted_at, time_zone)
    return [begins + timedelta(days=each) for each in sorted(days)]


def days_problems(days: Sequence[int]) -> list[Problem]:
    """Return what is wrong with the days after which a call asks for reports; none is a choice too."""
    if len(days) > MOST_REPORTS:
        return [Problem(_l("At most %(most)s reports can be asked for.", most=MOST_REPORTS), field="days")]
    if any(not 1 <= each <= MOST_DAYS for each in days):
        return [Problem(_l("Write each number of days from 1 to %(most)s.", most=MOST_DAYS), field="days")]
    if len(set(days)) < len(days):
        return [Problem(_l("Each number of days stands here once."), field="days")]
    return []


def is_overdue(status: ReportStatus, due_on: date, today: date) -> bool:
    """Say whether a report can still be sent though its last day is over."""
    return status in OPEN and due_on < today


def reminder_of(status: ReportStatus, due_on: date, reminded: ReminderStep | None, today: date) -> ReminderStep | None:
    """Return what somebody is reminded of today; None where there is nothing, or they were reminded of it already."""
    if status not in OPEN:
        return None
    step = ReminderStep.OVERDUE if due_on < today else ReminderStep.SOON if due_on <= today + SOON else None
    return None if step is reminded or (step is ReminderStep.SOON and reminded is not None) else step
