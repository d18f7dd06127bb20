"""Numbers: read in any digits and separators, never guessed."""

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fundapp.core.i18n import in_language
from fundapp.core.numbers import NumberError, megabytes_text, read_number


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("12", "en", "12"),
        ("-3", "en", "-3"),
        ("\u22123,5", "fr", "-3.5"),
        ("1,000.5", "en", "1000.5"),
        ("1.500", "en", "1.500"),
        ("1.500", "es", "1500"),
        ("١٬٥٠٠٫٧٥", "ar", "1500.75"),
        ("۱۲", "ar", "12"),
        ("१,२३,४५६", "hi", "123456"),
        ("\u200f42\u200e", "ar", "42"),
    ],
)
def test_read_number_understands_what_people_write(text: str, locale: str, number: str) -> None:
    assert read_number(text, locale) == number


@pytest.mark.parametrize("text", ["", "-", "abc", "12a", "1,2,3", "1.000.5.5", "½", "1e5", "9" * 50, "\x00", "\ud800"])
def test_read_number_refuses_what_is_not_one(text: str) -> None:
    with pytest.raises(NumberError):
        read_number(text, "en")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60), st.sampled_from(["en", "fr", "es", "ar", "hi"]))
def test_read_number_answers_any_text(text: str, locale: str) -> None:
    try:
        number = read_number(text, locale)
    except NumberError:
        return
    assert float(number) == float(number.strip())
    assert set(number) <= set("-.0123456789")


@pytest.mark.parametrize(
    ("language", "size_bytes", "text"),
    [
        ("en", 1, "0.1 MB"),
        ("en", 10 * 1024 * 1024, "10 MB"),
        ("fr", 1_600_000, "1,5 MB"),
        ("pt", 3_000_000_000, "2.861 MB"),
        ("ar", 1_600_000, "1.5 MB"),
    ],
)
def test_sizes_have_the_decimals_of_the_language(language: str, size_bytes: int, text: str) -> None:
    app = Flask(__name__)
    Babel(app)
    with app.app_context(), in_language(language):
        assert megabytes_text(size_bytes) == text
