"""The web form of one page of an application, made from what is asked there now."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from fundapp.applications.form_engine.answers import Answer, Typed, is_sealed, typed_again
from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    FILE_KINDS,
    Choice,
    Kind,
    Question,
    Role,
    Sensitivity,
)
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.form_engine.pages import Part, PartKind
from fundapp.applications.presentation.questions import MOST_SHOWN, label_at, said_at
from fundapp.applications.presentation.texts import NOTHING, Said, said
from fundapp.core.errors import Problem
from fundapp.core.fields import CheckboxesField, DateField, DateTimeField, RankField
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.text import count_characters, count_words

_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MINIMAL: Final = frozenset({"minimal", "autocomplete"})
"""Appearances that ask for a list that unfolds."""
_WITH_OPTIONS: Final = (RadioField, SelectField, CheckboxesField)


@dataclass(frozen=True)
class Asked:
    """A question in one place, as it can be answered now."""

    key: str
    question: Question
    choices: tuple[Choice, ...] = ()
    required: bool = False

    @property
    def name(self) -> str:
        """Return the name of its field."""
        return field_name(self.key)

    @property
    def control(self) -> str:
        """Return the name of the macro that draws it."""
        return _control(self)


@dataclass(frozen=True)
class PartShown:
    """A part of a page with all that stands beside it.

    `place` is its own on the page; `key` that of the answer, "" where there is nothing to fill in. `mark` changes with
    the stored answer. `counts` is ("words" or "characters", the most).
    """

    kind: str
    place: str
    key: str = ""
    control: str = ""
    field: Field | None = None
    label: Said = NOTHING
    hint: Said = NOTHING
    guidance: Said = NOTHING
    limit: str = ""
    used: str = ""
    over: bool = False
    counts: tuple[str, int] | None = None
    file: Any = None
    accept: str = ""
    mask: str = ""
    """Of payee details that are stored: they are never filled into a field again."""
    texts: tuple[str, ...] = ()
    """What stands in place of a field that cannot be changed."""
    level: int = 0
    row: int = 0
    of: str = ""
    """The key of the row, or of the repeat."""
    is_free: bool = False
    """Said of a row that the applicant may take out."""
    mark: str = ""
    width: str = ""
    conflict: Any = None
    """What somebody else stored meanwhile, where both changed it."""

    @cached_property
    def shape(self) -> str:
        """Return a short text that is another one when anything but what was typed is."""
        choices = [(each.label.text, each.data) for each in self.field] if isinstance(self.field, _WITH_OPTIONS) else []
        required = self.field is not None and bool(self.field.flags.required)
        drawn = (
            *(self.kind, self.place, self.control, self.label, self.hint, self.guidance, self.limit, self.texts),
            *(self.row, required, choices, self.mask, getattr(self.file, "filename", "")),
        )
        return hashlib.sha256(repr(drawn).encode()).hexdigest()[:8]

    @property
    def counting(self) -> dict[str, object]:
        """Return what the counting script needs to know of a field: attributes of its control."""
        return {"data_what": self.counts[0], "data_most": self.counts[1]} if self.counts else {}

    @property
    def is_time(self) -> bool:
        """Say whether a browser's own field for times can hold what the field has; anything else needs a plain one."""
        typed = self.field.data if self.field is not None else ""
        return not typed or _TIME.fullmatch(typed) is not None

    @property
    def is_by_hand(self) -> bool:
        """Say whether only a button sends it: payee details need a proof, and files have ways of their own."""
        return self.control in ("payee", "file")


def field_name(key: str) -> str:
    """Return the name of the field of an answer: prefixed, so that no question can shadow a part of the form itself."""
    return f"q_{key}"


def field_id(asked: Asked) -> str:
    """Return the id of the first control of a field: where a link to it goes."""
    match asked.control:
        case "radios" | "checkboxes" | "rank":
            return f"{asked.name}-0"
        case "date" | "moment":
            return f"{asked.name}-day"
        case _:
            return asked.name


def as_asked(questions: Iterable[Question]) -> list[Asked]:
    """Return questions that stand in no repeat and are always asked, with all their choices."""
    return [Asked(each.name, each, each.choices, each.required) for each in questions]


def asked_at(part: Part, filling: Filling) -> Asked | None:
    """Return what can be answered at a place; None for headings, notes and what the form itself fills in."""
    question = filling.form.question_at(part.key)
    if question is None or not question.takes_answer:
        return None
    return Asked(
        key=part.key,
        question=question,
        choices=filling.choices(part.key) if question.choices else (),
        required=part.kind is PartKind.QUESTION and filling.is_required(part.key),
    )


def section_form(
    asked: Sequence[Asked],
    answers: Mapping[str, Answer],
    language: str,
    problems: Iterable[Problem] = (),
    typed: MultiDict[str, Any] | None = None,
) -> FlaskForm:
    """Return the form of some questions, filled from the request (or `typed`), else from stored answers.

    It checks nothing itself: what was typed goes to `answers.read_answer` as it is. Problems stand beside fields.
    """
    made = type("SectionForm", (FlaskForm,), {each.name: _unbound(each) for each in asked})
    stored = {
        each.name: _initial(each.question, answers.get(each.key), language)
        for each in asked
        if each.question.kind not in FILE_KINDS
    }
    form: FlaskForm = made(data=stored) if typed is None else made(typed, data=stored)
    for each in asked:
        shown = form[each.name]
        shown.label.text = said(each.question.label).text
        if each.required:
            shown.flags.required = True
        messages = [problem.message for problem in problems if problem.field == each.key]
        # Three boxes for a date say in their own words what is wrong with them.
        shown.errors = list(shown.process_errors) if messages and shown.process_errors else messages
    return form


