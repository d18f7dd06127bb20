"""Binds an expression to the place in a form where it stands: every name and path is looked up once, at loading.

What comes out is a function over the answers, and the list of what it looks at. Whatever cannot be computed is an
ExpressionError here, never while somebody types.
"""

import math
import secrets
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import regex
from babel import Locale
from babel.dates import get_day_names, get_month_names

from fundapp.applications.form_engine.expressions.functions import FUNCTIONS, OF_NODES, TAKING_MANY
from fundapp.applications.form_engine.expressions.paths import Compute, PathBinder, written
from fundapp.applications.form_engine.expressions.reading import LOOKING, Expression, ExpressionError
from fundapp.applications.form_engine.expressions.tree import (
    ROOT,
    Focus,
    Node,
    Path,
    Tree,
    World,
    children_named,
)
from fundapp.applications.form_engine.expressions.values import (
    COMPARISONS,
    Nodes,
    Value,
    as_boolean,
    as_moment,
    as_number,
    as_text,
    compare,
)
from fundapp.core.i18n import lazy_gettext as _l

_LITERALS: Final = frozenset({"(string)", "(integer)", "(decimal)", "(float)"})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "div", "mod"})
_MOST_RANDOM_CHARACTERS: Final = 100


@dataclass(frozen=True)
class Bound:
    """An expression where it stands: what it looks at, and what it comes to."""

    values: frozenset[Path]
    """The questions and groups whose answers it looks at."""
    counted: frozenset[Path]
    """The repeats whose rows it counts or goes through."""
    keeps: bool
    """Whether its value is to be remembered: it uses once()."""
    _compute: Compute

    def value(self, world: World, place: Node, here: Node | None = None) -> Value:
        """Return what the expression comes to, with paths that begin `here`. Raises ExpressionTooSlow."""
        return self._compute(Focus(world, here or place, place))

    def text(self, world: World, place: Node) -> str:
        """Return what the expression comes to as text; what is not a number comes to nothing."""
        value = self.value(world, place)
        return "" if isinstance(value, float) and math.isnan(value) else as_text(value)

    def holds(self, world: World, place: Node, here: Node | None = None) -> bool:
        """Return whether the expression is true. Raises ExpressionTooSlow."""
        return as_boolean(self.value(world, place, here))


def bind(expression: Expression, tree: Tree, place: Path, *, here: Path | None = None, stays: bool = False) -> Bound:
    """Bind an expression to its place in a form.

    `here` is where its paths begin, if not at its place; `stays` says that its value is computed only once anyway.
    Raises ExpressionError for names and paths that lead nowhere, and for what cannot be computed.
    """
    binder = _Binder(expression, tree, place, stays=stays)
    compute = binder.value(expression.root, frozenset({place if here is None else here}))
    return Bound(
        values=frozenset(binder.values), counted=frozenset(binder.counted), keeps=binder.keeps, _compute=compute
    )


