"""What lists read of applications: the form by which they are listed, and what was sent last."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, and_, func, select, type_coerce

from fundapp.applications.form_engine.definition import FormDefinition, Question
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


def answer_to(question: Question) -> ColumnElement[Any]:
    """Return the answer to a question in what was sent last, without loading the other answers."""
    return type_coerce(Submission.answers, JSON)[question.name]
