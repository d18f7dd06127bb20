"""ODK's values and functions: everything that an expression can compute.

Source: ODK XForms Specification, section "XPath Functions"; docs.getodk.org, "Form Operators and Functions".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import regex

Value = str | float | bool

REGEX_SECONDS: Final = 0.2
_EPOCH: Final = date(1970, 1, 1)
_NUMBER: Final = regex.compile(r"\s*-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", regex.ASCII)
_DATE: Final = regex.compile(r"\s*(\d{4})-(\d{2})-(\d{2})\s*", regex.ASCII)


class ExpressionTooSlow(Exception):
    """A pattern took too long on this answer; the answer is neither right nor wrong."""


# -- Values ---------------------------------------------------------------------------------------------------------


def as_text(value: Value) -> str:
    """Turn a value into text, as XPath writes numbers and booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return str(int(value)) if value.is_integer() else repr(value)
    return value


def as_number(value: Value) -> float:
    """Turn a value into a number; a date becomes its days since 1970-01-01, anything unreadable NaN."""
    if not isinstance(value, str):
        return float(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    day = _date(value)
    return float((day - _EPOCH).days) if day else math.nan


def as_boolean(value: Value) -> bool:
    """Say whether a value counts as true."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def _date(value: str) -> date | None:
    if match := _DATE.fullmatch(value):
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            return None
    return None


# -- Functions ------------------------------------------------------------------------------------------------------


def _selected(chosen: Value, name: Value) -> Value:
    return as_text(name).strip() in as_text(chosen).split()


def _selected_at(chosen: Value, index: Value) -> Value:
    names, place = as_text(chosen).split(), as_number(index)
    return names[int(place)] if 0 <= place < len(names) else ""


def _regex(text: Value, pattern: Value) -> Value:
    try:
        return bool(regex.fullmatch(as_text(pattern), as_text(text), regex.ASCII, timeout=REGEX_SECONDS))
    except TimeoutError as error:
        raise ExpressionTooSlow(as_text(pattern)) from error
    except regex.error:
        # A pattern written out in the form was tried at loading; a broken one from an answer matches nothing.
        return False


def _substr(text: Value, start: Value, end: Value = math.inf) -> Value:
    """Cut from `start` (from 0, inclusive) to `end` (exclusive)."""
    first, last = as_number(start), as_number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    whole = as_text(text)
    return whole[slice(*(int(max(-len(whole), min(len(whole), place))) for place in (first, last)))]


def _substring(text: Value, start: Value, length: Value = math.inf) -> Value:
    """Cut `length` characters from `start` (from 1), as XPath 1.0 rounds them."""
    first, size = as_number(start), as_number(length)
    return "".join(
        character
        for place, character in enumerate(as_text(text), 1)
        if place >= _half_up(first) and place < _half_up(first) + _half_up(size)
    )


def _half_up(value: float) -> float:
    return value if math.isnan(value) or math.isinf(value) else math.floor(value + 0.5)


def _round(value: Value, places: Value = 0.0) -> Value:
    number, digits = as_number(value), as_number(places)
    if math.isnan(number) or math.isinf(number) or not abs(digits) <= 30:
        return math.nan
    scale = 10.0 ** int(digits)
    return _half_up(number * scale) / scale


def _translate(text: Value, old: Value, new: Value) -> Value:
    replacements: dict[int, str | None] = {}
    for index, character in enumerate(as_text(old)):
        replacements.setdefault(ord(character), as_text(new)[index] if index < len(as_text(new)) else None)
    return as_text(text).translate(replacements)


def _whole(value: Value) -> Value:
    number = as_number(value)
    return number if math.isnan(number) or math.isinf(number) else float(math.trunc(number))


def _each_number(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        number = as_number(value)
        return number if math.isnan(number) or math.isinf(number) else float(function(number))

    return apply


def _best(choose: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        numbers = [as_number(value) for value in values]
        return math.nan if any(math.isnan(number) for number in numbers) else choose(numbers)

    return apply


def _power(base: Value, exponent: Value) -> Value:
    try:
        power = math.pow(as_number(base), as_number(exponent))
    except (OverflowError, ValueError):
        return math.nan
    return power


def _as_date(value: Value) -> Value:
    if isinstance(value, str) and _date(value):
        return value.strip()
    try:
        return (_EPOCH + timedelta(days=math.floor(as_number(value)))).isoformat()
    except (OverflowError, ValueError):
        return ""


def _before(text: Value, mark: Value) -> Value:
    head, found, _tail = as_text(text).partition(as_text(mark)) if as_text(mark) else ("", "", "")
    return head if found else ""


def _after(text: Value, mark: Value) -> Value:
    if not as_text(mark):
        return as_text(text)
    return as_text(text).partition(as_text(mark))[2]


# name: (least and most arguments, what it computes). Where none and one are allowed, none means the current answer.
FUNCTIONS: Final[Mapping[str, tuple[int, int | None, Callable[..., Value]]]] = {
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "not": (1, 1, lambda value: not as_boolean(value)),
    "boolean": (1, 1, as_boolean),
    "boolean-from-string": (1, 1, lambda value: as_text(value).strip() in {"true", "1"}),
    "string": (0, 1, as_text),
    "number": (0, 1, as_number),
    "string-length": (0, 1, lambda value: float(len(as_text(value)))),
    "normalize-space": (0, 1, lambda value: " ".join(as_text(value).split())),
    "int": (1, 1, _whole),
    "round": (1, 2, _round),
    "floor": (1, 1, _each_number(math.floor)),
    "ceiling": (1, 1, _each_number(math.ceil)),
    "abs": (1, 1, _each_number(abs)),
    "pow": (2, 2, _power),
    "min": (1, None, _best(min)),
    "max": (1, None, _best(max)),
    "date": (1, 1, _as_date),
    "decimal-date-time": (1, 1, as_number),
    "coalesce": (2, 2, lambda first, second: first if as_text(first) else second),
    "concat": (1, None, lambda *values: "".join(map(as_text, values))),
    "contains": (2, 2, lambda text, part: as_text(part) in as_text(text)),
    "starts-with": (2, 2, lambda text, part: as_text(text).startswith(as_text(part))),
    "ends-with": (2, 2, lambda text, part: as_text(text).endswith(as_text(part))),
    "substr": (2, 3, _substr),
    "substring": (2, 3, _substring),
    "substring-before": (2, 2, _before),
    "substring-after": (2, 2, _after),
    "translate": (3, 3, _translate),
    "regex": (2, 2, _regex),
    "selected": (2, 2, _selected),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda chosen: float(len(as_text(chosen).split()))),
}
