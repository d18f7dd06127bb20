"""ODK's functions of values: everything that an expression can compute without looking around in the form.

Source: ODK XForms Specification, section "XPath Functions"; docs.getodk.org, "Form Operators and Functions".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import regex

from fundapp.applications.form_engine.expressions.values import (
    ExpressionTooSlow,
    Nodes,
    Value,
    as_boolean,
    as_moment,
    as_number,
    as_part_of_day,
    as_text,
    texts_of,
)

REGEX_SECONDS: Final = 0.2


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
    if math.isnan(number) or math.isinf(number):
        return number
    if not abs(digits) <= 30:
        return math.nan
    scale = 10.0 ** int(digits)
    return _half_up(number * scale) / scale


def _translate(text: Value, old: Value, new: Value) -> Value:
    replacements: dict[int, str | None] = {}
    for index, character in enumerate(as_text(old)):
        replacements.setdefault(ord(character), as_text(new)[index] if index < len(as_text(new)) else None)
    return as_text(text).translate(replacements)


def _each_number(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        try:
            return float(function(as_number(value)))
        except (OverflowError, ValueError):
            # Rounding what is no number, the root of less than nothing.
            return math.nan

    return apply


def _whole(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        number = as_number(value)
        return number if math.isnan(number) or math.isinf(number) else float(function(number))

    return apply


def _numbers(values: Sequence[Value]) -> list[float]:
    return [as_number(each) for value in values for each in (value.texts if isinstance(value, Nodes) else [value])]


def _best(choose: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        numbers = _numbers(values)
        return math.nan if not numbers or any(math.isnan(number) for number in numbers) else choose(numbers)

    return apply


def _power(base: Value, exponent: Value) -> Value:
    try:
        power = math.pow(as_number(base), as_number(exponent))
    except (OverflowError, ValueError):
        return math.nan
    return power


def _date(value: Value) -> Value:
    moment = as_moment(value)
    return moment.date().isoformat() if moment else ""


def _date_time(value: Value) -> Value:
    moment = as_moment(value)
    return moment.isoformat(timespec="milliseconds") if moment else ""


def _joined(separator: Value, *values: Value) -> Value:
    return as_text(separator).join(text for value in values for text in texts_of(value))


def _checklist(least: Value, most: Value, *answers: Value) -> Value:
    weights: list[Value] = [each for answer in answers for each in (answer, 1.0)]
    return _weighted_checklist(least, most, *weights)


def _weighted_checklist(least: Value, most: Value, *pairs: Value) -> Value:
    """Add up the weights of the answers "yes"; a limit of -1 is none."""
    total = sum(as_number(weight) for answer, weight in zip(pairs[::2], pairs[1::2], strict=True) if _is_yes(answer))
    low, high = as_number(least), as_number(most)
    return (low == -1 or total >= low) and (high == -1 or total <= high)


def _is_yes(answer: Value) -> bool:
    # ODK's documentation counts the text "yes", its specification what is true or a number above 0.
    if isinstance(answer, bool):
        return answer
    return as_text(answer) == "yes" or as_number(answer) > 0


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
    "int": (1, 1, _whole(math.trunc)),
    "round": (1, 2, _round),
    "floor": (1, 1, _whole(math.floor)),
    "ceiling": (1, 1, _whole(math.ceil)),
    "abs": (1, 1, _each_number(abs)),
    "pow": (2, 2, _power),
    "sqrt": (1, 1, _each_number(math.sqrt)),
    "exp": (1, 1, _each_number(math.exp)),
    "exp10": (1, 1, _each_number(lambda number: 10.0**number)),
    "log": (1, 1, _each_number(lambda number: math.log(number) if number else -math.inf)),
    "log10": (1, 1, _each_number(lambda number: math.log10(number) if number else -math.inf)),
    "sin": (1, 1, _each_number(math.sin)),
    "cos": (1, 1, _each_number(math.cos)),
    "tan": (1, 1, _each_number(math.tan)),
    "asin": (1, 1, _each_number(math.asin)),
    "acos": (1, 1, _each_number(math.acos)),
    "atan": (1, 1, _each_number(math.atan)),
    "atan2": (2, 2, lambda y, x: math.atan2(as_number(y), as_number(x))),
    "pi": (0, 0, lambda: math.pi),
    "min": (1, None, _best(min)),
    "max": (1, None, _best(max)),
    "sum": (1, 1, lambda value: math.fsum(_numbers([value]))),
    "count": (1, 1, lambda value: float(len(value.asked))),
    "count-non-empty": (1, 1, lambda value: float(sum(1 for text in value.texts if text))),
    "date": (1, 1, _date),
    "date-time": (1, 1, _date_time),
    "decimal-date-time": (1, 1, as_number),
    "decimal-time": (1, 1, as_part_of_day),
    "coalesce": (2, 2, lambda first, second: first if as_text(first) else second),
    "concat": (1, None, lambda *values: _joined("", *values)),
    "join": (2, None, _joined),
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
    "checklist": (3, None, _checklist),
    "weighted-checklist": (4, None, _weighted_checklist),
}
OF_NODES: Final = frozenset({"sum", "count", "count-non-empty"})
"""These take a path, and nothing that is computed."""
TAKING_MANY: Final = frozenset({"min", "max", "concat", "join", "boolean", "not"})
"""These take the answers of several rows, or values."""
