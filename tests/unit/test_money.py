"""Amounts: read as people write them, never rounded in secret, shown with their code."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.money import MAX_MINOR, Money, MoneyError, exponent

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "XOF", "KWD", "CLF", "MMK", "IQD"])
LOCALES = st.sampled_from(["en", "fr", "es", "ar", "de", "hi", "pt_BR"])


@pytest.mark.parametrize(
    ("code", "digits"), [("USD", 2), ("JPY", 0), ("XOF", 0), ("UGX", 0), ("KWD", 3), ("CLF", 4), ("MMK", 2)]
)
def test_exponent_is_the_standards_not_the_cash_drawers(code: str, digits: int) -> None:
    assert exponent(code) == digits


@pytest.mark.parametrize("code", ["", "usd", "US", "DOLLAR", "XAU", "XXX", "XTS", "HRK\n"])
def test_exponent_refuses_what_nobody_can_pay(code: str) -> None:
    with pytest.raises(MoneyError):
        exponent(code)


@pytest.mark.parametrize(
    ("text", "currency", "locale", "minor"),
    [
        ("1,000.00", "USD", "en", 100_000),
        ("1.000,00", "EUR", "es", 100_000),
        ("1.000,00", "EUR", "en", 100_000),
        ("1 000", "USD", "fr", 100_000),
        ("1\u202f000,50", "EUR", "fr", 100_050),
        ("1\u00a0000", "XOF", "fr", 1_000),
        ("1'000.50", "USD", "en", 100_050),
        ("1,000", "USD", "en", 100_000),
        ("1.000", "EUR", "es", 100_000),
        ("1.000", "USD", "fr", 100_000),
        ("1.000", "KWD", "en", 1_000),
        ("1.000", "KWD", "es", 1_000_000),
        ("1,000,000", "USD", "fr", 100_000_000),
        ("12,34,567.00", "USD", "hi", 123_456_700),
        ("12,5", "USD", "en", 1_250),
        ("12.50", "EUR", "fr", 1_250),
        ("0.5", "USD", "en", 50),
        ("0.005", "KWD", "en", 5),
        ("100.00", "JPY", "en", 100),
        ("1000.0000", "USD", "en", 100_000),
        ("١٬٠٠٠٫٥٠", "USD", "ar", 100_050),
        ("١٢٣٤", "USD", "ar", 123_400),
        ("१,०००", "USD", "hi", 100_000),
        ("US$ 1,000", "USD", "en", 100_000),
        ("$10,000", "USD", "en", 1_000_000),
        ("USD 17000", "USD", "en", 1_700_000),
        ("17000 usd", "USD", "fr", 1_700_000),
        ("1 280,00 €", "EUR", "fr", 128_000),
        ("0", "USD", "en", 0),
    ],
)
def test_parse_reads_what_people_write(text: str, currency: str, locale: str, minor: int) -> None:
    assert Money.parse(text, currency, locale) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "locale"),
    [
        ("0.001", "EUR", "en"),
        ("0.5", "JPY", "en"),
        ("1.000", "USD", "en"),
        ("1.000", "JPY", "en"),
        ("1,000", "EUR", "fr"),
        ("", "USD", "en"),
        ("ten", "USD", "en"),
        ("-1", "USD", "en"),
        ("\u22121", "USD", "en"),
        ("(100)", "USD", "en"),
        ("1e20", "USD", "en"),
        ("1" * 400_000, "USD", "en"),
        ("99999999999999999999", "USD", "en"),
        ("NaN", "USD", "en"),
        ("inf", "USD", "en"),
        ("1,00,0", "USD", "en"),
        ("1,000.5.5", "USD", "en"),
        ("1,000 000", "USD", "en"),
        ("1,", "USD", "en"),
        (",5", "USD", "en"),
        ("1..5", "USD", "en"),
        ("€ 100", "USD", "en"),
        ("100 KES", "USD", "en"),
        ("1\x00", "USD", "en"),
        ("½", "USD", "en"),
        ("²", "USD", "en"),
        ("100", "XXX", "en"),
    ],
)
def test_parse_refuses_with_a_message_rather_than_guess(text: str, currency: str, locale: str) -> None:
    with pytest.raises(MoneyError) as caught:
        Money.parse(text, currency, locale)
    assert str(caught.value.message)


@pytest.mark.parametrize(
    ("money", "locale", "shown"),
    [
        (Money(128_000, "USD"), "en", "US$1,280.00 (USD)"),
        (Money(128_000, "USD"), "fr", "1\u202f280,00\u00a0$US (USD)"),
        (Money(128_000, "USD"), "es", "1.280,00\u00a0US$ (USD)"),
        (Money(128_000, "USD"), "ar", "\u200f1,280.00\u00a0US$ (USD)"),
        (Money(1_280, "XOF"), "fr", "1\u202f280\u00a0F\u202fCFA (XOF)"),
        (Money(1_280, "JPY"), "en", "JP¥1,280 (JPY)"),
        (Money(1_280_500, "KWD"), "en", "KWD\u00a01,280.500"),
        (Money(128_050, "KES"), "en", "KES\u00a01,280.50"),
        (Money(128_050, "MMK"), "en", "MMK\u00a01,280.50"),
    ],
)
def test_format_always_shows_the_code_and_the_currencys_decimals(money: Money, locale: str, shown: str) -> None:
    assert money.format(locale) == shown


@given(minor=st.integers(0, MAX_MINOR), currency=CURRENCIES, locale=LOCALES)
def test_what_is_shown_reads_back_as_the_same_amount(minor: int, currency: str, locale: str) -> None:
    money = Money(minor, currency)
    shown = money.format(locale).removesuffix(f"({currency})").strip()
    try:
        read = Money.parse(shown, currency, locale)
    except MoneyError:
        # Only a number that a neighbour would read differently may be refused: one separator, three decimals.
        assert exponent(currency) == 3
    else:
        assert read == money


@given(text=st.text(alphabet="0123456789.,' -\u202f٠١٢٫٬$€eE+()", max_size=20), currency=CURRENCIES, locale=LOCALES)
def test_parse_returns_an_amount_or_says_what_is_wrong(text: str, currency: str, locale: str) -> None:
    try:
        money = Money.parse(text, currency, locale)
    except MoneyError:
        return
    assert 0 <= money.minor <= MAX_MINOR


def test_floats_are_refused_everywhere() -> None:
    with pytest.raises(TypeError):
        Money(10.5, "USD")  # type: ignore[arg-type]  # a float is what is refused
    with pytest.raises(TypeError):
        Money(True, "USD")
    with pytest.raises(TypeError):
        Money.rounded(0.1, "USD")  # type: ignore[arg-type]  # a float is what is refused


def test_rounding_is_half_to_even_at_the_currencys_exponent() -> None:
    assert [Money.rounded(Decimal(text), "USD").minor for text in ("0.005", "0.015", "0.025", "2.675", "-0.015")] == [
        0,
        2,
        2,
        268,
        -2,
    ]
    assert Money.rounded(Decimal("0.5"), "JPY").minor == 0
    assert Money.rounded(Decimal("1.5"), "JPY").minor == 2


def test_decimal_keeps_the_currencys_places() -> None:
    assert str(Money(5, "USD").decimal) == "0.05"
    assert str(Money(5, "JPY").decimal) == "5"
    assert str(Money(128_000, "USD")) == "USD 1280.00"


def test_sums_stay_in_one_currency() -> None:
    assert Money(1, "USD") + Money(2, "USD") - Money(4, "USD") == Money(-1, "USD")
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(1, "USD") + Money(1, "EUR")
