"""A form made ready to be filled: its expressions read once, bound to their places, and put into an order.

`rules_of` keeps what it has made, so that a save parses nothing. `faults_of` is all that
is wrong with the expressions of a form; whoever loads a form shows it and stops.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Final, NamedTuple

import regex

from fundapp.applications.form_engine.definition import FormDefinition, Group, Question, Role, Sensitivity, Texts
from fundapp.applications.form_engine.expressions import (
    CHOICE,
    Bound,
    ExpressionError,
    Path,
    Tree,
    bind,
    parse_expression,
    tree_of,
)
from fundapp.core.i18n import lazy_gettext as _l

REFERENCE: Final = regex.compile(r"\$\{\s*([^{}]*?)\s*\}")
TEXTS: Final = ("label", "hint", "guidance", "constraint_message", "required_message", "ineligible_message")
"""The fields of questions and groups that hold texts; a group has only some."""
_KEPT_FORMS: Final = 64


class Fault(NamedTuple):
    """What is wrong with an expression or a text: of which question or group, by path, and in which of its fields.

    `message` is for people.
    """

    path: Path
    field: str
    message: str


class Step(NamedTuple):
    """One thing to find out of a path, in an order in which everything that it needs is known: see `Rules.order`."""

    what: str
    path: Path


ROWS: Final = "rows"
ASKED: Final = "asked"
VALUE: Final = "value"


@dataclass
class Rules:
    """The expressions of a form by path. Required, readonly and the like by the path of their question."""

    form: FormDefinition
    tree: Tree
    questions: Mapping[Path, Question]
    groups: Mapping[Path, Group]
    bound: dict[tuple[str, Path], Bound] = field(default_factory=dict)
    order: tuple[Step, ...] = ()
    """Rows of repeats, whether something is asked, values that are computed: each after what it depends on."""
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def payee(self) -> frozenset[Path]:
        """Return the questions that ask where money goes."""
        return frozenset(path for path, each in self.questions.items() if each.sensitivity is Sensitivity.PAYEE)

    @cached_property
    def categories(self) -> Path | None:
        """Return where the categories are chosen that are entered."""
        question = self.form.with_role(Role.CATEGORIES)
        return (*question.group, question.name) if question else None

    def rows_between(self, place: Path, path: Path) -> list[Path]:
        """Return the repeats around `path` that `place` does not stand in."""
        return [each for each in self.tree.repeats_of(path) if path != each and place[: len(each)] != each]

    def of(self, what: str, path: Path) -> Bound | None:
        """Return the expression of a field of the question or group at `path`."""
        return self.bound.get((what, path))

    def derived_from(self, names: frozenset[str]) -> frozenset[str]:
        """Return names with those of all questions whose values are computed from theirs."""
        found = {self.tree.paths[name] for name in names if name in self.tree.paths}
        while more := {
            path
            for (what, path), bound in self.bound.items()
            if what in {"calculation", "default"} and path not in found and bound.values & found
        }:
            found |= more
        return names | {path[-1] for path in found}


def faults_of(form: FormDefinition) -> list[Fault]:
    """Return all that is wrong with the expressions of a form and the names in its texts; it is not to be used then."""
    return list(rules_of(form).faults)


def inheriting(form: FormDefinition) -> FormDefinition:
    """Return a form whose computed questions are as sensitive, and as hidden, as what they are computed from."""
    rules, marked = rules_of(form), dict(rules_of(form).questions)
    for _ in range(len(marked)):
        before = dict(marked)
        for (what, path), bound in rules.bound.items():
            if what in {"calculation", "default"}:
                sources = [marked[each] for each in bound.values & marked.keys() if each != path]
                marked[path] = _as_sensitive_as(marked[path], sources)
        if marked == before:
            break
    return replace(form, questions=tuple(marked.values()))


def _as_sensitive_as(question: Question, sources: Sequence[Question]) -> Question:
    tells = any(each.sensitivity is Sensitivity.IDENTITY for each in sources)
    return replace(
        question,
        given_sensitivity=Sensitivity.IDENTITY if tells else question.given_sensitivity,
        identifies=question.identifies or any(each.identifies for each in sources),
        hidden_from_reviewers=question.hidden_from_reviewers or any(each.hidden_from_reviewers for each in sources),
    )


def text_references(texts: Texts) -> frozenset[str]:
    """Return the names that are written as ${name} in a text, in any language."""
    return frozenset(match[1] for text in texts.values() for match in REFERENCE.finditer(text))


@lru_cache(maxsize=_KEPT_FORMS)
def rules_of(form: FormDefinition) -> Rules:
    """Return the rules of a form, made once for each form."""
    rules = Rules(
        form=form,
        tree=tree_of(form),
        questions={(*question.group, question.name): question for question in form.questions},
        groups={group.path: group for group in form.groups},
    )
    for what, path, source in _expressions(form):
        _bind_into(rules, what, path, source)
    _check_texts(rules)
    _check_payee(rules)
    _put_in_order(rules)
    return rules


def _expressions(form: FormDefinition) -> Iterator[tuple[str, Path, str]]:
    for group in form.groups:
        yield "relevant", group.path, group.relevant
        yield "repeat_count", group.path, group.repeat_count
    for question in form.questions:
        path = (*question.group, question.name)
        for what in ("relevant", "required_if", "constraint", "readonly", "choice_filter", "calculation", "eligible"):
            yield what, path, getattr(question, what)
        if question.default_is_expression:
            yield "default", path, question.default


def _bind_into(rules: Rules, what: str, path: Path, source: str) -> None:
    if not source:
        return
    # How many rows a repeat has is asked beside it, where none of its own rows exists.
    place = (*path[:-1], f"{path[-1]}_count") if what == "repeat_count" else path
    try:
        rules.bound[what, path] = bind(
            parse_expression(source),
            rules.tree,
            place,
            here=CHOICE if what == "choice_filter" else None,
            stays=what == "default",
        )
    except ExpressionError as error:
        rules.faults.append(Fault(path, what, error.message))


def _check_texts(rules: Rules) -> None:
    owners: list[tuple[Path, Group | Question]] = [*rules.groups.items(), *rules.questions.items()]
    for path, owner in owners:
        for what in TEXTS:
            for name in sorted(text_references(getattr(owner, what, {}))):
                if name not in rules.tree.paths:
                    rules.faults.append(Fault(path, what, _l("No question is called “%(name)s”.", name=name)))
                elif rows := rules.rows_between(path, rules.tree.paths[name]):
                    rules.faults.append(Fault(path, what, _asked_in_rows(name, rows[-1])))
                elif rules.tree.paths[name] in rules.payee and rules.tree.paths[name] != path:
                    rules.faults.append(Fault(path, what, _not_to_be_used(name)))


def _check_payee(rules: Rules) -> None:
    """Find whatever looks at payee details: once they are stored, nobody here can read them."""
    for (what, path), bound in rules.bound.items():
        for payee in sorted(bound.values & rules.payee - {path}):
            rules.faults.append(Fault(path, what, _not_to_be_used(payee[-1])))


def _asked_in_rows(name: str, repeat: Path) -> str:
    return _l(
        "“%(name)s” is asked in each row of “%(repeat)s”, so there is no one answer to show here.",
        name=name,
        repeat=repeat[-1],
    )


def _not_to_be_used(name: str) -> str:
    return _l("The answer to “%(name)s” is payee: no other question can use it.", name=name)


def _put_in_order(rules: Rules) -> None:
    graph: dict[Step, set[Step]] = {}
    for path in (*rules.groups, *rules.questions):
        around = {Step(ROWS, repeat) for repeat in rules.tree.repeats_of(path)}
        asked = graph.setdefault(Step(ASKED, path), set(around))
        if len(path) > 1:
            asked.add(Step(ASKED, path[:-1]))
        asked |= _needs(rules.of("relevant", path))
        if path in rules.tree.repeats:
            graph[Step(ROWS, path)] = (around - {Step(ROWS, path)}) | _needs(rules.of("repeat_count", path))
        if path in rules.questions:
            if rules.questions[path].category and rules.categories:
                asked.add(Step(VALUE, rules.categories))
                asked.add(Step(ASKED, rules.categories))
            graph[Step(VALUE, path)] = {Step(ASKED, path)} | _needs(rules.of("calculation", path))
    try:
        rules.order = tuple(
            step
            for step in TopologicalSorter(graph).static_order()
            if step.what != VALUE or ("calculation", step.path) in rules.bound
        )
    except CycleError as error:
        steps: list[Step] = error.args[1]
        names = list(dict.fromkeys(step.path[-1] for step in steps))
        message = (
            _l("“%(name)s” depends on itself.", name=names[0])
            if len(names) == 1
            else _l("These depend on each other in a circle: %(names)s.", names=", ".join(names))
        )
        path, what = _owner(rules, steps)
        rules.faults.append(Fault(path, what, message))


def _owner(rules: Rules, steps: list[Step]) -> tuple[Path, str]:
    """Return an expression on a circle, so that it can be found in the form."""
    fields = {ASKED: "relevant", ROWS: "repeat_count", VALUE: "calculation"}
    owned = [(path, fields[what]) for what, path in steps if rules.of(fields[what], path)]
    return min(owned) if owned else (steps[0].path, fields[steps[0].what])


def _needs(bound: Bound | None) -> set[Step]:
    if bound is None:
        return set()
    looked_at = [path for path in bound.values if path and path[:1] != CHOICE]
    return {Step(what, path) for path in looked_at for what in (ASKED, VALUE)} | {
        Step(ROWS, repeat) for repeat in bound.counted
    }
