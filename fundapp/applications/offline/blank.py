"""A form with nothing filled in, in one language: plain texts in order, for paper and for workbooks alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from fundapp.applications.form_engine.definition import (
    FILE_KINDS,
    FormDefinition,
    Group,
    Kind,
    Question,
    Sensitivity,
    Texts,
)
from fundapp.applications.form_engine.rules import REFERENCE
from fundapp.core.i18n import localised

_UNKNOWN: Final = "…"
"""Stands for an answer that a text would name."""


@dataclass(frozen=True)
class BlankItem:
    """A question as it stands on paper. `lines` is the room to write by hand."""

    name: str
    kind: str
    label: str
    hint: str | None
    guidance: str | None
    limits: tuple[str, ...]
    choices: tuple["BlankChoice", ...]
    is_required: bool
    is_conditional: bool
    is_on_site: bool
    """A file, or where money goes: given on the pages alone."""
    lines: int


@dataclass(frozen=True)
class BlankChoice:
    """A choice; labels of one question differ."""

    name: str
    label: str


@dataclass(frozen=True)
class BlankBlock:
    """Questions under one heading. `repeat` names the repeat that they stand in, `around` the one around that."""

    level: int
    title: str | None
    hint: str | None
    is_conditional: bool
    is_repeat: bool
    """Whether the heading is that of a repeat: what follows is asked once for each."""
    repeat: str | None
    around: str | None
    items: tuple[BlankItem, ...]


@dataclass(frozen=True)
class BlankForm:
    """A whole form, and of which call, version and language it is."""

    slug: str
    form_sha256: str
    language: str
    call: str
    deadline: str
    is_sample: bool
    blocks: tuple[BlankBlock, ...]


def blank_blocks(form: FormDefinition, language: str, limits: Mapping[str, Sequence[str]]) -> tuple[BlankBlock, ...]:
    """Return a form's questions under their headings; `limits` says by name what an answer may be."""
    return tuple(_Blank(form, language, limits).under((), form.questions))


@dataclass(frozen=True)
class _Blank:
    form: FormDefinition
    language: str
    limits: Mapping[str, Sequence[str]]

    def under(self, path: tuple[str, ...], questions: Sequence[Question]) -> Iterator[BlankBlock]:
        """Give the blocks of the questions in a group; the heading of each group comes once, before all in it."""
        depth = len(path)
        for inner, run in groupby(questions, key=lambda question: question.group[: depth + 1]):
            inside = [question for question in run if question.kind not in (Kind.CALCULATE, Kind.HIDDEN)]
            if len(inner) <= depth:
                items = tuple(self._item(question) for question in inside if not question.calculation)
                yield self._block(path, items, group=None)
                continue
            group = next(group for group in self.form.groups if group.path == inner)
            yield self._block(inner, (), group=group)
            yield from self.under(inner, inside)

    def _block(self, path: tuple[str, ...], items: tuple[BlankItem, ...], *, group: Group | None) -> BlankBlock:
        repeats = [each.name for each in self._around(path) if each.is_repeat]
        return BlankBlock(
            level=len(path),
            title=self._text(group.label) if group else None,
            hint=(self._text(group.hint) or None) if group else None,
            is_conditional=bool(group and group.relevant),
            is_repeat=bool(group and group.is_repeat),
            repeat=repeats[-1] if repeats else None,
            around=repeats[-2] if len(repeats) > 1 else None,
            items=items,
        )

    def _item(self, question: Question) -> BlankItem:
        return BlankItem(
            name=question.name,
            kind=question.kind.value,
            label=self._text(question.label) or question.name,
            hint=self._text(question.hint) or None,
            guidance=self._text(question.guidance) or None,
            limits=tuple(self.limits.get(question.name, ())),
            choices=self._choices(question),
            is_required=question.required or bool(question.required_if),
            is_conditional=bool(question.relevant or question.category)
            or any(group.relevant for group in self._around(question.group)),
            is_on_site=question.kind in FILE_KINDS or question.sensitivity is Sensitivity.PAYEE,
            lines=_lines(question),
        )

    def _choices(self, question: Question) -> tuple[BlankChoice, ...]:
        labels = [self._text(choice.label) or choice.name for choice in question.choices]
        return tuple(
            BlankChoice(choice.name, label if labels.count(label) == 1 else f"{label} ({choice.name})")
            for choice, label in zip(question.choices, labels, strict=True)
        )

    def _around(self, path: tuple[str, ...]) -> list[Group]:
        return [group for group in self.form.groups if group.path == path[: len(group.path)]]

    def _text(self, texts: Texts) -> str:
        return str(REFERENCE.sub(_UNKNOWN, localised(texts, self.language))).strip()


def _lines(question: Question) -> int:
    """Return how many lines of about ten words there are to write on."""
    if question.kind is not Kind.TEXT or not question.multiline:
        return 1
    words = question.max_words or (question.max_characters or 600) // 6
    return max(3, min(24, words // 9 + 1))