@dataclass
class _Binder(PathBinder):
    """Binds what an expression comes to; where its paths lead is found in `paths`."""

    stays: bool = False
    keeps: bool = False

    def value(self, token: Any, here: frozenset[Path], *, takes_many: bool = False) -> Compute:
        """Bind a part of the expression, seen from the paths in `here`.

        Only where it `takes_many` can it be the answers of several rows.
        """
        symbol, parts = token.symbol, len(token)
        if symbol in _LITERALS:
            literal: Value = token.value if symbol == "(string)" else float(token.value)
            return lambda _focus: literal
        if symbol == "(" and parts == 1:
            return self.value(token[0], here, takes_many=takes_many)
        if symbol in {"and", "or"} and parts == 2:
            return self._logic(symbol, self.value(token[0], here), self.value(token[1], here))
        if symbol in {"+", "-"} and parts == 1:
            return self._signed(-1.0 if symbol == "-" else 1.0, self.value(token[0], here))
        if symbol in _ARITHMETIC and parts == 2:
            return self._arithmetic(symbol, self.value(token[0], here), self.value(token[1], here))
        if (symbol in COMPARISONS or symbol in {"=", "!="}) and parts == 2:
            left, right = self.value(token[0], here), self.value(token[1], here)
            return lambda focus: compare(symbol, left(focus), right(focus))
        if symbol in LOOKING:
            return self._looking(token, here)
        if symbol in FUNCTIONS:
            return self._function(token, here)
        return self._answers(token, here, takes_many=takes_many)

    def _answers(self, token: Any, here: frozenset[Path], *, takes_many: bool) -> Compute:
        found = self.path(token, here)
        self._uses(found.paths)
        plain = self._plain(token)
        rows = None if plain is None else self._rows_of(plain, here)
        if plain is not None and rows and plain not in self.tree.children and not takes_many:
            raise ExpressionError(
                _l(
                    "“%(name)s” is asked in each row of “%(repeat)s”: use sum(), count(), join() or indexed-repeat().",
                    name=plain[-1],
                    repeat=rows[-1][-1],
                )
            )
        is_step = token.symbol in {".", "(name)"} and not found.paths & self.tree.children.keys()
        if is_step or (plain is not None and not rows and plain not in self.tree.children):
            # The one answer itself, and not a set of one: by far the most common, and the quickest.
            def one(focus: Focus) -> Value:
                nodes = found.select(focus)
                return focus.world.text(nodes[0]) if nodes else ""

            return one
        return lambda focus: Nodes(focus.world, found.select(focus))

    def _rows_of(self, path: Path, here: frozenset[Path]) -> list[Path]:
        """Return the repeats around a path whose rows it goes through, seen from the expression: not its own rows."""
        return [
            repeat
            for repeat in self.tree.repeats_of(path)
            if not _is_within(self.place, repeat) and not all(_is_within(each, repeat) for each in here)
        ]

    def _uses(self, paths: frozenset[Path]) -> None:
        self.values |= paths
        for path in paths:
            self.counted |= {*self.tree.repeats_of(path)}

    @staticmethod
    def _logic(symbol: str, left: Compute, right: Compute) -> Compute:
        if symbol == "and":
            return lambda focus: as_boolean(left(focus)) and as_boolean(right(focus))
        return lambda focus: as_boolean(left(focus)) or as_boolean(right(focus))

    @staticmethod
    def _signed(sign: float, part: Compute) -> Compute:
        return lambda focus: sign * as_number(part(focus))

    @staticmethod
    def _arithmetic(symbol: str, left: Compute, right: Compute) -> Compute:
        return lambda focus: _calculate(symbol, as_number(left(focus)), as_number(right(focus)))

    def _function(self, token: Any, here: frozenset[Path]) -> Compute:
        name = token.symbol
        least, most, computed = FUNCTIONS[name]
        if name == "regex" and token[1].symbol == "(string)":
            try:
                regex.compile(token[1].value, regex.ASCII)
            except regex.error as error:
                raise ExpressionError(_l("The pattern in regex() is wrong: %(reason)s", reason=str(error))) from error
        if name == "weighted-checklist" and len(token) % 2:
            raise ExpressionError(_l("weighted-checklist() needs a weight for each answer."))
        if name in OF_NODES:
            found = self.path(token[0], here)
            self._uses(found.paths)
            return lambda focus: computed(Nodes(focus.world, found.select(focus)))
        arguments = [self.value(part, here, takes_many=name in TAKING_MANY) for part in token]
        if not arguments and (least, most) == (0, 1):
            self._uses(here)
            arguments = [lambda focus: focus.world.text(focus.here)]
        return lambda focus: computed(*[argument(focus) for argument in arguments])

    def _looking(self, token: Any, here: frozenset[Path]) -> Compute:
        match token.symbol:
            case "if":
                test, yes, no = (self.value(part, here) for part in token)
                return lambda focus: yes(focus) if as_boolean(test(focus)) else no(focus)
            case "today":
                return lambda focus: focus.world.now.date().isoformat()
            case "now":
                return lambda focus: focus.world.now.isoformat(timespec="milliseconds")
            case "position" if len(token) == 1:
                return self._position(token[0], here)
            case "position":
                return lambda focus: float(focus.position)
            case "last":
                return lambda focus: float(focus.size)
            case "once":
                return self._once(token[0], here)
            case "random" | "uuid":
                return self._random(token, here)
            case "indexed-repeat":
                return self._indexed(token, here)
            case "choice-name":
                return self._choice_name(token, here)
            case _:
                moment, pattern = (self.value(part, here) for part in token)
                return lambda focus: _formatted(moment(focus), as_text(pattern(focus)), focus.world.language)

    def _position(self, token: Any, here: frozenset[Path]) -> Compute:
        found = self.path(token, here)
        for path in found.paths:
            self.counted |= {*self.tree.repeats_of(path)}

        def position(focus: Focus) -> Value:
            nodes = found.select(focus)
            if not nodes:
                return math.nan
            path, rows = nodes[0]
            if path not in self.tree.repeats:
                return 1.0
            return float(list(focus.world.rows(path, rows[:-1])).index(rows[-1]) + 1)

        return position

    def _once(self, token: Any, here: frozenset[Path]) -> Compute:
        self.keeps, stayed, self.stays = True, self.stays, True
        first = self.value(token, here)
        self.stays = stayed
        return lambda focus: focus.world.kept(focus.place) or first(focus)

    def _random(self, token: Any, here: frozenset[Path]) -> Compute:
        name = token.symbol
        if not self.stays:
            raise ExpressionError(
                _l("%(name)s() gives another value each time. Write once(%(name)s()) to keep the first.", name=name)
            )
        if name == "random":
            return lambda _focus: secrets.randbelow(2**53) / 2**53
        length = self.value(token[0], here) if len(token) else None

        def uuid(focus: Focus) -> Value:
            asked = as_number(length(focus)) if length else math.nan
            if math.isnan(asked):
                return str(uuid4())
            return secrets.token_hex(_MOST_RANDOM_CHARACTERS)[: int(min(max(asked, 0), _MOST_RANDOM_CHARACTERS))]

        return uuid

    def _indexed(self, token: Any, here: frozenset[Path]) -> Compute:
        path = self._plain(token[0])
        if path is None or path in self.tree.children or len(token) % 2 == 0:
            raise ExpressionError(_l("indexed-repeat() needs a question, then a repeat and a number for each repeat."))
        places: dict[Path, Compute] = {}
        for repeat, number in zip(token[1::2], token[2::2], strict=True):
            around = self._plain(repeat)
            if around not in self.tree.repeats_of(path):
                raise ExpressionError(_l("“%(part)s” is not a repeat around that question.", part=written(repeat)))
            places[around] = self.value(number, here)
        self._uses(frozenset({path}))

        def indexed(focus: Focus) -> Value:
            world, nodes = focus.world, [Node(ROOT)]
            for depth in range(1, len(path) + 1):
                step = path[:depth]
                nodes = [child for node in nodes for child in children_named(world, node, step[-1])]
                if step in places:
                    wanted = as_number(places[step](focus))
                    nodes = [nodes[int(wanted) - 1]] if wanted >= 1 and wanted <= len(nodes) else []
                elif step in self.tree.repeats and self.place[:depth] == step:
                    nodes = [node for node in nodes if focus.place.rows[: len(node.rows)] == node.rows]
            return Nodes(world, nodes[:1])

        return indexed

    def _choice_name(self, token: Any, here: frozenset[Path]) -> Compute:
        choice, question = self.value(token[0], here), token[1]
        if question.symbol == "(string)":
            written = str(question.value).strip()
            bare = regex.fullmatch(r"\$\{\s*([^{}]*?)\s*\}", written)
            name = bare[1] if bare else written.rsplit("/", 1)[-1]
        else:
            path = self._plain(question)
            name = path[-1] if path else ""
        if name not in self.tree.paths:
            raise ExpressionError(_l("No question is called “%(name)s”.", name=name))
        if name not in self.tree.choosing:
            raise ExpressionError(_l("“%(name)s” has no choices.", name=name))
        return lambda focus: focus.world.choice_label(name, as_text(choice(focus)))


def _is_within(path: Path, group: Path) -> bool:
    return path[: len(group)] == group


def _calculate(symbol: str, left: float, right: float) -> float:
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


def _formatted(value: Value, pattern: str, language: str) -> str:
    """Write a date by a pattern of percent signs and letters; what is no date comes to nothing."""
    moment = as_moment(value)
    if moment is None:
        return ""
    locale = Locale.parse(language, sep="-" if "-" in language else "_")
    written = {
        "Y": f"{moment.year:04d}",
        "y": f"{moment.year % 100:02d}",
        "m": f"{moment.month:02d}",
        "n": str(moment.month),
        "b": get_month_names("abbreviated", locale=locale)[moment.month],
        "d": f"{moment.day:02d}",
        "e": str(moment.day),
        "a": get_day_names("abbreviated", locale=locale)[moment.weekday()],
        "H": f"{moment.hour:02d}",
        "h": str(moment.hour),
        "M": f"{moment.minute:02d}",
        "S": f"{moment.second:02d}",
        "3": f"{moment.microsecond // 1000:03d}",
        "%": "%",
    }
    return str(regex.sub("%(.)", lambda match: written.get(match[1], match[0]), pattern))
