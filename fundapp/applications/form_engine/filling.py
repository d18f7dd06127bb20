"""What a form asks right now: the one place that knows, given a form, the answers so far and the moment.

Everything else follows from it: which questions are on a page, what is wrong or missing, what is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from fundapp.applications.form_engine.answer_keys import Key, KeyPart, read_key, spoken
from fundapp.applications.form_engine.answers import Answer, answer_of_text, is_sealed, is_understood, shown
from fundapp.applications.form_engine.checking import Terms, complaints
from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    DAY_KINDS,
    Choice,
    FormDefinition,
    Question,
    Texts,
)
from fundapp.applications.form_engine.expressions import CHOICE, ROOT, ExpressionTooSlow, Focus, Node, Path, referred
from fundapp.applications.form_engine.rules import REFERENCE, rules_of
from fundapp.applications.form_engine.state import MAX_PLACES, MAX_ROWS, FormState
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import localised

_ELLIPSIS: Final = "…"
"""Stands in a text for an answer that is not given yet, or not to be seen."""


@dataclass(frozen=True)
class Surroundings:
    """What a form may know besides its answers: the moment, aware and in the zone of the call."""

    now: datetime
    language: str = ""
    """The applicant's; "" for the form's own."""

    @property
    def today(self) -> date:
        """Return the date in the zone of the call."""
        return self.now.date()


@dataclass(frozen=True)
class Place:
    """A question where it is asked: its key, and the rows that it stands in, outermost first."""

    question: Question
    key: str
    rows: tuple[tuple[str, int], ...] = ()


class Filling:
    """A form with the clear answers given to it, at one moment. It stores nothing."""

    def __init__(self, form: FormDefinition, answers: Mapping[str, Answer], surroundings: Surroundings) -> None:
        """Find out what is asked. Raises ValueError for a form that goes in circles: those are never loaded."""
        self.form = form
        self.surroundings = surroundings
        self._state = FormState(
            rules_of(form), answers, surroundings.now, surroundings.language or form.default_language
        )

    @property
    def answers(self) -> Mapping[str, Answer]:
        """Return the answers as they were given, with the computed values and the rows of counted repeats."""
        return self._state.answers

    # -- What is asked ------------------------------------------------------------------------------------------------

    def rows(self, repeat_key: str) -> list[int]:
        """Return the rows of a repeat, in order; none for what is no repeat of this form."""
        node = self._state.node_at(repeat_key)
        return list(self._state.rows(*node)) if node else []

    def places(self, group_path: Path = ROOT) -> list[Place]:
        """Return every question that is asked, in the order of the form, row by row; of one group, or of all."""
        found: list[Place] = []
        self._gather(Node(ROOT), group_path, found)
        return found

    def is_asked(self, key: str) -> bool:
        """Return whether the question, group or repeat at a key is asked; nothing that the form does not have is.

        A repeat is asked when one of its rows is, or could be.
        """
        state, node = self._state, self._state.node_at(key)
        if node is None:
            return False
        if node.path not in state.tree.repeats:
            return state.is_asked(node)
        # What stands in no row yet is asked as a row would be that is to come.
        rows = [Node(node.path, (*node.rows, row)) for row in state.rows(*node)]
        to_come = Node(node.path, (*node.rows, 0))
        around = Node(node.path[:-1], node.rows)
        return (
            any(state.is_asked(row) for row in rows)
            if rows
            else state.is_asked(around) and state.holds("relevant", to_come, ordinarily=True)
        )

    def is_required(self, key: str) -> bool:
        """Return whether an answer is needed before sending: asked, required, and not filled in by the form itself."""
        node, question = self._at(key)
        if node is None or question is None or not self._state.is_asked(node) or self.is_readonly(key):
            return False
        return question.required or self._state.holds("required_if", node, ordinarily=False)

    def is_readonly(self, key: str) -> bool:
        """Return whether nobody can change the answer: the form says so, or computes it."""
        node, question = self._at(key)
        if node is None or question is None:
            return True
        return bool(question.calculation) or self._state.holds("readonly", node, ordinarily=False)

    def choices(self, key: str) -> tuple[Choice, ...]:
        """Return the choices that a question offers now."""
        node, question = self._at(key)
        if node is None or question is None:
            return ()
        bound = self._state.rules.of("choice_filter", node.path)
        if bound is None:
            return question.choices
        self._state.offered = question.choices
        try:
            return tuple(
                choice
                for index, choice in enumerate(question.choices)
                if bound.holds(self._state, node, Node(CHOICE, (index,)))
            )
        except ExpressionTooSlow:
            return question.choices

    def text(self, texts: Texts, key: str = "", language: str = "", withheld: frozenset[str] = frozenset()) -> str:
        """Return a label, hint or message in a language, with the answers that it names filled in.

        `key` is where the text stands. Of the questions `withheld`, and of all that is computed from them, only an
        ellipsis is shown.
        """
        text = localised(texts, language or None)
        if "${" not in text:
            return text
        hidden = self._state.rules.derived_from(withheld)
        place = self._state.node_at(key) or Node(ROOT)
        return str(
            REFERENCE.sub(
                lambda match: _ELLIPSIS if match[1] in hidden else self._in_text(match[1], place, language), text
            )
        )

    # -- What is wrong, and what is sent ------------------------------------------------------------------------------

    def problems(self, terms: Terms, *, submitting: bool, language: str) -> list[Problem]:
        """Say all that is wrong with the answers; `Problem.field` is the key.

        A draft may hold anything and is told what to put right; when `submitting`, what is missing counts too.
        """
        too_many = [
            Problem(_l("At most %(limit)s of these can be given.", limit=len(self.rows(key))), field=key)
            for key in self._state.cut_short
        ]
        return too_many + [
            problem
            for place in self.places()
            if place.question.takes_answer
            for problem in self._problems_at(place, terms, submitting=submitting, language=language)
        ]

    def sent(self) -> dict[str, Answer]:
        """Return what is frozen when this is sent: what is asked and what is computed, and nothing else."""
        rows = {self._state.key_of(Node(*repeat)): rows for repeat, rows in self._state.numbers.items()}
        return {key: answer for key, answer in {**rows, **self.answers}.items() if self._is_sent(key)}

    def ineligible(self, language: str) -> list[Problem]:
        """Say for which answers the form's conditions do not hold, and why; what is not answered is in nobody's way."""
        return [
            Problem(
                self.text(place.question.ineligible_message, place.key, language)
                or _l("With this answer you can't apply to this call."),
                field=place.key,
            )
            for place in self.places()
            if place.question.eligible
            and self.answers.get(place.key) is not None
            and is_understood(self.answers[place.key])
            and not self._holds("eligible", place.key)
        ]

    def to_keep(self) -> dict[str, Answer]:
        """Return what has to be stored after a save although nobody typed it.

        The first values of once(), the rows that counted repeats have now, and the defaults of those that are new.
        """
        state, kept = self._state, dict[str, Answer]()
        for path in state.rules.questions:
            bound = state.rules.of("calculation", path)
            if bound and bound.keeps:
                kept |= {key: state.answers.get(key) for key in map(state.key_of, state.instances(path))}
        for (repeat, outer), rows in state.numbers.items():
            if state.rules.of("repeat_count", repeat) is None:
                continue
            key = state.key_of(Node(repeat, outer))
            before = state.given.get(key) or []
            # Rows that are not counted now keep their answers, and come back with them.
            kept[key] = sorted({*rows, *before}) or None
            for row in rows:
                if row not in before:
                    kept |= self._defaults_under(Node(repeat, (*outer, row)))
        return {key: answer for key, answer in kept.items() if answer is not None and answer != state.given.get(key)}

    # -- Rows ---------------------------------------------------------------------------------------------------------

    def row_added(self, repeat_key: str) -> tuple[int, dict[str, Answer]]:
        """Return the number of a new row, and what is to be stored for it to be there, with the defaults in it.

        Raises Conflict for what is no repeat that the applicant adds to, and for one that is full.
        """
        node, state = self._own_repeat(repeat_key), self._state
        rows = self.rows(repeat_key)
        inside = sum(1 for path in state.rules.questions if path[: len(node.path)] == node.path)
        if len(rows) >= MAX_ROWS or state.places_in_rows + inside > MAX_PLACES:
            raise Conflict(_l("There are %(limit)s already. No more can be added.", limit=len(rows)))
        row = self._last_row(repeat_key) + 1
        changed: dict[str, Answer] = {repeat_key: [*rows, row], _last(repeat_key): row}
        grown = Filling(self.form, {**state.given, **changed}, self.surroundings)
        return row, changed | grown._defaults_under(Node(node.path, (*node.rows, row)))

    def row_removed(self, repeat_key: str, row: int) -> dict[str, Answer | None]:
        """Return what is to be stored for a row to be gone, None for what is taken out; its number stays taken.

        Raises Conflict for what is no repeat that the applicant adds to. A row that is not there changes nothing.
        """
        self._own_repeat(repeat_key)
        rows = self.rows(repeat_key)
        if row not in rows:
            return {}
        inside = f"{repeat_key}~{row}~"
        return {
            **{key: None for key in self._state.given if key.startswith(inside)},
            repeat_key: [each for each in rows if each != row],
            _last(repeat_key): self._last_row(repeat_key),
        }

    # -- Inside -------------------------------------------------------------------------------------------------------

    def _at(self, key: str) -> tuple[Node | None, Question | None]:
        node = self._state.node_at(key)
        return node, self._state.rules.questions.get(node.path) if node else None

    def _gather(self, node: Node, wanted: Path, found: list[Place]) -> None:
        """Go down the form from a place, along what is asked, and gather the questions under `wanted`."""
        state = self._state
        shorter = min(len(node.path), len(wanted))
        if not state.is_asked(node) or node.path[:shorter] != wanted[:shorter]:
            return
        question = state.rules.questions.get(node.path)
        if question is not None:
            if len(node.path) > len(wanted):
                repeats = [repeat[-1] for repeat in state.tree.repeats_of(node.path)]
                found.append(Place(question, state.key_of(node), tuple(zip(repeats, node.rows, strict=True))))
            return
        for name in state.tree.children.get(node.path, ()):
            path = (*node.path, name)
            if path in state.tree.repeats:
                for row in state.rows(path, node.rows):
                    self._gather(Node(path, (*node.rows, row)), wanted, found)
            else:
                self._gather(Node(path, node.rows), wanted, found)

    def _in_text(self, name: str, place: Node, language: str) -> str:
        """Return the answer to a question as it stands in a text, seen from a place in the form."""
        path = self._state.tree.paths.get(name)
        nodes = referred(Focus(self._state, place, place), path) if path else []
        node = next((each for each in nodes if self._state.is_asked(each)), None)
        if node is None:
            return ""
        question = self._state.rules.questions.get(node.path)
        answer = self.answers.get(self._state.key_of(node))
        if question is not None and question.takes_answer and not question.calculation and answer is None:
            return _ELLIPSIS
        if question is not None and question.kind in CHOICE_KINDS | DAY_KINDS and not is_sealed(answer):
            return ", ".join(shown(question, answer, language or self._state.language, ""))
        return self._state.text(node)

    def _problems_at(self, place: Place, terms: Terms, *, submitting: bool, language: str) -> list[Problem]:
        question, key = place.question, place.key
        answer = self.answers.get(key)
        if answer is None:
            if not submitting or not self.is_required(key) or self.answers.get(spoken(key)) is not None:
                return []
            message = self.text(question.required_message, key, language)
            return [Problem(message or _l("Answer this question."), field=key)]
        if is_sealed(answer):
            return []  # checked when it was typed; it cannot be read here
        wrong = list(complaints(question, answer, terms, language=language, offered=self.choices(key)))
        if is_understood(answer) and not self._holds("constraint", key):
            wrong.append(
                self.text(question.constraint_message, key, language)
                or _l("This answer does not fit the question. Please check it.")
            )
        return [Problem(message, field=key) for message in wrong]

    def _holds(self, what: str, key: str) -> bool:
        node = self._state.node_at(key)
        return node is None or self._state.holds(what, node, ordinarily=True)

    def _is_sent(self, written: str) -> bool:
        key, node = read_key(written), self._state.node_at(written)
        return key is not None and node is not None and key.part is not KeyPart.LAST and self.is_asked(written)

    def _own_repeat(self, key: str) -> Node:
        node = self._state.node_at(key)
        if (
            node is None
            or node.path not in self._state.tree.repeats
            or self._state.rules.of("repeat_count", node.path) is not None
            or not self._state.is_asked(Node(node.path[:-1], node.rows))
        ):
            raise Conflict(_l("This can't be added to or taken from now."))
        return node

    def _last_row(self, repeat_key: str) -> int:
        """Return the last row that was ever given, whatever has been taken out since."""
        given = self._state.given.get(_last(repeat_key))
        return max([*self.rows(repeat_key), given if isinstance(given, int) else 0])

    def _defaults_under(self, around: Node) -> dict[str, Answer]:
        """Return the defaults of the questions in one row of a repeat, or in the whole form."""
        found: dict[str, Answer] = {}
        for path, question in self._state.rules.questions.items():
            if not question.default or path[: len(around.path)] != around.path:
                continue
            for node in self._state.instances(path):
                if node.rows[: len(around.rows)] != around.rows:
                    continue
                answer = answer_of_text(question, self._default_text(question, node))
                if answer is not None:
                    found[self._state.key_of(node)] = answer
        return found

    def _default_text(self, question: Question, node: Node) -> str:
        if not question.default_is_expression:
            return question.default
        bound = self._state.rules.of("default", node.path)
        try:
            return bound.text(self._state, node) if bound else ""
        except ExpressionTooSlow:
            return ""


def defaults(
    form: FormDefinition, surroundings: Surroundings, known: Mapping[str, Answer] | None = None
) -> dict[str, Answer]:
    """Return the answers that a new draft begins with: the form's defaults, and the first values of once().

    What is `known` already stays as it is, and defaults may be computed from it.
    """
    told = dict(known or {})
    begun = told
    # Twice: a default that is computed may look at those that are fixed.
    for _time in range(2):
        begun = Filling(form, begun, surroundings)._defaults_under(Node(ROOT)) | told
    return Filling(form, begun, surroundings).to_keep() | begun


def _last(repeat_key: str) -> str:
    return str(Key(repeat_key, part=KeyPart.LAST))
