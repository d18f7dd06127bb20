"""Expressions of a form (constraints), as ODK understands them.

elementpath reads the expression (grammar, number of arguments); what it read is computed here by ODK's rules, which
differ from plain XPath 1.0: answers are text that turns into numbers when compared, dates compare as days, `selected`
looks into space-separated choices, `regex` has to match the whole text. Only what is listed here can be computed, so an
expression can reach nothing but the answers.

Source: ODK XForms Specification, section "XPath Functions"; docs.getodk.org, "Form Operators and Functions".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import regex
from elementpath import ElementPathError, XPath1Parser
from elementpath.tdop import Parser

from fundapp.core.i18n import lazy_gettext as _l

Value = str | float | bool

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 50
REGEX_SECONDS: Final = 0.2
_EPOCH: Final = date(1970, 1, 1)
_NUMBER: Final = regex.compile(r"\s*-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", regex.ASCII)
_DATE: Final = regex.compile(r"\s*(\d{4})-(\d{2})-(\d{2})\s*", regex.ASCII)
_LITERAL_OR_REFERENCE: Final = regex.compile(r"""'[^']*'|"[^"]*"|\$\{\s*([^{}]*?)\s*\}|(\$)""")
_LITERAL: Final = regex.compile(r"""'[^']*'|"[^"]*\"""")
_CALL: Final = regex.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_OPERATOR_WORDS: Final = frozenset({"and", "or", "div", "mod"})


class ExpressionError(ValueError):
    """The expression cannot be read, or uses what is not supported. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ExpressionTooSlow(Exception):
    """A pattern took too long on this answer; the answer is neither right nor wrong."""


@dataclass(frozen=True)
class Answers:
    """What an expression may look at: the answer being checked, the others by name, and today's date."""

    current: str
    others: Mapping[str, str]
    today: date


@dataclass(frozen=True)
class Expression:
    """An expression that was read without error."""

    source: str
    references: frozenset[str]
    _root: Any

    def holds(self, answers: Answers) -> bool:
        """Return whether the expression is true of these answers.

        Raises ExpressionTooSlow if a pattern ran out of time on them.
        """
        return _boolean(_compute(self._root, answers))


def parse_expression(source: str) -> Expression:
    """Read an expression; `${name}` stands for another answer and `.` for the one being checked.

    Raises ExpressionError with everything that a form's author needs to put it right.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(_l("The expression is longer than %(limit)s characters.", limit=MAX_LENGTH))
    calls = _CALL.findall(_LITERAL.sub("''", source))
    if unknown := sorted({name for name in calls if name not in _ARITIES and name not in _OPERATOR_WORDS}):
        raise ExpressionError(
            _l("These functions are not supported: %(names)s.", names=", ".join(f"{name}()" for name in unknown))
        )
    references: set[str] = set()

    def as_variable(match: "regex.Match[str]") -> str:
        name, lone_dollar = match.group(1), match.group(2)
        if lone_dollar:
            raise ExpressionError(_l("Write ${name} to use the answer to another question."))
        if name is None:
            return str(match.group(0))
        if not regex.fullmatch(r"[\p{L}_][\p{L}\p{N}\p{M}_.-]*", name):
            raise ExpressionError(_l("${%(name)s} is not the name of a question.", name=name))
        references.add(name)
        return f"${name}"

    try:
        root = _OdkParser().parse(_LITERAL_OR_REFERENCE.sub(as_variable, source))
        _check_supported(root)
    except ElementPathError as error:
        raise ExpressionError(_l("The expression cannot be read: %(reason)s", reason=_reason(error))) from error
    except RecursionError as error:
        raise ExpressionError(_l("The expression is nested too deeply.")) from error
    return Expression(source=source, references=frozenset(references), _root=root)


class _OdkParser(XPath1Parser):
    """XPath 1.0 with ODK's functions, each with its number of arguments."""

    def parse(self, source: str) -> Any:
        """Read the source without elementpath's own trial run, which knows nothing of ODK's functions."""
        if self.tokenizer is None:
            self.tokenizer = self.create_tokenizer(self.symbol_table)
        return Parser.parse(self, source)


def _reason(error: ElementPathError) -> str:
    # "… at line 1, column 2: [err:XPST0003] unexpected end of source": what stands behind the code is for people.
    return str(error).rsplit("] ", 1)[-1]


# -- Values ---------------------------------------------------------------------------------------------------------


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return str(int(value)) if value.is_integer() else repr(value)
    return value


