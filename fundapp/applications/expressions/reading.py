"""Reads expressions with elementpath, and computes what it has read by ODK's rules."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import regex
from elementpath import ElementPathError, XPath1Parser
from elementpath.tdop import Parser

from fundapp.applications.expressions.functions import (
    FUNCTIONS,
    Value,
    as_boolean,
    as_number,
)
from fundapp.core.i18n import lazy_gettext as _l

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 50
_LITERAL_OR_REFERENCE: Final = regex.compile(r"""'[^']*'|"[^"]*"|\$\{\s*([^{}]*?)\s*\}|(\$)""")
_LITERAL: Final = regex.compile(r"""'[^']*'|"[^"]*\"""")
_CALL: Final = regex.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_OPERATOR_WORDS: Final = frozenset({"and", "or", "div", "mod"})


class ExpressionError(ValueError):
    """The expression cannot be read, or uses what is not supported. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


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
        return as_boolean(_compute(self._root, answers))


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


# Computed in `_call`, because they look at more than their arguments.
_ARITIES: Final[Mapping[str, tuple[int, int | None]]] = {
    "today": (0, 0),
    "if": (3, 3),
    **{name: (least, most) for name, (least, most, _computed) in FUNCTIONS.items()},
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
        return as_boolean(_compute(token[0], answers)) or as_boolean(_compute(token[1], answers))
    if symbol == "and":
        return as_boolean(_compute(token[0], answers)) and as_boolean(_compute(token[1], answers))
    if symbol in _ARITIES:
        return _call(token, answers)
    if len(token) == 1:
        sign = -1.0 if symbol == "-" else 1.0
        return sign * as_number(_compute(token[0], answers))
    left, right = (_compute(part, answers) for part in token)
    if symbol == "=":
        return _equal(left, right)
    if symbol == "!=":
        return not _equal(left, right)
    if symbol in _COMPARISONS:
        return _COMPARISONS[symbol](as_number(left), as_number(right))
    return _arithmetic(symbol, as_number(left), as_number(right))


def _call(token: Any, answers: Answers) -> Value:
    name = token.symbol
    if name == "today":
        return answers.today.isoformat()
    if name == "if":
        return _compute(token[1] if as_boolean(_compute(token[0], answers)) else token[2], answers)
    least, most, computed = FUNCTIONS[name]
    arguments = [_compute(part, answers) for part in token]
    if not arguments and (least, most) == (0, 1):
        arguments = [answers.current]
    return computed(*arguments)


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return as_boolean(left) == as_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return as_number(left) == as_number(right)
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