def typed_in(form: FlaskForm, asked: Sequence[Asked]) -> dict[str, Typed]:
    """Return what was typed, by key of answer; files are left out."""
    typed: dict[str, Typed] = {}
    for each in asked:
        if each.question.kind in FILE_KINDS:
            continue
        shown = form[each.name]
        match each.question.kind:
            case Kind.DATE | Kind.DATETIME:
                typed[each.key] = shown.typed
            case Kind.SELECT_MULTIPLE | Kind.RANK:
                typed[each.key] = list(shown.data or [])
            case Kind.ACKNOWLEDGE:
                typed[each.key] = "OK" if shown.data else ""
            case _:
                typed[each.key] = shown.data or ""
    return typed


def field_shown(
    part: Part, asked: Asked, form: FlaskForm, filling: Filling, stored: Answer, **beside: Any
) -> PartShown:
    """Return a field with its label, hint, limits and how much of them is used."""
    shown, question = form[asked.name], asked.question
    counts, used, over = _used(question, shown.data or "") if question.kind is Kind.TEXT else (None, "", False)
    is_main = part.kind is PartKind.QUESTION
    label = label_at(part, filling)
    hint, guidance = (
        said_at(filling, texts if is_main else {}, part.key) for texts in (question.hint, question.guidance)
    )
    shown.label.text = label.text
    return PartShown(
        kind="field",
        place=asked.name,
        key=part.key,
        control=asked.control,
        field=shown,
        label=label,
        hint=hint,
        guidance=guidance,
        used=used,
        over=over,
        counts=counts,
        mask=str(stored["mask"]) if question.sensitivity is Sensitivity.PAYEE and is_sealed(stored) else "",
        width=_width(asked),
        **beside,
    )


def part_shown(part: Part, filling: Filling, **beside: Any) -> PartShown:
    """Return a heading, a note, a row or the end of rows; `texts` for an answer that only the form can change."""
    question, group = part.question, part.group
    kind = part.kind.value
    if question is not None:
        kind = "note" if question.kind is Kind.NOTE else "shown"
    return PartShown(
        kind=kind,
        place=f"{part.kind}_{part.key}",
        label=label_at(part, filling),
        hint=NOTHING if part.row or part.kind is PartKind.AGAIN else said_at(filling, part.of.hint, part.key),
        level=part.level,
        row=part.row,
        of=part.key if group else "",
        is_free=part.kind is PartKind.ROW and group is not None and not group.repeat_count,
        **beside,
    )


def _used(question: Question, text: str) -> tuple[tuple[str, int] | None, str, bool]:
    """Say what is counted where a length is limited, how much there is of it, and whether it is too much."""
    if question.max_words is not None:
        words = count_words(text)
        return (
            ("words", question.max_words),
            ngettext("You have written %(num)s word.", "You have written %(num)s words.", words),
            words > question.max_words,
        )
    if question.max_characters is not None:
        characters = count_characters(text)
        return (
            ("characters", question.max_characters),
            ngettext("You have written %(num)s character.", "You have written %(num)s characters.", characters),
            characters > question.max_characters,
        )
    return None, "", False


def _unbound(asked: Asked) -> Any:
    choices = [SelectChoice(choice.name, said(choice.label).text) for choice in asked.choices]
    match asked.control:
        case "textarea":
            return TextAreaField()
        case "select":
            return SelectField(choices=[SelectChoice("", _("Choose one")), *choices], validate_choice=False)
        case "radios":
            return RadioField(choices=choices, validate_choice=False)
        case "checkboxes":
            return CheckboxesField(choices=choices, validate_choice=False)
        case "rank":
            return RankField(choices=choices, validate_choice=False)
        case "date":
            return DateField()
        case "moment":
            return DateTimeField()
        case "file":
            return FileField()
        case "tick":
            return BooleanField()
        case _:
            return StringField()


def _initial(question: Question, answer: Answer, language: str) -> Any:
    typed = typed_again(question, answer, language)
    if question.kind is Kind.ACKNOWLEDGE:
        return bool(typed)
    if question.kind in (Kind.SELECT_MULTIPLE, Kind.RANK):
        return typed if isinstance(typed, list) else [typed]
    return typed if isinstance(typed, str) else " ".join(typed)


def _control(asked: Asked) -> str:
    question = asked.question
    match question.kind:
        case Kind.TEXT if question.sensitivity is Sensitivity.PAYEE:
            return "payee"
        case Kind.TEXT if question.multiline:
            return "textarea"
        case Kind.TEXT:
            return "email" if question.role is Role.EMAIL else "text"
        case Kind.SELECT_ONE | Kind.GEOPOINT if question.choices:
            is_long = len(asked.choices) > MOST_SHOWN or not _MINIMAL.isdisjoint(question.appearance.split())
            return "select" if is_long else "radios"
        case Kind.SELECT_ONE | Kind.GEOPOINT:
            return "radios" if question.kind in CHOICE_KINDS else "text"
        case Kind.INTEGER | Kind.DECIMAL:
            return "money" if question.role is Role.AMOUNT else "number"
        case kind if kind in FILE_KINDS:
            return "file"
        case _:
            return {
                Kind.SELECT_MULTIPLE: "checkboxes",
                Kind.RANK: "rank",
                Kind.DATE: "date",
                Kind.TIME: "time",
                Kind.DATETIME: "moment",
                Kind.ACKNOWLEDGE: "tick",
            }[question.kind]


def _width(asked: Asked) -> str:
    return {"email": "medium", "number": "short", "time": "short"}.get(asked.control, "")
