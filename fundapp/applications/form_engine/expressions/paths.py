"""Where the paths of an expression lead, seen from the place in a form where it stands."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fundapp.applications.form_engine.expressions.reading import CURRENT, Expression, ExpressionError
from fundapp.applications.form_engine.expressions.tree import ROOT, Focus, Node, Path, Tree, children_named, referred
from fundapp.applications.form_engine.expressions.values import Value, as_boolean
from fundapp.core.i18n import lazy_gettext as _l

Compute = Callable[[Focus], Value]
Select = Callable[[Focus], list[Node]]


@dataclass(frozen=True)
class Selected:
    """A path: how to follow it, and where it can lead."""

    select: Select
    paths: frozenset[Path]


@dataclass
class PathBinder(ABC):
    """Binds paths, and notes at which answers and at which repeats' rows they look."""

    expression: Expression
    tree: Tree
    place: Path
    values: set[Path] = field(default_factory=set)
    counted: set[Path] = field(default_factory=set)
    depth: int = 0
    """Of predicates around what is being bound."""

    @abstractmethod
    def value(self, token: Any, here: frozenset[Path], *, takes_many: bool = False) -> Compute:
        """Bind a part of the expression, seen from the paths in `here`."""

    def path(self, token: Any, here: frozenset[Path]) -> Selected:
        """Bind a path, seen from the paths in `here`."""
        symbol, parts = token.symbol, len(token)
        if (plain := self._plain(token)) is not None:
            return Selected(lambda focus: referred(focus, plain), frozenset({plain}))
        if symbol == "." and not parts:
            return Selected(lambda focus: [focus.here], here)
        if symbol == "$":
            return Selected(lambda focus: [focus.place], frozenset({self.place}))
        if symbol == "..":
            return self._parent(here)
        if symbol == "(name)":
            return self._child(str(token.value), here)
        if symbol == "*" and not parts:
            return self._children(here)
        if symbol == "(" and parts == 1:
            return self.path(token[0], here)
        if symbol == "|" and parts == 2:
            return self._union(self.path(token[0], here), self.path(token[1], here))
        if symbol == "/" and parts == 2:
            return self._step(token, here)
        if symbol == "[" and parts == 2:
            return self._predicate(token, here)
        raise ExpressionError(
            _l("“%(part)s” is not supported. Write ${name} for the answer to another question.", part=written(token))
        )

    def _plain(self, token: Any) -> Path | None:
        """Return where a path from the root leads that is made of names only: ${name}, /data/group/name, //name."""
        symbol, parts = token.symbol, len(token)
        if symbol == "$" and token[0].value != CURRENT:
            return self._named(self.expression.variables[int(token[0].value[1:])])
        if symbol == "//" and parts == 1 and token[0].symbol == "(name)":
            return self._named(str(token[0].value))
        if symbol == "/" and parts == 1 and token[0].symbol == "(name)":
            if token[0].value not in self.tree.root_names:
                raise ExpressionError(
                    _l(
                        "A path from the start of the form begins with /%(name)s.",
                        name=sorted(self.tree.root_names, key=lambda name: name != "data")[0],
                    )
                )
            return ROOT
        if symbol == "/" and parts == 2 and token[1].symbol == "(name)":
            before = self._plain(token[0])
            if before is not None:
                return self._under(before, str(token[1].value))
        return None

    def _named(self, name: str) -> Path:
        if name not in self.tree.paths:
            raise ExpressionError(_l("No question is called “%(name)s”.", name=name))
        return self.tree.paths[name]

    def _under(self, path: Path, name: str) -> Path:
        if name not in self.tree.children.get(path, ()):
            raise ExpressionError(_l("There is no “%(name)s” there.", name=name))
        return (*path, name)

    def _parent(self, here: frozenset[Path]) -> Selected:
        if ROOT in here:
            raise ExpressionError(_l("“..” leads out of the form."))

        def select(focus: Focus) -> list[Node]:
            parent = self.tree.parent(focus.here)
            return [parent] if parent else []

        return Selected(select, frozenset(path[:-1] for path in here))

    def _child(self, name: str, here: frozenset[Path]) -> Selected:
        paths = frozenset((*path, name) for path in here if name in self.tree.children.get(path, ()))
        if not paths:
            raise ExpressionError(
                _l("There is no “%(name)s” there. Write ${name} for the answer to another question.", name=name)
            )
        self.counted |= paths & self.tree.repeats

        def select(focus: Focus) -> list[Node]:
            known = (*focus.here.path, name) in paths
            return children_named(focus.world, focus.here, name) if known else []

        return Selected(select, paths)

    def _children(self, here: frozenset[Path]) -> Selected:
        paths = frozenset((*path, name) for path in here for name in self.tree.children.get(path, ()))
        if not paths:
            raise ExpressionError(_l("There is nothing for “*” to stand for."))
        self.counted |= paths & self.tree.repeats

        def select(focus: Focus) -> list[Node]:
            names = self.tree.children.get(focus.here.path, ())
            return [node for name in names for node in children_named(focus.world, focus.here, name)]

        return Selected(select, paths)

    @staticmethod
    def _union(one: Selected, other: Selected) -> Selected:
        return Selected(
            lambda focus: list(dict.fromkeys([*one.select(focus), *other.select(focus)])), one.paths | other.paths
        )

    def _step(self, token: Any, here: frozenset[Path]) -> Selected:
        before = self.path(token[0], here)
        self._passes(before.paths)
        after = self.path(token[1], before.paths)

        def select(focus: Focus) -> list[Node]:
            found = [node for around in before.select(focus) for node in after.select(focus.at(around))]
            return list(dict.fromkeys(found))

        return Selected(select, after.paths)

    def _predicate(self, token: Any, here: frozenset[Path]) -> Selected:
        if self.depth:
            raise ExpressionError(_l("A condition in [ ] can have no other condition in [ ] in it."))
        among = self.path(token[0], here)
        self._passes(among.paths)
        self.depth += 1
        test = self.value(token[1], among.paths)
        self.depth -= 1

        def select(focus: Focus) -> list[Node]:
            nodes = among.select(focus)
            focus.world.spend(len(nodes))
            found = []
            for position, node in enumerate(nodes, 1):
                value = test(focus.at(node, position, len(nodes)))
                # A number is a position; anything else is true or not.
                if value == position if isinstance(value, float) else as_boolean(value):
                    found.append(node)
            return found

        return Selected(select, among.paths)

    def _passes(self, paths: frozenset[Path]) -> None:
        for path in paths:
            self.counted |= {*self.tree.repeats_of(path)}


def written(token: Any) -> str:
    """Return a part of an expression as somebody wrote it."""
    return str(token.source)
