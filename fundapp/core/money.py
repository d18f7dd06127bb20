"""Money: whole minor units and an ISO 4217 code, read from what people write and shown so that no one misreads it."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final, Self

import pycountry
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import NumberError, cldr, read_number

# Minor units that are not 2. CLDR's own figures differ for a dozen currencies (they describe cash in daily use), and
# pycountry carries none, so the standard's exceptions stand here. Source: ISO 4217, list one, column "minor unit".
_EXPONENTS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
# Without metals, fund units and test codes: nothing that a grant can be paid in.
_PAYABLE: Final = frozenset(currency.alpha_3 for currency in pycountry.currencies) - {
    *("XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX")
}

# Far above any grant in any currency, and safe in every place that a number passes through (JSON, spreadsheets).
MAX_MINOR: Final = 10**15


class MoneyError(ValueError):
    """This is not an amount of money. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def exponent(currency: str) -> int:
    """Return how many decimals `currency` has (USD 2, JPY 0, KWD 3).

    Raises MoneyError for anything but an ISO 4217 code in which money can be paid. Source: ISO 4217.
    """
    if currency not in _PAYABLE:
        raise MoneyError(_l("%(code)s is not a currency code.", code=str(currency)[:10]))
    return _EXPONENTS.get(currency, 2)


def currencies() -> list[str]:
    """Return the ISO 4217 codes in which money can be paid, in order."""
    return sorted(_PAYABLE)


@dataclass(frozen=True, order=False)
class Money:
    """An amount in whole minor units (cents; yen) of one ISO 4217 currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("minor units are whole numbers")
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str, locale: str) -> Self:
        """Read an amount of `currency` as people write it, in any digits; never guesses and never rounds.

        "1,000.00", "1.000,00", "1 000", "12,34,567.00", "١٬٠٠٠٫٥٠" and "US$ 1,000" are read. One separator with three
        digits behind it ("1.000") means what `locale` says. Raises MoneyError.
        """
        digits = exponent(currency)
        try:
            number = read_number(_without_symbol(text, currency, locale), locale)
        except NumberError as error:
            raise MoneyError(error.message) from error
        if number.startswith("-"):
            raise MoneyError(_l("An amount cannot be less than zero."))
        whole, _, fraction = number.partition(".")
        if len(fraction.rstrip("0")) > digits or (len(fraction) == 3 and digits != 3):
            if digits == 0:
                raise MoneyError(_l("%(code)s has no decimals. Write a whole number.", code=currency))
            raise MoneyError(_l("%(code)s has at most %(digits)s decimals.", code=currency, digits=digits))
        minor = int(whole or "0") * 10**digits + int(fraction[:digits].ljust(digits, "0") or "0")
        if minor > MAX_MINOR:
            raise MoneyError(_l("This amount is too large."))
        return cls(minor, currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Return the nearest amount that can be paid, half to even: the only place where money is rounded."""
        if not isinstance(amount, Decimal):
            raise TypeError("amounts are Decimal, never float")
        return cls(int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN)), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def format(self, locale: str) -> str:
        """Write the amount by CLDR, always with the ISO code too: "US$1,280.00 (USD)"."""
        symbol = get_currency_symbol(self.currency, locale=cldr(locale))
        shown = _pattern(locale, exponent(self.currency), symbol).apply(
            self.decimal, cldr(locale), currency=self.currency, currency_digits=False
        )
        return shown if self.currency in symbol else f"{shown} ({self.currency})"

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same_currency(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same_currency(other), self.currency)

    def _same_currency(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor


@lru_cache(maxsize=256)
def _pattern(locale: str, digits: int, symbol: str) -> NumberPattern:
    written = cldr(locale).currency_formats["standard"].pattern
    # CLDR's rule for symbols made of letters: a space between them and the figures ("KES 1,280").
    if symbol[-1].isalpha():
        written = written.replace("¤#", "¤\u00a0#")
    if symbol[0].isalpha():
        written = written.replace("0¤", "0\u00a0¤")
    pattern = parse_pattern(written)
    pattern.frac_prec = (digits, digits)
    return pattern


def _without_symbol(text: str, currency: str, locale: str) -> str:
    """Take this currency's own code or symbol off either end; any other letter is left, and refused later."""
    bare = text.strip().strip("\u200e\u200f\u061c").strip()
    symbols = {currency, *(get_currency_symbol(currency, locale=where) for where in (cldr(locale), "en", "en_001"))}
    for symbol in sorted(symbols, key=len, reverse=True):
        if bare.upper().startswith(symbol.upper()):
            return bare[len(symbol) :].strip()
        if bare.upper().endswith(symbol.upper()):
            return bare[: -len(symbol)].strip()
    return bare
