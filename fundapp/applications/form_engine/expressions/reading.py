"""Reads expressions with elementpath: the grammar, the number of arguments, and what is not supported at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import regex
from elementpath import ElementPathError, XPath1Parser
from elementpath.tdop import Parser

from fundapp.applications.form_engine.expressions.functions import FUNCTIONS
from fundapp.core.i18n import lazy_gettext as _l

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 50
CURRENT: Final = "current"
"""The variable that stands for current(), which elementpath's grammar lets no path begin with."""
_LITERAL_OR_REFERENCE: Final = regex.compile(
    r"""'[^']*'|"[^"]*"|\$\{\s*([^{}]*?)\s*\}|(\$)|\b(current\s*\(\s*\))|\b(jr:choice-name)(?=\s*\()"""
)
_LITERAL: Final = regex.compile(r"""'[^']*'|"[^"]*\"""")
_CALL: Final = regex.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_NOT_CALLS: Final = frozenset({"and", "or", "div", "mod", "current", "jr:choice-name", "node"})
_NAME: Final = regex.compile(r"[\p{L}_][\p{L}\p{N}\p{M}_.-]*")

# Computed where the form is known, because they look at more than their arguments.
LOOKING: Final[Mapping[str, tuple[int, int | None]]] = {
    "if": (3, 3),
    "once": (1, 1),
    "today": (0, 0),
    "now": (0, 0),
    "random": (0, 0),
    "uuid": (0, 1),
    "position": (0, 1),
    "last": (0, 0),
    "indexed-repeat": (3, None),
    "choice-name": (2, 2),
    "format-date": (2, 2),
    "format-date-time": (2, 2),
}


class ExpressionError(ValueError):
    """The expression cannot be read, or uses what is not supported. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Expression:
    """An expression that was read without error; `references` are the names that it writes as ${name}.

    In `root`, elementpath's tree, the n-th of them is the variable n of `variables`.
    """

    source: str
    variables: tuple[str, ...]
    root: Any

    @property
    def references(self) -> frozenset[str]:
        """Return the names that the expression uses."""
        return frozenset(self.variables)


def parse_expression(source: str) -> Expression:
    """Read an expression; `${name}` stands for another answer and `.` for the one being checked.

    Raises ExpressionError with everything that a form's author needs to put it right.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(_l("The expression is longer than %(limit)s characters.", limit=MAX_LENGTH))
    calls = _CALL.findall(_LITERAL.sub("''", source))
    if unknown := sorted({name for name in calls if name not in _ARITIES and name not in _NOT_CALLS}):
        raise ExpressionError(
            _l("These functions are not supported: %(names)s.", names=", ".join(f"{name}()" for name in unknown))
        )
    variables: list[str] = []

    def as_variable(match: "regex.Match[str]") -> str:
        name, lone_dollar, current, choice_name = match.groups()
        if lone_dollar:
            raise ExpressionError(_l("Write ${name} to use the answer to another question."))
        if current:
            return f"${CURRENT}"
        if choice_name:
            return "choice-name"
        if name is None:
            return str(match.group(0))
        if not _NAME.fullmatch(name):
            raise ExpressionError(_l("${%(name)s} is not the name of a question.", name=name))
        variables.append(name)
        return f"$v{len(variables) - 1}"

    try:
        root = _OdkParser().parse(_LITERAL_OR_REFERENCE.sub(as_variable, source))
        _check_depth(root)
    except ElementPathError as error:
        raise ExpressionError(_l("The expression cannot be read: %(reason)s", reason=_reason(error))) from error
    except RecursionError as error:
        raise ExpressionError(_l("The expression is nested too deeply.")) from error
    return Expression(source=source, variables=tuple(variables), root=root)


class _OdkParser(XPath1Parser):
    """XPath 1.0 with ODK's functions, each with its number of arguments."""

    def parse(self, source: str) -> Any:
        """Read the source without elementpath's own trial run, which knows nothing of ODK's functions."""
        if self.tokenizer is None:
            self.tokenizer = self.create_tokenizer(self.symbol_table)
        return Parser.parse(self, source)


_ARITIES: Final[Mapping[str, tuple[int, int | None]]] = {
    **LOOKING,
    **{name: (least, most) for name, (least, most, _computed) in FUNCTIONS.items()},
}

for _name, (_least, _most) in _ARITIES.items():
    if _name in _OdkParser.symbol_table:
        _OdkParser.unregister(_name)
    _OdkParser.function(_name, nargs=_least if _least == _most else (_least, _most))


def _reason(error: ElementPathError) -> str:
    # "… at line 1, column 2: [err:XPST0003] unexpected end of source": what stands behind the code is for people.
    return str(error).rsplit("] ", 1)[-1]


def _check_depth(token: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError(_l("The expression is nested too deeply."))
    for part in token:
        _check_depth(part, depth + 1)
