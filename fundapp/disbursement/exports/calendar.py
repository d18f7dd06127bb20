"""The dates of a call as a calendar. Source: RFC 5545, with the NAME of RFC 7986."""

from datetime import UTC, datetime
from typing import Final

from icalendar import Calendar, Event, vText

from fundapp.applications.models import Call
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import localised
from fundapp.disbursement.queries.open_calls import public_id

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"


def call_calendar(call: Call, *, url: str, host: str, changed_at: datetime) -> bytes:
    """Return the public dates of a call as iCalendar, in UTC, in the current language.

    The same dates have the same ids each time, so that a calendar that takes the file again moves what it has.
    `host` makes them unique in the world. A deadline is the first moment that is too late.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//fundapp//calls//EN")
    calendar.add("version", "2.0")
    calendar.add("name", vText(localised(call.titles)))  # the package does not know it for a text
    for key, at, summary in _dates(call):
        event = Event()
        event.add("uid", f"{public_id(call)}-{key}@{host}")
        event.add("dtstamp", changed_at.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", at.astimezone(UTC))
        event.add("summary", f"{summary}: {localised(call.titles)}")
        event.add("description", f"{url}\n{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        event.add("url", url)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _dates(call: Call) -> list[tuple[str, datetime, str]]:
    """Return key, instant and words of each public date, in their order."""
    dates = [("opens", call.opens_at, _("Opens")), ("closes", call.closes_at, _("Deadline"))]
    if call.nominations_open_at is not None and call.nominations_close_at is not None:
        dates.append(("nominations-open", call.nominations_open_at, _("Nominations from")))
        dates.append(("nominations-close", call.nominations_close_at, _("Nominations until")))
    return sorted(dates, key=lambda each: each[1])
