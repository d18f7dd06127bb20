"""ODK's values: answers are text that turns into numbers and dates where those are asked for.

Source: ODK XForms Specification, sections "XPath Functions" (number, boolean) and "Data Types".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final

import regex

from fundapp.applications.form_engine.expressions.tree import Node, World

_MIDNIGHT: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - on whatever clock the others are
_SECONDS_A_DAY: Final = 86_400
_NUMBER: Final = regex.compile(r"\s*-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", regex.ASCII)
_MOMENT: Final = regex.compile(
    r"\s*(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:T(?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?:Z|[+-]\d{2}(?::?\d{2})?)?)?\s*",
    regex.ASCII,
)
_TIME: Final = regex.compile(
    r"\s*(?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?:Z|[+-]\d{2}(?::?\d{2})?)?\s*", regex.ASCII
)


class ExpressionTooSlow(Exception):
    """An expression took too long on these answers: it is neither true nor false of them."""


@dataclass(frozen=True)
class Nodes:
    """Places of the form that a path has selected, in the order of the form."""

    world: World
    nodes: Sequence[Node]

    @cached_property
    def asked(self) -> list[Node]:
        """Return those that are relevant; nothing else has an answer."""
        return [node for node in self.nodes if self.world.is_asked(node)]

    @property
    def texts(self) -> list[str]:
        """Return the answers at these places."""
        return [self.world.text(node) for node in self.asked]


Plain = str | float | bool
Value = Plain | Nodes


def as_text(value: Value) -> str:
    """Turn a value into text, as XPath writes numbers and booleans; of several places the first."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Nodes):
        return value.texts[0] if value.asked else ""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer():
        return str(int(value))
    shortest = repr(value)
    return shortest if "e" not in shortest else f"{value:.20f}".rstrip("0").rstrip(".")


def as_number(value: Value) -> float:
    """Turn a value into a number; a date becomes its days since 1970-01-01, anything unreadable NaN.

    A date with a time has a fraction of a day, both by the clock on which it was written.
    """
    if isinstance(value, (bool, float)):
        return float(value)
    text = as_text(value)
    if _NUMBER.fullmatch(text):
        return float(text)
    moment = as_moment(text)
    return _days(moment) if moment else math.nan


def as_boolean(value: Value) -> bool:
    """Say whether a value counts as true: a number but 0, a text but the empty one, a place with an answer."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    if isinstance(value, Nodes):
        return any(node.path in value.world.tree.children or value.world.text(node) for node in value.asked)
    return bool(value)


def as_moment(value: Value) -> datetime | None:
    """Read a date, with or without a time, or a number of days since 1970-01-01; None where it is neither.

    An offset is passed over: times are read by the clock on which they were written.
    """
    if isinstance(value, float) and not isinstance(value, bool):
        return _moment_of_days(value)
    text = as_text(value)
    if match := _MOMENT.fullmatch(text):
        try:
            day = date.fromisoformat(match["day"])
            return datetime.combine(day, time.fromisoformat(match["time"] or "00:00"))
        except ValueError:
            return None
    return _moment_of_days(float(text)) if _NUMBER.fullmatch(text) else None


def as_part_of_day(value: Value) -> float:
    """Turn a time, or the time of a date, into a part of a day; NaN where it is neither."""
    if match := _TIME.fullmatch(as_text(value)):
        try:
            read = time.fromisoformat(match["time"])
        except ValueError:
            return math.nan
        return _days(datetime.combine(_MIDNIGHT, read))
    moment = as_moment(value)
    return _days(moment) % 1 if moment else math.nan


def texts_of(value: Value) -> list[str]:
    """Return a value as texts: one for each place, one for anything else."""
    return value.texts if isinstance(value, Nodes) else [as_text(value)]


def _days(moment: datetime) -> float:
    since = moment - _MIDNIGHT
    return since.days + (since.seconds + since.microseconds / 1_000_000) / _SECONDS_A_DAY


def _moment_of_days(days: float) -> datetime | None:
    if math.isnan(days) or math.isinf(days):
        return None
    try:
        whole = math.floor(days)
        # To the millisecond, which is what ODK's times have.
        milliseconds = round((days - whole) * _SECONDS_A_DAY * 1000)
        return _MIDNIGHT + timedelta(days=whole, milliseconds=milliseconds)
    except OverflowError:
        return None


# -- Comparing --------------------------------------------------------------------------------------------------------

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(symbol: str, left: Value, right: Value) -> bool:
    """Compare two values; several places compare as true when one of them does."""
    if isinstance(left, Nodes) or isinstance(right, Nodes):
        return any(
            compare(symbol, one, other)
            for one in (left.texts or [""] if isinstance(left, Nodes) else [left])
            for other in (right.texts or [""] if isinstance(right, Nodes) else [right])
        )
    if symbol in COMPARISONS:
        return COMPARISONS[symbol](as_number(left), as_number(right))
    return _equal(left, right) == (symbol == "=")


def _equal(left: Plain, right: Plain) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return as_boolean(left) == as_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return as_number(left) == as_number(right)
    return left == right
