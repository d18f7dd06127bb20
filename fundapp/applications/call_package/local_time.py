"""From the time on a wall clock to an instant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fundapp.core.i18n import lazy_gettext as _l


class LocalTimeError(ValueError):
    """A time that does not name one instant. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, aware in UTC, at which clocks in `zone` show `local` (naive).

    Raises LocalTimeError for a time that clocks skip when they go forward, and for one that they show twice.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    written = local.isoformat(sep=" ", timespec="minutes")
    # Going back to the wall clock shows which it is: only a time that exists comes back as itself.
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise LocalTimeError(
            _l("%(time)s does not exist in %(zone)s: clocks go forward past it.", time=written, zone=zone.key)
        )
    raise LocalTimeError(
        _l("%(time)s comes twice in %(zone)s: clocks go back then. Choose another time.", time=written, zone=zone.key)
    )


def comes_twice(at: datetime) -> bool:
    """Say whether clocks in the zone of an aware time show it twice, an hour or so apart."""
    first, second = (at.replace(fold=fold) for fold in (0, 1))
    exists = first.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) == at.replace(tzinfo=None)
    return exists and first.utcoffset() != second.utcoffset()
