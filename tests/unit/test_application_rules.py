"""When a call takes applications and which wall-clock time is meant."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from fundapp.applications.rules import Opening, instant_in, opening
from fundapp.core.errors import RuleViolations

OPENS = datetime(2020, 9, 1, tzinfo=UTC)
CLOSES = datetime(2020, 9, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (OPENS - SECOND, Opening.NOT_YET),
        (OPENS, Opening.OPEN),
        (CLOSES - SECOND, Opening.OPEN),
        (CLOSES, Opening.CLOSED),
        (CLOSES + SECOND, Opening.CLOSED),
    ],
)
def test_opening_includes_the_first_instant_and_excludes_the_last(now: datetime, state: Opening) -> None:
    assert opening(opens_at=OPENS, closes_at=CLOSES, now=now) is state


@pytest.mark.parametrize(
    ("zone", "on", "at", "instant"),
    [
        ("Africa/Nairobi", date(2020, 2, 29), time(23, 59), "2020-02-29T20:59:00+00:00"),
        ("America/New_York", date(2020, 3, 24), time(23, 59), "2020-03-25T03:59:00+00:00"),
        ("Etc/GMT+12", date(2020, 12, 31), time(23, 59), "2021-01-01T11:59:00+00:00"),
        ("Asia/Kathmandu", date(2021, 1, 1), time(0, 0), "2020-12-31T18:15:00+00:00"),
    ],
    ids=["leap day", "summer time", "anywhere on earth at year's end", "quarter of an hour"],
)
def test_wall_clock_time_becomes_an_instant(zone: str, on: date, at: time, instant: str) -> None:
    assert instant_in(zone, on, at).isoformat() == instant


def test_hour_that_clocks_show_twice_means_the_later_one() -> None:
    assert instant_in("America/New_York", date(2020, 11, 1), time(1, 30)).isoformat() == "2020-11-01T06:30:00+00:00"


def test_hour_that_clocks_skip_is_refused() -> None:
    with pytest.raises(RuleViolations) as refused:
        instant_in("America/New_York", date(2020, 3, 8), time(2, 30))
    assert [problem.field for problem in refused.value.problems] == ["closes_on"]
