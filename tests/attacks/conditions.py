"""Every place where a query leaves out what somebody has a conflict of interest with, each to be broken on its own."""

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import ColumnElement, true

from fundapp.applications.scope import visible_to

ROOT: Final = Path(__file__).parents[2]
CONDITION: Final = visible_to.__name__


@dataclass(frozen=True, order=True)
class Use:
    """One place that asks for the condition."""

    module: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.module.removeprefix('fundapp.')}:{self.function}"


@cache
def uses() -> tuple[Use, ...]:
    """Return every place of the code that asks for the condition, in order."""
    found = []
    for file in sorted((ROOT / "fundapp").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            found += [Use(module, line, getattr(function, "name", "")) for line in _lines(function)]
    return tuple(sorted(found))


def _lines(function: ast.stmt) -> Iterator[int]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == CONDITION:
            yield node.lineno


class Conditions:
    """Stands in for the condition everywhere: tells which places asked for it, and leaves it out in some of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._left_out: frozenset[Use] = frozenset()
        self._asked: set[Use] = set()
        self._known = {(use.module, use.line): use for use in uses()}
        for module in sorted({use.module for use in uses()}):
            patch.setattr(sys.modules[module], CONDITION, self._standing_in(module))

    @contextmanager
    def asked(self) -> Iterator[set[Use]]:
        """Yield the places that ask for the condition meanwhile."""
        self._asked = set()
        yield self._asked

    @contextmanager
    def without(self, places: frozenset[Use]) -> Iterator[None]:
        """Leave the condition out in some places."""
        self._left_out = places
        yield
        self._left_out = frozenset()

    def _standing_in(self, module: str) -> Callable[[Any], ColumnElement[bool]]:
        def condition(actor: Any) -> ColumnElement[bool]:
            use = self._known[module, sys._getframe(1).f_lineno]
            self._asked.add(use)
            return true() if use in self._left_out else visible_to(actor)

        return condition
