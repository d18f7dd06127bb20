"""The applications of a call as a table, filtered and sorted as their list is. Columns: docs/exports.md.

What is masked on pages is left out here: whoever needs it opens it there, with a reason.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import Answer, is_understood
from fundapp.applications.form_engine.definition import NUMBER_KINDS, Question
from fundapp.applications.models import Call
from fundapp.applications.queries.listed_answers import listed_form, listed_questions
from fundapp.applications.queries.managed_applications import ApplicationRow, application_rows
from fundapp.applications.wanted import Wanted
from fundapp.core.money import Money
from fundapp.core.tables import Cell

COLUMNS: Final = (
    "call",
    "application_reference",
    "application_status",
    "set_aside",
    "source",
    "organisation",
    "title",
    "country",
    "region",
    "language",
    "categories",
    "currency",
    "amount_requested",
    "submitted_at",
    "saved_at",
    "own_deadline",
    "protected",
    "sample",
)
ANSWER: Final = "answer."
"""Stands before the name of the question in the heading of a column of answers."""


def applications_table(
    *, actor: Actor, call: Call, wanted: Wanted, language: str
) -> tuple[list[str], Iterator[list[Cell]]]:
    """Return the columns and the rows of what is wanted of a call's applications. Raises NotAllowed."""
    actor.require(P.APPLICATION_READ, call.id)
    questions = listed_questions(listed_form(call))
    rows = application_rows(actor=actor, call=call, wanted=wanted, questions=questions, language=language)
    return columns_for(questions), (application_cells(row, call, questions) for row in rows)


def columns_for(questions: Sequence[Question]) -> list[str]:
    """Return the headings of a table with a column for each of these questions."""
    return [*COLUMNS, *(f"{ANSWER}{each.name}" for each in questions)]


def application_cells(row: ApplicationRow, call: Call, questions: Sequence[Question]) -> list[Cell]:
    """Return the cells of one application, in the order of `columns_for`."""
    return [
        call.slug,
        row.face.reference,
        row.status.value,
        row.set_aside_as.value if row.set_aside_as else None,
        row.source.value,
        row.face.name,
        row.face.title,
        row.face.country,
        row.face.region,
        row.language,
        "; ".join(row.category_codes),
        call.currency,
        None if row.requested_minor is None else Money(row.requested_minor, call.currency).decimal,
        row.submitted_at,
        row.saved_at,
        row.own_closes_at,
        "yes" if row.face.is_protected else "no",
        "yes" if call.is_sample else "no",
        *(_answer_cell(question, row.answers.get(question.name)) for question in questions),
    ]


def _answer_cell(question: Question, answer: Answer) -> Cell:
    """Return an answer as it is stored: choices by name, so that no label in some language breaks a table."""
    if answer is None or not is_understood(answer):
        return None
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list):
        return "; ".join(str(each) for each in answer)
    if isinstance(answer, dict):
        return "file"
    return Decimal(str(answer)) if question.kind in NUMBER_KINDS else str(answer)
