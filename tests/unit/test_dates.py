"""Instants in a zone and in UTC, in the languages of the interface."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from fundapp.core.dates import Moment, day, moment
from fundapp.core.i18n import in_language

LAST_MINUTE = datetime(2020, 3, 25, 3, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def babel() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("language", "local", "place", "utc"),
    [
        ("en", "24 March 2020, 23:59", "New York", "25 March 2020, 03:59"),
        ("fr", "24 mars 2020, 23:59", "New York", "25 mars 2020, 03:59"),
        ("es", "24 de marzo de 2020, 23:59", "Nueva York", "25 de marzo de 2020, 03:59"),
        ("ar", "24 مارس 2020، 23:59", "نيويورك", "25 مارس 2020، 03:59"),
    ],
)
def test_moment_is_written_in_the_zone_and_in_utc(language: str, local: str, place: str, utc: str) -> None:
    with in_language(language):
        shown = moment(LAST_MINUTE, "America/New_York")
    assert shown == Moment(local=local, place=place, utc=utc, iso="2020-03-25T03:59:00+00:00")


def test_moment_names_the_day_once_where_it_is_the_same() -> None:
    shown = moment(LAST_MINUTE, "Africa/Nairobi")
    assert (shown.local, shown.utc) == ("25 March 2020, 06:59", "03:59")


def test_moment_of_a_call_in_utc_is_written_once() -> None:
    shown = moment(LAST_MINUTE, "UTC")
    assert (shown.local, shown.place, shown.utc) == ("", "", "25 March 2020, 03:59")


def test_day_is_written_in_full() -> None:
    with in_language("fr"):
        assert day(date(2020, 3, 1)) == "1 mars 2020"
