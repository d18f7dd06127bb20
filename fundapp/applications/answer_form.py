"""The web form of one section of an application, made from the form's definition."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from fundapp.applications.answers import Answer, Typed, is_sealed, typed_again
from fundapp.applications.form_definition import FILE_KINDS, Kind, Question, Role, Sensitivity
from fundapp.applications.models import Application, Attachment
from fundapp.applications.presentation.questions import MOST_SHOWN, limits_of
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.errors import Problem
from fundapp.core.fields import CheckboxesField, DateField
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.text import count_characters, count_words


@dataclass(frozen=True)
class FieldShown:
    """One field with all that stands beside it; `control` names the macro that draws it."""

    control: str
    question: Question
    field: Field | None
    label: Said
    hint: Said
    limit: str
    over: bool
    currency: str
    attachment: Attachment | None
    mask: str = ""
    """Of payee details that are stored: they are never filled into a field again."""


def section_form(
    questions: Sequence[Question], answers: Mapping[str, Answer], language: str, problems: Iterable[Problem] = ()
) -> FlaskForm:
    """Return the form of some questions, filled from the request, else from stored answers, problems beside fields.

    It checks nothing itself: what was typed goes to `answers.read_answer` as it is.
    """
    asked = [question for question in questions if question.takes_answer]
    made = type("SectionForm", (FlaskForm,), {field_name(question): _unbound(question) for question in asked})
    form: FlaskForm = made(
        data={
            field_name(question): _initial(question, answers.get(question.name), language)
            for question in asked
            if question.kind not in FILE_KINDS
        }
    )
    for question in asked:
        field = form[field_name(question)]
        if question.required:
            field.flags.required = True
        messages = [problem.message for problem in problems if problem.field == question.name]
        # Three boxes for a date say in their own words what is wrong with them.
        field.errors = list(field.process_errors) if messages and field.process_errors else messages
    return form


def field_name(question: Question) -> str:
    """Return the name of a question's field: prefixed, so that no question can shadow a part of the form itself."""
    return f"q_{question.name}"


def field_id(question: Question) -> str:
    """Return the id of the first control of a question's field: where a link to it goes."""
    match _control(question):
        case "radios" | "checkboxes":
            return f"{field_name(question)}-0"
        case "date":
            return f"{field_name(question)}-day"
        case _:
            return field_name(question)


def typed_in(form: FlaskForm, questions: Sequence[Question]) -> dict[str, Typed]:
    """Return what was typed, by question name; files are left out."""
    typed: dict[str, Typed] = {}
    for question in questions:
        if not question.takes_answer or question.kind in FILE_KINDS:
            continue
        field = form[field_name(question)]
        match question.kind:
            case Kind.DATE:
                typed[question.name] = field.typed
            case Kind.SELECT_MULTIPLE:
                typed[question.name] = list(field.data or [])
            case Kind.ACKNOWLEDGE:
                typed[question.name] = "OK" if field.data else ""
            case _:
                typed[question.name] = field.data or ""
    return typed


def fields_shown(form: FlaskForm, questions: Sequence[Question], application: Application) -> list[FieldShown]:
    """Return the fields in order, each with hint, limits and how much of them is used."""
    kept = {attachment.question: attachment for attachment in application.attachments}
    return [_shown(form, question, application, kept.get(question.name)) for question in questions]


def _shown(form: FlaskForm, question: Question, application: Application, attachment: Attachment | None) -> FieldShown:
    call = application.call
    field = form[field_name(question)] if question.takes_answer else None
    used, over = _used(question, field.data or "") if field is not None and question.kind is Kind.TEXT else ("", False)
    limits = limits_of(question, call) if question.takes_answer else []
    return FieldShown(
        control=_control(question),
        question=question,
        field=field,
        label=said(question.label),
        hint=said(question.hint),
        limit=" ".join([*limits, used]).strip(),
        over=over,
        currency=call.currency,
        attachment=attachment,
        mask=_payee_mask(question, application.answers.get(question.name)),
    )


def _payee_mask(question: Question, stored: Answer) -> str:
    """Return what may be shown of payee details that are stored ("" where there are none)."""
    return str(stored["mask"]) if question.sensitivity is Sensitivity.PAYEE and is_sealed(stored) else ""


def _used(question: Question, text: str) -> tuple[str, bool]:
    """Say how long a text is where its length is limited, and whether it is too long."""
    if question.max_words is not None:
        words = count_words(text)
        return ngettext("You have written %(num)s word.", "You have written %(num)s words.", words), (
            words > question.max_words
        )
    if question.max_characters is not None:
        characters = count_characters(text)
        return ngettext("You have written %(num)s character.", "You have written %(num)s characters.", characters), (
            characters > question.max_characters
        )
    return "", False


def _unbound(question: Question) -> Any:
    label = said(question.label).text
    choices = [SelectChoice(choice.name, said(choice.label).text) for choice in question.choices]
    match question.kind:
        case Kind.TEXT if question.multiline:
            return TextAreaField(label)
        case Kind.SELECT_ONE if len(choices) > MOST_SHOWN:
            return SelectField(label, choices=[SelectChoice("", _("Choose one")), *choices], validate_choice=False)
        case Kind.SELECT_ONE:
            return RadioField(label, choices=choices, validate_choice=False)
        case Kind.SELECT_MULTIPLE:
            return CheckboxesField(label, choices=choices, validate_choice=False)
        case Kind.DATE:
            return DateField(label)
        case Kind.FILE | Kind.IMAGE:
            return FileField(label)
        case Kind.ACKNOWLEDGE:
            return BooleanField(label)
        case _:
            return StringField(label)


def _initial(question: Question, answer: Answer, language: str) -> Any:
    typed = typed_again(question, answer, language)
    if question.kind is Kind.ACKNOWLEDGE:
        return bool(typed)
    if question.kind is Kind.SELECT_MULTIPLE:
        return typed if isinstance(typed, list) else [typed]
    return typed if isinstance(typed, str) else " ".join(typed)


def _control(question: Question) -> str:
    match question.kind:
        case Kind.TEXT if question.sensitivity is Sensitivity.PAYEE:
            return "payee"
        case Kind.TEXT if question.multiline:
            return "textarea"
        case Kind.TEXT:
            return "email" if question.role is Role.EMAIL else "text"
        case Kind.SELECT_ONE if len(question.choices) > MOST_SHOWN:
            return "select"
        case Kind.SELECT_ONE:
            return "radios"
        case Kind.SELECT_MULTIPLE:
            return "checkboxes"
        case Kind.FILE | Kind.IMAGE:
            return "file"
        case Kind.INTEGER | Kind.DECIMAL:
            return "money" if question.role is Role.AMOUNT else "number"
        case _:
            return {Kind.DATE: "date", Kind.ACKNOWLEDGE: "tick", Kind.NOTE: "note"}[question.kind]
