"""The applications of a call with their answers, all that were sent. Columns: docs/exports.md."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.application_table import ANSWER, COLUMNS, application_cells, columns_for
from fundapp.applications.models import Application, Call
from fundapp.applications.queries.listed_answers import SENT, tabled_questions
from fundapp.applications.queries.managed_applications import ApplicationRow, application_rows
from fundapp.applications.scope import visible_to
from fundapp.applications.wanted import Aside, Wanted
from fundapp.core.db import db
from fundapp.core.i18n import current_language
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.anonymous import application_alias, told
from fundapp.disbursement.exports.handing_out import Export

WITHHELD: Final = frozenset(
    {"organisation", "title", "language", "source", "submitted_at", "saved_at", "own_deadline", "protected"}
)
"""What a table without names leaves empty, beside all answers: people wrote those."""


def applications(*, actor: Actor, call: Call, is_anonymised: bool = False) -> Export:
    """Return all applications that were sent to a call, by reference, with every answer that is not masked.

    What the actor has a conflict of interest with is not among them. Raises NotAllowed.
    """
    actor.require(P.DECISION_EXPORT, call.id)
    actor.require(P.APPLICATION_READ, call.id)
    questions = tabled_questions(call)
    found = application_rows(
        actor=actor, call=call, wanted=Wanted(aside=Aside.ALL), questions=questions, language=current_language()
    )
    rows: list[list[Cell]] = [application_cells(row, call, questions) for row in found]
    columns = columns_for(questions)
    return Export(
        what="applications",
        call=call,
        columns=columns,
        rows=_anonymised(call, columns, found, rows) if is_anonymised else rows,
        filters={
            "applications": "all that were sent, also what was set aside or withdrawn; no drafts",
            "answers": "of all questions that do not repeat; what has to be opened with a reason is left out",
        },
        is_anonymised=is_anonymised,
    )


def applications_at_most(actor: Actor, call: Call) -> int:
    """Return how many rows `applications` gives."""
    sent = (Application.call_id == call.id, Application.status.in_(SENT), visible_to(actor))
    return db.session.scalar(select(func.count()).select_from(Application).where(*sent)) or 0


def _anonymised(
    call: Call, columns: Sequence[str], found: Sequence[ApplicationRow], rows: Sequence[Sequence[Cell]]
) -> list[list[Cell]]:
    """Return the rows without whom they are about, in an order that tells nothing."""
    places = told({row.id: (row.face.country, row.face.region) for row in found})
    withheld = WITHHELD | {column for column in columns if column.startswith(ANSWER)}
    made = []
    for application, row in zip(found, rows, strict=True):
        country, region = places[application.id]
        cells = dict(zip(columns, row, strict=True)) | dict.fromkeys(withheld)
        cells |= {
            "application_reference": application_alias(call.id, application.id),
            "country": country,
            "region": region,
        }
        made.append([cells[column] for column in columns])
    return sorted(made, key=lambda row: str(row[COLUMNS.index("application_reference")]))