def _number(value: Value) -> float:
    """Turn a value into a number; a date becomes its days since 1970-01-01, anything unreadable NaN."""
    if not isinstance(value, str):
        return float(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    day = _date(value)
    return float((day - _EPOCH).days) if day else math.nan


def _boolean(value: Value) -> bool:
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
    return _text(name).strip() in _text(chosen).split()


def _selected_at(chosen: Value, index: Value) -> Value:
    names, place = _text(chosen).split(), _number(index)
    return names[int(place)] if 0 <= place < len(names) else ""


def _regex(text: Value, pattern: Value) -> Value:
    try:
        return bool(regex.fullmatch(_text(pattern), _text(text), regex.ASCII, timeout=REGEX_SECONDS))
    except TimeoutError as error:
        raise ExpressionTooSlow(_text(pattern)) from error
    except regex.error:
        # A pattern written out in the form was tried at loading; a broken one from an answer matches nothing.
        return False


def _substr(text: Value, start: Value, end: Value = math.inf) -> Value:
    """Cut from `start` (from 0, inclusive) to `end` (exclusive)."""
    first, last = _number(start), _number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    whole = _text(text)
    return whole[slice(*(int(max(-len(whole), min(len(whole), place))) for place in (first, last)))]


def _substring(text: Value, start: Value, length: Value = math.inf) -> Value:
    """Cut `length` characters from `start` (from 1), as XPath 1.0 rounds them."""
    first, size = _number(start), _number(length)
    return "".join(
        character
        for place, character in enumerate(_text(text), 1)
        if place >= _half_up(first) and place < _half_up(first) + _half_up(size)
    )


def _half_up(value: float) -> float:
    return value if math.isnan(value) or math.isinf(value) else math.floor(value + 0.5)


def _round(value: Value, places: Value = 0.0) -> Value:
    number, digits = _number(value), _number(places)
    if math.isnan(number) or math.isinf(number) or not abs(digits) <= 30:
        return math.nan
    scale = 10.0 ** int(digits)
    return _half_up(number * scale) / scale


def _translate(text: Value, old: Value, new: Value) -> Value:
    replacements: dict[int, str | None] = {}
    for index, character in enumerate(_text(old)):
        replacements.setdefault(ord(character), _text(new)[index] if index < len(_text(new)) else None)
    return _text(text).translate(replacements)


def _whole(value: Value) -> Value:
    number = _number(value)
    return number if math.isnan(number) or math.isinf(number) else float(math.trunc(number))


def _each_number(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        number = _number(value)
        return number if math.isnan(number) or math.isinf(number) else float(function(number))

    return apply


def _best(choose: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        numbers = [_number(value) for value in values]
        return math.nan if any(math.isnan(number) for number in numbers) else choose(numbers)

    return apply


def _power(base: Value, exponent: Value) -> Value:
    try:
        power = math.pow(_number(base), _number(exponent))
    except (OverflowError, ValueError):
        return math.nan
    return power


def _as_date(value: Value) -> Value:
    if isinstance(value, str) and _date(value):
        return value.strip()
    try:
        return (_EPOCH + timedelta(days=math.floor(_number(value)))).isoformat()
    except (OverflowError, ValueError):
        return ""


def _before(text: Value, mark: Value) -> Value:
    head, found, _tail = _text(text).partition(_text(mark)) if _text(mark) else ("", "", "")
    return head if found else ""


def _after(text: Value, mark: Value) -> Value:
    if not _text(mark):
        return _text(text)
    return _text(text).partition(_text(mark))[2]


# name: (least and most arguments, what it computes). Where none and one are allowed, none means the current answer.
_FUNCTIONS: Final[Mapping[str, tuple[int, int | None, Callable[..., Value]]]] = {
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "not": (1, 1, lambda value: not _boolean(value)),
    "boolean": (1, 1, _boolean),
    "boolean-from-string": (1, 1, lambda value: _text(value).strip() in {"true", "1"}),
    "string": (0, 1, _text),
    "number": (0, 1, _number),
    "string-length": (0, 1, lambda value: float(len(_text(value)))),
    "normalize-space": (0, 1, lambda value: " ".join(_text(value).split())),
    "int": (1, 1, _whole),
    "round": (1, 2, _round),
    "floor": (1, 1, _each_number(math.floor)),
    "ceiling": (1, 1, _each_number(math.ceil)),
    "abs": (1, 1, _each_number(abs)),
    "pow": (2, 2, _power),
    "min": (1, None, _best(min)),
    "max": (1, None, _best(max)),
    "date": (1, 1, _as_date),
    "decimal-date-time": (1, 1, _number),
    "coalesce": (2, 2, lambda first, second: first if _text(first) else second),
    "concat": (1, None, lambda *values: "".join(map(_text, values))),
    "contains": (2, 2, lambda text, part: _text(part) in _text(text)),
    "starts-with": (2, 2, lambda text, part: _text(text).startswith(_text(part))),
    "ends-with": (2, 2, lambda text, part: _text(text).endswith(_text(part))),
    "substr": (2, 3, _substr),
    "substring": (2, 3, _substring),
    "substring-before": (2, 2, _before),
    "substring-after": (2, 2, _after),
    "translate": (3, 3, _translate),
    "regex": (2, 2, _regex),
    "selected": (2, 2, _selected),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda chosen: float(len(_text(chosen).split()))),
}

# Computed in `_call`, because they look at more than their arguments.
_ARITIES: Final[Mapping[str, tuple[int, int | None]]] = {
    "today": (0, 0),
    "if": (3, 3),
    **{name: (least, most) for name, (least, most, _computed) in _FUNCTIONS.items()},
}

for _name, (_least, _most) in _ARITIES.items():
    if _name in _OdkParser.symbol_table:
        _OdkParser.unregister(_name)
    _OdkParser.function(_name, nargs=_least if _least == _most else (_least, _most))


# -- Computing ------------------------------------------------------------------------------------------------------

_LITERALS: Final = frozenset({"(string)", "(integer)", "(decimal)", "(float)"})
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_TWO_SIDED: Final = frozenset({"=", "!=", "and", "or", "+", "-", "*", "div", "mod", *_COMPARISONS})


def _check_supported(token: Any, depth: int = 0) -> None:
    """Raise ExpressionError for a part that ODK's other tools may compute and this one does not (paths, predicates)."""
    symbol, parts = token.symbol, len(token)
    if depth > MAX_DEPTH:
        raise ExpressionError(_l("The expression is nested too deeply."))
    if symbol in _LITERALS or symbol == "$" or (symbol == "." and not parts):
        return
    supported = (
        symbol in _ARITIES
        or (symbol == "(" and parts == 1)
        or (symbol in {"+", "-"} and parts == 1)
        or (symbol in _TWO_SIDED and parts == 2)
    )
    if not supported:
        raise ExpressionError(
            _l("“%(part)s” is not supported. Write ${name} for the answer to another question.", part=str(token.source))
        )
    if symbol == "regex" and token[1].symbol == "(string)":
        try:
            regex.compile(token[1].value, regex.ASCII)
        except regex.error as error:
            raise ExpressionError(_l("The pattern in regex() is wrong: %(reason)s", reason=str(error))) from error
    for part in token:
        _check_supported(part, depth + 1)


def _compute(token: Any, answers: Answers) -> Value:
    symbol = token.symbol
    if symbol in _LITERALS:
        return token.value if symbol == "(string)" else float(token.value)
    if symbol == ".":
        return answers.current
    if symbol == "$":
        return answers.others.get(token[0].value, "")
    if symbol == "(":
        return _compute(token[0], answers)
    if symbol == "or":
        return _boolean(_compute(token[0], answers)) or _boolean(_compute(token[1], answers))
    if symbol == "and":
        return _boolean(_compute(token[0], answers)) and _boolean(_compute(token[1], answers))
    if symbol in _ARITIES:
        return _call(token, answers)
    if len(token) == 1:
        sign = -1.0 if symbol == "-" else 1.0
        return sign * _number(_compute(token[0], answers))
    left, right = (_compute(part, answers) for part in token)
    if symbol == "=":
        return _equal(left, right)
    if symbol == "!=":
        return not _equal(left, right)
    if symbol in _COMPARISONS:
        return _COMPARISONS[symbol](_number(left), _number(right))
    return _arithmetic(symbol, _number(left), _number(right))


def _call(token: Any, answers: Answers) -> Value:
    name = token.symbol
    if name == "today":
        return answers.today.isoformat()
    if name == "if":
        return _compute(token[1] if _boolean(_compute(token[0], answers)) else token[2], answers)
    least, most, computed = _FUNCTIONS[name]
    arguments = [_compute(part, answers) for part in token]
    if not arguments and (least, most) == (0, 1):
        arguments = [answers.current]
    return computed(*arguments)


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _boolean(left) == _boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return _number(left) == _number(right)
    return left == right


def _arithmetic(symbol: str, left: float, right: float) -> float:
    try:
        match symbol:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "div":
                if right == 0 and left == left and left != 0:
                    return math.copysign(math.inf, left) * math.copysign(1.0, right)
                return left / right
            case _:
                return math.fmod(left, right)
    except (ArithmeticError, ValueError):
        return math.nan
