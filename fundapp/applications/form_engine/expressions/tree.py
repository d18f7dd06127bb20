"""The tree that expressions walk: a form's groups and questions by name, and the places in it once rows are known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from fundapp.applications.form_engine.definition import FormDefinition

Path = tuple[str, ...]
"""The names of the groups around something, then its own; () is the form itself."""

ROOT: Final[Path] = ()
CHOICE: Final[Path] = ("",)
"""The choice that a choice filter is looking at; its columns stand under it."""


class Node(NamedTuple):
    """One place: a question or group, in one row of each repeat around it (its own row too, where it is a repeat)."""

    path: Path
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tree:
    """A form's groups and questions by name."""

    children: Mapping[Path, tuple[str, ...]]
    repeats: frozenset[Path]
    paths: Mapping[str, Path]
    choosing: frozenset[str]
    """The names of the questions that have choices."""
    root_names: frozenset[str]
    _repeats_of: dict[Path, tuple[Path, ...]] = field(default_factory=dict, compare=False)

    def repeats_of(self, path: Path) -> tuple[Path, ...]:
        """Return the repeats on the way to `path`, outermost first, itself too where it is one."""
        known = self._repeats_of.get(path)
        if known is None:
            steps = (path[:depth] for depth in range(1, len(path) + 1))
            known = self._repeats_of[path] = tuple(step for step in steps if step in self.repeats)
        return known

    def parent(self, node: Node) -> Node | None:
        """Return what stands around a node; None for the form itself."""
        if not node.path:
            return None
        return Node(node.path[:-1], node.rows[:-1] if node.path in self.repeats else node.rows)


def tree_of(form: FormDefinition) -> Tree:
    """Return the tree of a form."""
    children: dict[Path, list[str]] = {ROOT: [], **{group.path: [] for group in form.groups}}
    for path in _paths(form):
        for depth in range(1, len(path) + 1):
            siblings = children.setdefault(path[: depth - 1], [])
            if path[depth - 1] not in siblings:
                siblings.append(path[depth - 1])
    columns = {column for question in form.questions for choice in question.choices for column in choice.columns}
    children[CHOICE] = ["name", "label", *sorted(columns - {"name", "label"})]
    return Tree(
        children={path: tuple(names) for path, names in children.items()},
        repeats=frozenset(group.path for group in form.groups if group.is_repeat),
        # A question and the group around it may share a name, which then means the question.
        paths={path[-1]: path for path in reversed(list(_paths(form)))},
        choosing=frozenset(question.name for question in form.questions if question.choices),
        root_names=frozenset({"data", form.form_id} - {""}),
    )


def _paths(form: FormDefinition) -> Iterator[Path]:
    # Questions first: a group stands where its first question stands.
    yield from ((*question.group, question.name) for question in form.questions)
    yield from (group.path for group in form.groups)


class World(Protocol):
    """What an expression may look at, and nothing else."""

    tree: Tree
    now: datetime
    """Aware, in the zone by which dates are read."""
    language: str

    def text(self, node: Node) -> str:
        """Return the answer at a question's place as text; "" for none, and for one that is not asked."""

    def kept(self, node: Node) -> str:
        """Return what was stored at a place before anything was computed, as text."""

    def is_asked(self, node: Node) -> bool:
        """Return whether a question or group is relevant."""

    def rows(self, repeat: Path, outer: tuple[int, ...]) -> Sequence[int]:
        """Return the rows of a repeat, within one row of each repeat around it."""

    def choice_label(self, question: str, choice: str) -> str:
        """Return the label of a choice of a question; "" where there is none."""

    def spend(self, places: int) -> None:
        """Count places that were looked at. Raises ExpressionTooSlow when they are more than a form may need."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Where an expression is being computed: `here` moves along paths, `place` is where the expression stands."""

    world: World
    here: Node
    place: Node
    position: int = 1
    size: int = 1

    def at(self, node: Node, position: int = 1, size: int = 1) -> "Focus":
        """Return the focus moved to a node, as the `position`-th of `size`."""
        return Focus(self.world, node, self.place, position, size)


def children_named(world: World, node: Node, name: str) -> list[Node]:
    """Return what stands at `name` under a node: one place, or one for each row."""
    path = (*node.path, name)
    if path not in world.tree.repeats:
        return [Node(path, node.rows)]
    rows = world.rows(path, node.rows)
    world.spend(len(rows))
    return [Node(path, (*node.rows, row)) for row in rows]


def referred(focus: Focus, path: Path) -> list[Node]:
    """Return the places that a name stands for, seen from where an expression stands.

    In a repeat that both stand in it is the row of the expression; inside a predicate, the row that is being looked at;
    otherwise every row. A repeat itself stands for all its rows.
    """
    world, nodes = focus.world, [Node(ROOT)]
    for depth in range(1, len(path) + 1):
        step = path[:depth]
        if step not in world.tree.repeats:
            nodes = [Node(step, node.rows) for node in nodes]
            continue
        fixed = None if depth == len(path) else _own_row(focus, step)
        nodes = (
            [child for node in nodes for child in children_named(world, node, path[depth - 1])]
            if fixed is None
            else [Node(step, fixed)]
        )
    return nodes


def _own_row(focus: Focus, repeat: Path) -> tuple[int, ...] | None:
    for node in (focus.place, focus.here):
        if node.path[: len(repeat)] == repeat:
            rows = len(focus.world.tree.repeats_of(repeat))
            return node.rows[:rows] if len(node.rows) >= rows else None
    return None
