"""What the expressions of a form come to on given answers: rows, what is asked, values that are computed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from fundapp.applications.form_engine.answer_keys import Key, read_key
from fundapp.applications.form_engine.answers import Answer, answer_of_text, text_of_answer
from fundapp.applications.form_engine.definition import Choice, Question
from fundapp.applications.form_engine.expressions import CHOICE, ROOT, ExpressionTooSlow, Node, Path, as_number
from fundapp.applications.form_engine.rules import ASKED, ROWS, Rules
from fundapp.core.i18n import localised

MAX_ROWS: Final = 100
"""Of one repeat."""
MAX_PLACES: Final = 2_000
"""Questions in all rows of all repeats together."""
_MOST_LOOKED_AT: Final = 500_000
"""Places that the expressions of one form may go through at one time."""


class FormState:
    """The state of a form at one moment, computed once in the order of its rules; expressions look at nothing else."""

    def __init__(self, rules: Rules, given: Mapping[str, Answer], now: datetime, language: str) -> None:
        """Compute everything. Raises ValueError for a form that goes in circles: those are never loaded."""
        if not rules.order and rules.questions:
            raise ValueError(f"the form goes in circles: {rules.faults[-1]}")
        self.rules = rules
        self.tree = rules.tree
        self.now = now
        self.language = language
        self.given = given
        self.answers: dict[str, Answer] = dict(given)
        """As they were given, with the computed values and the rows of counted repeats."""
        self.numbers: dict[tuple[Path, tuple[int, ...]], list[int]] = {}
        """The rows of each repeat, within one row of each repeat around it."""
        self.cut_short: list[str] = []
        """The keys of repeats that count more rows than there may be."""
        self.places_in_rows = 0
        self.offered: Sequence[Choice] = ()
        """The choices that a choice filter goes through."""
        self._asked: dict[Node, bool] = {Node(ROOT): True}
        self._texts: dict[Node, str] = {}
        self._nodes: dict[str, Node | None] = {}
        self._looked_at = 0
        for what, path in rules.order:
            if what == ROWS:
                self._count(path)
            elif what == ASKED:
                self._ask(path)
            else:
                self._calculate(path)

    # -- What expressions look at -------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """Return the answer at a place as text; "" for none, and for one that is not asked."""
        if node.path[:1] == CHOICE:
            return self._column(node)
        if not self.is_asked(node):
            return ""
        if (known := self._texts.get(node)) is not None:
            return known
        question = self.rules.questions.get(node.path)
        answer = self.answers.get(self.key_of(node)) if question else None
        text = self._texts[node] = "" if question is None else text_of_answer(question, answer, self.now)
        return text

    def kept(self, node: Node) -> str:
        """Return what was stored at a place before anything was computed, as text."""
        question = self.rules.questions.get(node.path)
        return "" if question is None else text_of_answer(question, self.given.get(self.key_of(node)), self.now)

    def is_asked(self, node: Node) -> bool:
        """Return whether a question or group is relevant; what is in no row is not."""
        return node.path[:1] == CHOICE or self._asked.get(node, False)

    def rows(self, repeat: Path, outer: tuple[int, ...]) -> Sequence[int]:
        """Return the rows of a repeat, within one row of each repeat around it."""
        return self.numbers.get((repeat, outer), ())

    def choice_label(self, question: str, choice: str) -> str:
        """Return the label of a choice of a question; "" where there is none."""
        asked = self.rules.form.question(question)
        found = asked.choice(choice) if asked else None
        return localised(found.label, self.language) if found else ""

    def spend(self, places: int) -> None:
        """Count places that were looked at. Raises ExpressionTooSlow when they are more than a form may need."""
        self._looked_at += places
        if self._looked_at > _MOST_LOOKED_AT:
            raise ExpressionTooSlow("the expressions of this form go through too many places")

    def holds(self, what: str, node: Node, *, ordinarily: bool) -> bool:
        """Return whether an expression of a place is true; `ordinarily` where there is none, or it takes too long."""
        bound = self.rules.of(what, node.path)
        try:
            return bound.holds(self, node) if bound else ordinarily
        except ExpressionTooSlow:
            return ordinarily

    # -- Keys and places ----------------------------------------------------------------------------------------------

    def key_of(self, node: Node) -> str:
        """Return the key of a question's place; of a repeat's, the key of its list of rows."""
        if not node.rows:
            return node.path[-1] if node.path else ""
        repeats = self.tree.repeats_of(node.path)
        rows = zip((repeat[-1] for repeat in repeats if repeat != node.path), node.rows, strict=False)
        return str(Key(node.path[-1], tuple(rows)))

    def node_at(self, written: str) -> Node | None:
        """Return the place that a key names, with what belongs to it; None where the form has none such."""
        if written not in self._nodes:
            self._nodes[written] = self._read_node(written)
        return self._nodes[written]

    def _read_node(self, written: str) -> Node | None:
        key = read_key(written)
        path = self.tree.paths.get(key.name) if key else None
        if key is None or path is None:
            return None
        around = [repeat[-1] for repeat in self.tree.repeats_of(path) if repeat != path]
        return Node(path, tuple(row for _repeat, row in key.rows)) if list(key.repeats) == around else None

    def instances(self, path: Path) -> Iterator[Node]:
        """Go through the places of a question or group, in every row of the repeats around it."""
        nodes = [Node(ROOT)]
        for depth in range(1, len(path) + 1):
            step = path[:depth]
            if step in self.tree.repeats:
                nodes = [Node(step, (*node.rows, row)) for node in nodes for row in self.rows(step, node.rows)]
            else:
                nodes = [Node(step, node.rows) for node in nodes]
        yield from nodes

    # -- Computing, step by step --------------------------------------------------------------------------------------

    def _count(self, repeat: Path) -> None:
        bound = self.rules.of("repeat_count", repeat)
        inside = sum(1 for path in self.rules.questions if self.tree.repeats_of(path)[-1:] == (repeat,))
        for around in self.instances(repeat[:-1]):
            key = self.key_of(Node(repeat, around.rows))
            room = min(MAX_ROWS, (MAX_PLACES - self.places_in_rows) // max(1, inside))
            if bound is None:
                stored = self.given.get(key)
                # A repeat begins with one row; a list that is empty says that it was taken out.
                rows = list(stored) if isinstance(stored, list) else [1]
            else:
                try:
                    counted = as_number(bound.value(self, Node((*repeat[:-1], f"{repeat[-1]}_count"), around.rows)))
                except ExpressionTooSlow:
                    counted = 0.0
                wanted = int(min(counted, MAX_PLACES)) if counted > 0 else 0
                rows = self.answers[key] = list(range(1, min(wanted, room) + 1))
                if wanted > len(rows):
                    self.cut_short.append(key)
            self.numbers[repeat, around.rows] = rows[:room]
            self.places_in_rows += inside * len(rows[:room])

    def _ask(self, path: Path) -> None:
        for node in self.instances(path):
            around = self.tree.parent(node)
            self._asked[node] = bool(around and self._asked[around]) and self._is_relevant(node)

    def _is_relevant(self, node: Node) -> bool:
        question = self.rules.questions.get(node.path)
        if question is not None and question.category and not self._enters(question):
            return False
        return self.holds("relevant", node, ordinarily=True)

    def _enters(self, question: Question) -> bool:
        """Return whether the category is entered that a question belongs to."""
        categories = self.rules.categories
        return categories is not None and question.category in self.text(Node(categories)).split()

    def _calculate(self, path: Path) -> None:
        bound, question = self.rules.of("calculation", path), self.rules.questions[path]
        for node in self.instances(path):
            key = self.key_of(node)
            self.answers.pop(key, None)
            if bound is None or not self._asked[node]:
                continue
            try:
                answer = answer_of_text(question, bound.text(self, node))
            except ExpressionTooSlow:
                continue
            if answer is not None:
                self.answers[key] = answer

    def _column(self, node: Node) -> str:
        choice = self.offered[node.rows[0]]
        match node.path[-1]:
            case "name":
                return choice.name
            case "label":
                return localised(choice.label, self.language)
            case column:
                return choice.columns.get(column, "")
