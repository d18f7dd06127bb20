"""How a form lies on pages: a group on each, its questions, headings and rows in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from fundapp.applications.form_engine.answer_keys import read_key, spoken, transcript
from fundapp.applications.form_engine.definition import FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.filling import Filling


class PartKind(StrEnum):
    """What stands on a page."""

    QUESTION = "question"
    SPOKEN = "spoken"
    """The recording that may be given instead of, or beside, a text."""
    TRANSCRIPT = "transcript"
    """What is said in a recording or film, in writing."""
    HEADING = "heading"
    AGAIN = "again"
    """The heading of a group or row once more, where it goes on after a group in it."""
    ROW = "row"
    ROWS = "rows"
    """The end of a repeat: where rows are added."""


@dataclass(frozen=True)
class Page:
    """One page of a form: a group that stands in no other, or a run of questions outside all groups.

    Pages count from 1 and keep their numbers whatever is asked.
    """

    number: int
    group: Group | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Part:
    """Something on a page. `key` is that of the answer; of a heading or row, of its group; of a heading that stands
    there once more, of the question that follows.

    `level` is how deep it lies in groups of the page; `row` the place of a row among its siblings, from 1.
    """

    kind: PartKind
    key: str
    of: Question | Group
    level: int = 0
    row: int = 0

    @property
    def question(self) -> Question | None:
        """Return the question that is asked here; None for headings and rows."""
        return self.of if isinstance(self.of, Question) else None

    @property
    def group(self) -> Group | None:
        """Return the group whose heading or row this is."""
        return self.of if isinstance(self.of, Group) else None


def pages_of(form: FormDefinition) -> tuple[Page, ...]:
    """Return the pages of a form, in order."""
    groups = {group.path: group for group in form.groups}
    runs = [(path, tuple(run)) for path, run in groupby(form.questions, key=lambda question: question.group[:1])]
    return tuple(
        Page(number=number, group=groups[path] if path else None, questions=run)
        for number, (path, run) in enumerate(runs, 1)
    )


def parts_of(page: Page, form: FormDefinition, filling: Filling) -> list[Part]:
    """Return what stands on a page now: what is asked, with rows as they are."""
    return list(_Walk(form, filling).through(page.questions, depth=0, prefix=""))


def page_of(key: str, form: FormDefinition) -> Page | None:
    """Return the page on which the answer of a key is given, or the rows of a repeat are added."""
    read = read_key(key)
    name = read.name if read else ""
    repeats = {group.path for group in form.groups if group.is_repeat and group.name == name}
    return next(
        (
            page
            for page in pages_of(form)
            if any(each.name == name or repeats & _around(each) for each in page.questions)
        ),
        None,
    )


def _around(question: Question) -> set[tuple[str, ...]]:
    """Return the paths of the groups around a question."""
    return {question.group[:depth] for depth in range(1, len(question.group) + 1)}


@dataclass(frozen=True)
class _Walk:
    form: FormDefinition
    filling: Filling

    def through(
        self, questions: Sequence[Question], *, depth: int, prefix: str, around: Part | None = None
    ) -> Iterator[Part]:
        """Go through questions of one group or row, whose own heading is `around`."""
        is_below_another = False
        for path, run in groupby(questions, key=lambda question: question.group[: depth + 1]):
            inside = list(run)
            if len(path) <= depth:
                asked = [part for each in inside for part in self._question(each, prefix + each.name)]
                if asked and is_below_another and around is not None:
                    level = max(1, around.level + (around.kind is PartKind.ROW))
                    yield replace(around, kind=PartKind.AGAIN, key=asked[0].key, level=level)
                    is_below_another = False
                yield from asked
                continue
            group = next(group for group in self.form.groups if group.path == path)
            key = prefix + group.name
            own = Part(PartKind.HEADING, key, group, level=depth)
            heading = [own] if depth else []  # a page has a title
            if not group.is_repeat:
                # Whether anything in it is asked decides: a group may share its name, and so its key, with a question.
                parts = list(self.through(inside, depth=depth + 1, prefix=prefix, around=own))
                is_below_another = is_below_another or bool(parts)
                yield from [*heading, *parts] if parts else []
                continue
            if not self.filling.is_asked(key):
                continue
            is_below_another = True
            yield from heading
            for place, row in enumerate(self.filling.rows(key), 1):
                of_row = Part(PartKind.ROW, f"{key}~{row}", group, level=depth, row=place)
                yield of_row
                yield from self.through(inside, depth=depth + 1, prefix=f"{key}~{row}~", around=of_row)
            if not group.repeat_count:
                yield Part(PartKind.ROWS, key, group, level=depth)

    def _question(self, question: Question, key: str) -> Iterator[Part]:
        if not self.filling.is_asked(key) or question.kind in (Kind.CALCULATE, Kind.HIDDEN):
            return
        yield Part(PartKind.QUESTION, key, question)
        if question.spoken:
            yield Part(PartKind.SPOKEN, spoken(key), question)
        if question.kind in (Kind.AUDIO, Kind.VIDEO):
            yield Part(PartKind.TRANSCRIPT, transcript(key), question)
