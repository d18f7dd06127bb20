"""What lists read of applications: the form by which they are listed, and what was sent last."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, and_, func, select, type_coerce

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question, Sensitivity
from fundapp.applications.form_engine.definition import Role as QuestionRole
from fundapp.applications.identity import masked_names
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    Submission,
)
from fundapp.applications.queries.public import current_form

SENT: Final = tuple(status for status in ApplicationStatus if status is not ApplicationStatus.DRAFT)

_HAVE_COLUMNS: Final = frozenset(
    {QuestionRole.ORGANISATION, QuestionRole.TITLE, QuestionRole.COUNTRY, QuestionRole.AMOUNT}
)
_OPENED: Final = frozenset({Sensitivity.IDENTITY, Sensitivity.PAYEE})
"""What staff see as a mask until they open it."""
LAST: Final = and_(
    Submission.application_id == Application.id,
    Submission.number
    == select(func.max(Submission.number))
    .where(Submission.application_id == Application.id)
    .correlate(Application)
    .scalar_subquery(),
)
"""Joins to an application what was sent last."""
BY_REFERENCE: Final = (
    func.length(Application.reference),
    Application.reference,
    Application.started_at,
    Application.id,
)


def listed_form(call: Call) -> FormDefinition:
    """Return the form by which a call's applications are listed: the newest one. Raises NotFound without any."""
    return FormDefinition.from_json(current_form(call).definition)


def listed_questions(form: FormDefinition) -> list[Question]:
    """Return the questions of a form whose answers stand in lists, but for those that have a column anyway.

    What is computed from an answer that a protected application hides tells who applies, as that answer does.
    """
    telling = masked_names(form, is_protected=True)
    return [
        replace(question, identifies=question.name in telling)
        for question in form.questions
        if question.in_lists and question.role not in _HAVE_COLUMNS
    ]


def tabled_questions(call: Call) -> list[Question]:
    """Return the questions of all versions of a call's forms that have a column in a table of its applications.

    The newest version speaks first; what only older ones or the forms of further papers asked stands behind. Left out
    is what nobody reads without opening it, and what stands in repeats, where a question has many answers.
    """
    found: dict[str, Question] = {}
    for version in sorted(call.form_versions, key=lambda each: (each.purpose.value, -each.number)):
        form = FormDefinition.from_json(version.definition)
        telling, hidden = masked_names(form, is_protected=True), masked_names(form, is_protected=False)
        for question in form.questions:
            if question.kind is Kind.NOTE or form.question_at(question.name) is None:
                continue
            before = found.setdefault(question.name, question)
            tells = before.identifies or question.name in telling
            is_hidden = before.sensitivity in _OPENED or question.name in hidden
            found[question.name] = replace(
                before,
                identifies=tells,
                given_sensitivity=Sensitivity.IDENTITY if is_hidden else before.given_sensitivity,
            )
    return [each for each in found.values() if each.sensitivity not in _OPENED]


def answer_to(question: Question) -> ColumnElement[Any]:
    """Return the answer to a question in what was sent last, without loading the other answers."""
    return type_coerce(Submission.answers, JSON)[question.name]
