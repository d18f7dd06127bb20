"""Instants and days as people read them: in a named zone and in UTC, by CLDR."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_datetime_format, get_timezone_location

from fundapp.core.i18n import current_language
from fundapp.core.numbers import cldr


@dataclass(frozen=True)
class Moment:
    """One instant, written twice; `local` and `place` are empty when the zone is UTC itself.

    `utc` has the day only where it is another day than in the zone.
    """

    local: str
    place: str
    utc: str
    iso: str


def moment(at: datetime, time_zone: str = "UTC") -> Moment:
    """Write an aware instant in an IANA zone and in UTC, in the current language."""
    zone = ZoneInfo(time_zone)
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    in_utc = time_zone in ("UTC", "Etc/UTC")
    return Moment(
        local="" if in_utc else _written(local),
        place="" if in_utc else get_timezone_location(zone, locale=cldr(current_language()), return_city=True),
        utc=_written(utc) if in_utc or local.date() != utc.date() else _time(utc),
        iso=at.astimezone(UTC).isoformat(timespec="seconds"),
    )


def clock_face(at: datetime, time_zone: str = "UTC") -> Moment:
    """Write the time of day of an aware instant, without the day, as `moment` does."""
    whole = moment(at, time_zone)
    local = _time(at.astimezone(ZoneInfo(time_zone))) if whole.local else ""
    return replace(whole, local=local, utc=_time(at.astimezone(UTC)))


def day(on: date) -> str:
    """Write a day in full in the current language ("24 March 2020")."""
    return format_date(on, format="long", locale=cldr(current_language()))


def _written(at: datetime) -> str:
    joined = str(get_datetime_format("long", locale=cldr(current_language())))
    return joined.format(_time(at), day(at.date()))


def _time(at: datetime) -> str:
    return format_time(at.time(), format="HH:mm", locale=cldr(current_language()))
