"""Takes values out of a table of call.toml one by one; what is wrong, missing or left over is named by its key."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import regex

from fundapp.applications.call_package.local_time import LocalTimeError, comes_twice, instant
from fundapp.applications.form_engine.definition import Texts
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import plain_number
from fundapp.core.text import TextError, clean_text

FILE: Final = "call.toml"
SLUG: Final = regex.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CODE: Final = regex.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
MOST_TABLES: Final = 50
MOST_STRINGS: Final = 500
MOST_CHARACTERS: Final = 10_000
MOST_ON_A_LINE: Final = 200
_ABSENT: Final = object()


@dataclass(frozen=True)
class Unready(Problem):
    """What a call must not be announced with, and what a draft of it may wait for."""


@dataclass
class Keys:
    """A table of call.toml. Each method that takes returns a value that is safe to go on with, also after a problem.

    `path` is where the table stands, for people; `field` is where pages have it, with codes in place of numbers.
    """

    values: Mapping[str, Any]
    problems: list[Problem]
    path: str = ""
    languages: Sequence[str] = ()
    field: str = ""
    _taken: set[str] = dataclasses.field(default_factory=set)

    def complain(self, key: str, message: str, kind: type[Problem] = Problem) -> None:
        """Note a problem with a key."""
        self.problems.append(kind(message, field=_joined(self.field, key), place=f"{FILE}, key {self._place(key)}"))

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
        return Keys(values or {}, self.problems, self._place(key), self.languages, _joined(self.field, key))

    def tables(self, key: str) -> Iterator["Keys"]:
        """Take a list of tables, written [[key]]; their places count from 1, and pages know them by their codes."""
        listed = self._take(key, list, _l("This is a list of tables, written [[%(key)s]].", key=key), required=False)
        if len(listed or ()) > MOST_TABLES:
            self.complain(key, _l("There are more than %(most)s of these.", most=MOST_TABLES))
        for number, values in enumerate((listed or [])[:MOST_TABLES], 1):
            if isinstance(values, dict):
                place = f"{self._place(key)} {number}"
                name = f"{_joined(self.field, key)}.{values.get('code', number)}"
                yield Keys(values, self.problems, place, self.languages, name)
            else:
                self.complain(key, _l("This is a list of tables, written [[%(key)s]].", key=key))

    def text(
        self, key: str, pattern: Any = None, example: str = "", *, required: bool = True, can_wait: bool = False
    ) -> str:
        """Take a text on one line, which fits a pattern where one is given. A draft may lack one that `can_wait`."""
        kind = Unready if can_wait else Problem
        written = self._take(key, str, _l("Write this as text in quotes."), required=required, absent=kind)
        if written is None:
            return ""
        text = self._clean(key, written, multiline=False)
        if required and not text:
            self.complain(key, _l("This is empty."), kind)
        elif pattern is not None and text and not pattern.fullmatch(text):
            self.complain(key, _l("This is not written as it has to be; for example: %(example)s.", example=example))
        return text

    def texts(self, key: str, *, required: bool = True, further: Sequence[str] = ()) -> Texts:
        """Take a text in every language of the call; it may also be given in `further` ones."""
        message = _l('Write this in every language: %(key)s.en = "…".', key=key)
        written = self._take(key, dict, message, required=required, absent=Unready)
        if written is None:
            return {}
        texts: dict[str, str] = {}
        for language, text in written.items():
            if language not in (*self.languages, *further):
                self.complain(f"{key}.{language}", _l("The call is not in this language."))
            elif not isinstance(text, str):
                self.complain(f"{key}.{language}", _l("Write this as text in quotes."))
            elif cleaned := self._clean(f"{key}.{language}", text, multiline=True):
                texts[language] = cleaned
        for language in self.languages:
            if language not in texts:
                self.complain(f"{key}.{language}", _l("The text in this language is missing."), Unready)
        return texts

    def strings(self, key: str, *, required: bool = True) -> list[str]:
        """Take a list of texts, each on one line; only where it is not `required` it may be empty."""
        message = _l('Write a list of texts: ["en", "fr"].')
        listed = self._take(key, list, message, required=required)
        if listed is None:
            return []
        if (required and not listed) or not all(isinstance(each, str) for each in listed):
            self.complain(key, message)
        if len(listed) > MOST_STRINGS:
            self.complain(key, _l("There are more than %(most)s of these.", most=MOST_STRINGS))
        return [
            cleaned
            for each in listed[:MOST_STRINGS]
            if isinstance(each, str) and (cleaned := self._clean(key, each, multiline=False))
        ]

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """Take a whole number from `least` to `most` (inclusive)."""
        written = self._take(key, int, _l("Write a whole number."), required=default is None)
        if written is None:
            return least if default is None else default
        if not least <= written <= most:
            self.complain(key, _l("This lies between %(least)s and %(most)s.", least=least, most=most))
            return least
        return int(written)

    def days(self, key: str, *, most: int, most_of_them: int) -> list[int]:
        """Take a list of at most so many numbers of days from 1 to `most`; return each once, the largest first."""
        message = _l("Write whole numbers from 1 to %(most)s.", most=most)
        listed = self._take(key, list, message, required=False) or []
        if not all(type(each) is int and 1 <= each <= most for each in listed):
            self.complain(key, message)
            return []
        if len(listed) > most_of_them:
            self.complain(key, _l("There are more than %(most)s of these.", most=most_of_them))
            return []
        return sorted(set(listed), reverse=True)

    def weight(self, key: str) -> Decimal:
        """Take a weight above zero; 1 where there is none."""
        written = self._take(key, (int, float), _l("Write a number."), required=False)
        weight = Decimal(1) if written is None else Decimal(str(written))
        if not (weight.is_finite() and 0 < weight < 10_000 and weight == round(weight, 4)):
            self.complain(key, _l("A weight is above 0, with at most four decimals."))
            return Decimal(1)
        return weight

    def number(self, key: str, *, least: int, most: int, default: int | None = None) -> Decimal:
        """Take a number from `least` to `most` (inclusive) with at most four decimals, exactly as it is written."""
        written = self._take(key, (int, float), _l("Write a number."), required=default is None)
        if written is None:
            return Decimal(least if default is None else default)
        number = Decimal(str(written))
        if not (number.is_finite() and least <= number <= most and number == round(number, 4)):
            message = _l(
                "This lies between %(least)s and %(most)s, with at most four decimals.", least=least, most=most
            )
            self.complain(key, message)
            return Decimal(least)
        return plain_number(number)

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
        """Take a time on the wall clocks of `zone`, and return the instant in UTC.

        With an offset of its own it is taken only where clocks show it twice: nothing else could tell which is meant.
        """
        message = _l("Write day and time without a zone: 2020-11-15T23:59:00.")
        written = self._take(key, datetime, message)
        if written is None or zone is None:
            return None
        if written.tzinfo is not None:
            if comes_twice(written.astimezone(zone)):
                return cast(datetime, written.astimezone(UTC))
            self.complain(key, message)
            return None
        try:
            return instant(written, zone)
        except (LocalTimeError, OverflowError) as error:
            self.complain(key, error.message if isinstance(error, LocalTimeError) else message)
            return None

    def past_instant(self, key: str, zone: ZoneInfo | None) -> datetime | None:
        """Take the time of something that has happened: by the wall clocks of `zone`, or with an offset of its own."""
        written = self.values.get(key)
        if isinstance(written, datetime) and written.tzinfo is not None:
            self._taken.add(key)
            return written.astimezone(UTC)
        return self.instant(key, zone)

    def _place(self, key: str) -> str:
        return _joined(self.path, key)

    def _take(
        self, key: str, kind: Any, message: str, *, required: bool = True, absent: type[Problem] = Problem
    ) -> Any:
        self._taken.add(key)
        value = self.values.get(key, _ABSENT)
        if value is _ABSENT:
            if required:
                self.complain(key, _l("This is missing."), absent)
            return None
        # In Python true is a number, in a call it is not.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(key, message)
            return None
        return value

    def _clean(self, key: str, text: str, *, multiline: bool) -> str:
        try:
            cleaned = clean_text(text, multiline=multiline)
        except TextError as error:
            self.complain(key, error.message)
            return ""
        most = MOST_CHARACTERS if multiline else MOST_ON_A_LINE
        if len(cleaned) > most:
            self.complain(key, _l("This is too long: at most %(most)s characters.", most=most))
        return cleaned


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key
