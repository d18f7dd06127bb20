"""Takes values out of a table of call.toml one by one; what is wrong, missing or left over is named by its key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import regex

from fundapp.applications.call_package.local_time import LocalTimeError, instant
from fundapp.applications.form_definition import Texts
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.text import TextError, clean_text

FILE: Final = "call.toml"
SLUG: Final = regex.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CODE: Final = regex.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_ABSENT: Final = object()


@dataclass
class Keys:
    """A table of call.toml. Each `take_…` returns a value that is safe to go on with, also after a problem."""

    values: Mapping[str, Any]
    problems: list[Problem]
    path: str = ""
    languages: Sequence[str] = ()
    _taken: set[str] = field(default_factory=set)

    def complain(self, key: str, message: str) -> None:
        """Note a problem with a key."""
        name = f"{self.path}.{key}" if self.path and key else self.path or key
        self.problems.append(Problem(message, place=f"{FILE}, key {name}"))

    def has(self, key: str) -> bool:
        """Return whether the key is there."""
        return key in self.values

    def finish(self) -> None:
        """Complain about every key that nothing has taken: most are typing errors."""
        for key in self.values:
            if key not in self._taken:
                self.complain(key, _l("This key is not known."))

    def table(self, key: str, *, required: bool = True) -> "Keys":
        """Take a table."""
        values = self._take(key, dict, _l("This is a table, written [%(key)s].", key=key), required=required)
        return Keys(values or {}, self.problems, f"{self.path}.{key}" if self.path else key, self.languages)

    def tables(self, key: str) -> Iterator["Keys"]:
        """Take a list of tables, written [[key]]; their places count from 1."""
        listed = self._take(key, list, _l("This is a list of tables, written [[%(key)s]].", key=key), required=False)
        path = f"{self.path}.{key}" if self.path else key
        for number, values in enumerate(listed or [], 1):
            if isinstance(values, dict):
                yield Keys(values, self.problems, f"{path} {number}", self.languages)
            else:
                self.complain(key, _l("This is a list of tables, written [[%(key)s]].", key=key))

    def text(self, key: str, pattern: Any = None, example: str = "", *, required: bool = True) -> str:
        """Take a text on one line, which fits a pattern where one is given."""
        written = self._take(key, str, _l("Write this as text in quotes."), required=required)
        if written is None:
            return ""
        text = self._clean(key, written, multiline=False)
        if required and not text:
            self.complain(key, _l("This is empty."))
        elif pattern is not None and text and not pattern.fullmatch(text):
            self.complain(key, _l("This is not written as it has to be; for example: %(example)s.", example=example))
        return text

    def texts(self, key: str, *, required: bool = True) -> Texts:
        """Take a text in every language of the call."""
        written = self._take(
            key, dict, _l('Write this in every language: %(key)s.en = "…".', key=key), required=required
        )
        if written is None:
            return {}
        texts: dict[str, str] = {}
        for language, text in written.items():
            if language not in self.languages:
                self.complain(f"{key}.{language}", _l("The call is not in this language."))
            elif not isinstance(text, str):
                self.complain(f"{key}.{language}", _l("Write this as text in quotes."))
            elif cleaned := self._clean(f"{key}.{language}", text, multiline=True):
                texts[language] = cleaned
        for language in self.languages:
            if language not in texts:
                self.complain(f"{key}.{language}", _l("The text in this language is missing."))
        return texts

    def strings(self, key: str) -> list[str]:
        """Take a list of texts."""
        message = _l('Write a list of texts: ["en", "fr"].')
        listed = self._take(key, list, message)
        if listed is None:
            return []
        if not listed or not all(isinstance(each, str) for each in listed):
            self.complain(key, message)
        return [each for each in listed if isinstance(each, str)]

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """Take a whole number from `least` to `most` (inclusive)."""
        written = self._take(key, int, _l("Write a whole number."), required=default is None)
        if written is None:
            return least if default is None else default
        if not least <= written <= most:
            self.complain(key, _l("This lies between %(least)s and %(most)s.", least=least, most=most))
            return least
        return int(written)

    def weight(self, key: str) -> Decimal:
        """Take a weight above zero; 1 where there is none."""
        written = self._take(key, (int, float), _l("Write a number."), required=False)
        weight = Decimal(1) if written is None else Decimal(str(written))
        if not (weight.is_finite() and 0 < weight < 10_000 and weight == round(weight, 4)):
            self.complain(key, _l("A weight is above 0, with at most four decimals."))
            return Decimal(1)
        return weight

    def flag(self, key: str) -> bool:
        """Take true or false; false where it is not there."""
        return bool(self._take(key, bool, _l("Write true or false."), required=False))

    def money(self, key: str, currency: str, *, required: bool = True) -> int | None:
        """Take an amount above zero in major units, and return minor units. None where there is none."""
        written = self._take(
            key, (int, str), _l('Write the amount as a whole number, or in quotes: "17500.50".'), required=required
        )
        if written is None or not currency:
            return None
        try:
            minor = Money.parse(str(written), currency, "en").minor
        except MoneyError as error:
            self.complain(key, error.message)
            return None
        if minor == 0:
            self.complain(key, _l("This has to be more than nothing."))
            return None
        return minor

    def instant(self, key: str, zone: ZoneInfo | None) -> datetime | None:
        """Take a time on the wall clocks of `zone`, and return the instant in UTC."""
        message = _l("Write day and time without a zone: 2020-11-15T23:59:00.")
        written = self._take(key, datetime, message)
        if written is None or zone is None:
            return None
        if written.tzinfo is not None:
            self.complain(key, message)
            return None
        try:
            return instant(written, zone)
        except (LocalTimeError, OverflowError) as error:
            self.complain(key, error.message if isinstance(error, LocalTimeError) else message)
            return None

    def _take(self, key: str, kind: Any, message: str, *, required: bool = True) -> Any:
        self._taken.add(key)
        value = self.values.get(key, _ABSENT)
        if value is _ABSENT:
            if required:
                self.complain(key, _l("This is missing."))
            return None
        # In Python true is a number, in a call it is not.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(key, message)
            return None
        return value

    def _clean(self, key: str, text: str, *, multiline: bool) -> str:
        try:
            return clean_text(text, multiline=multiline)
        except TextError as error:
            self.complain(key, error.message)
            return ""
