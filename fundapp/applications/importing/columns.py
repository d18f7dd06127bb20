"""Which column of a spreadsheet answers which question, as survey tools and offices write headings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import regex

from fundapp.applications.form_engine.definition import LIST_KINDS, Choice, FormDefinition, Kind, Question
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

# The row's own number in the tool that it comes from: with it, a row is known again after it was corrected.
_ID_HEADINGS: Final = ("import id", "id", "_id", "_uuid", "uuid", "instanceid", "meta/instanceid", "meta-instanceid")
_LANGUAGE_HEADINGS: Final = ("language", "langue", "idioma", "اللغة")
_SPACES: Final = regex.compile(r"\s+")
_SEPARATORS: Final = tuple(regex.compile(separator) for separator in (r"[;\n|]", r"\s+", r","))


@dataclass(frozen=True)
class ColumnMap:
    """What the columns of a table hold, by their headings.

    `ticks` are columns with one choice of a question each, as KoboToolbox writes them: heading -> question, choice.
    `choices` are the names of each question's choices by name and label.
    """

    questions: Mapping[str, str]
    ticks: Mapping[str, tuple[str, str]]
    choices: Mapping[str, Mapping[str, str]]
    id_heading: str | None
    language_heading: str | None
    unmapped: list[str]
    problems: list[Problem]

    def matched(self, form: FormDefinition) -> dict[str, str]:
        """Return the name of the question that each heading answers, in the order of the form."""
        names = {**self.questions, **{heading: name for heading, (name, _choice) in self.ticks.items()}}
        order = {question.name: number for number, question in enumerate(form.questions)}
        return dict(sorted(names.items(), key=lambda pair: order[pair[1]]))

    def heading_of(self, question: str) -> str | None:
        """Return the heading of the column that answers a question."""
        for heading, name in self.questions.items():
            if name == question:
                return heading
        return next((heading for heading, (name, _choice) in self.ticks.items() if name == question), None)


def map_columns(form: FormDefinition, headings: Iterable[str]) -> ColumnMap:
    """Match headings with questions by name, by path or by label in any language, whatever their case and spacing."""
    known = _known_headings(form)
    choices = {question.name: _choices_by_text(question.choices) for question in form.questions if question.choices}
    questions: dict[str, str] = {}
    ticks: dict[str, tuple[str, str]] = {}
    special: dict[str, str] = {}
    unmapped: list[str] = []
    problems: list[Problem] = []
    for heading in headings:
        meant = known.get(folded(heading), set())
        if len(meant) == 1:
            (name,) = meant
            if name in questions.values():
                problems.append(Problem(_l("Another column answers this question already."), place=_column(heading)))
            else:
                questions[heading] = name
        elif meant:
            problems.append(Problem(_l("This heading fits several questions."), place=_column(heading)))
        elif tick := _tick(form, known, choices, heading):
            ticks[heading] = tick
        elif folded(heading) in _ID_HEADINGS and "id" not in special:
            special["id"] = heading
        elif folded(heading) in _LANGUAGE_HEADINGS and "language" not in special:
            special["language"] = heading
        else:
            unmapped.append(heading)
    return ColumnMap(questions, ticks, choices, special.get("id"), special.get("language"), unmapped, problems)


def folded(text: str) -> str:
    """Return a heading or label without case, outer punctuation and needless spaces."""
    return str(_SPACES.sub(" ", text)).strip(" *:?؟¿.").casefold()


def choices_in(question: Question, cell: str, by_text: Mapping[str, str]) -> list[str]:
    """Return the names of the choices that a cell holds, by name or by label; what is no choice stays as written."""
    if name := by_text.get(folded(cell)):
        return [name]
    if question.kind in LIST_KINDS:
        for separator in _SEPARATORS:
            parts = [folded(part) for part in separator.split(cell) if part.strip()]
            if parts and all(part in by_text for part in parts):
                return [by_text[part] for part in parts]
    return [cell]


def _column(heading: str) -> str:
    return f"column {heading}"


def _known_headings(form: FormDefinition) -> Mapping[str, set[str]]:
    known: dict[str, set[str]] = {}
    for question in form.questions:
        if not question.takes_answer:
            continue
        path = (*question.group, question.name)
        written = {question.name, "/".join(path), "-".join(path), *question.label.values()}
        for text in written:
            known.setdefault(folded(text), set()).add(question.name)
    names = {folded(question.name): question.name for question in form.questions}
    # A name is a name, even where another question has it for a label.
    return {text: {names[text]} if text in names else meant for text, meant in known.items()}


def _tick(
    form: FormDefinition, known: Mapping[str, set[str]], choices: Mapping[str, Mapping[str, str]], heading: str
) -> tuple[str, str] | None:
    head, slash, tail = heading.rpartition("/")
    for name in known.get(folded(head), set()) if slash else set():
        question = form.question(name)
        if question and question.kind is Kind.SELECT_MULTIPLE:
            choice = choices[name].get(folded(tail))
            return (name, choice) if choice else None
    return None


def _choices_by_text(choices: Iterable[Choice]) -> Mapping[str, str]:
    by_text: dict[str, str] = {}
    for choice in choices:
        for label in choice.label.values():
            by_text.setdefault(folded(label), choice.name)
    for choice in choices:
        by_text[folded(choice.name)] = choice.name
    return by_text
