"""Whether a round that is over adds up: every check compares two counts that were come by in different ways."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import openpyxl
from sqlalchemy import ColumnElement, Select, select

from fundapp.applications.models import Application, ApplicationStatus, Call, Entry
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.disbursement.models import Award, Letter, LetterKind, LetterStatus
from fundapp.review.models import Assignment, AssignmentStatus, Decision, Outcome

Value = TypeVar("Value")


@dataclass(frozen=True)
class Check:
    """Two counts that must be the same."""

    name: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Say whether they are."""
        return self.expected == self.found

    def __str__(self) -> str:
        return f"ok  {self.name}: {self.found}" if self.holds else f"BAD {self.name}: {self.found}, not {self.expected}"


def checks_of(call: Call, folder: Path) -> Iterator[Check]:
    """Yield the checks of a call whose round is over and whose letters and lists were written to `folder`."""
    applications = _counted(select(Application.status).where(Application.call_id == call.id))
    eligible, ineligible = applications[ApplicationStatus.ELIGIBLE], applications[ApplicationStatus.INELIGIBLE]
    entries = len(_entries(call))
    decidable = _entries(call, Application.status == ApplicationStatus.ELIGIBLE)
    decisions = _counted(select(Decision.outcome).join(Decision.entry).where(Entry.call_id == call.id))
    letters = _counted(select(Letter.kind).where(Letter.call_id == call.id))
    made = _counted(select(Letter.status).where(Letter.call_id == call.id))[LetterStatus.MADE]
    awarded = list(db.session.scalars(select(Award.amount_minor).where(Award.call_id == call.id)))

    yield Check("applications found eligible or not", applications.total(), eligible + ineligible)
    yield Check("entries with all their reviews", len(decidable), len(_reviewed(call) & decidable))
    yield Check("entries decided", len(decidable), decisions.total())
    yield Check("awards made", decisions[Outcome.AWARD], len(awarded))
    yield Check("money promised, in minor units", call.committed_minor, sum(awarded))
    yield Check("money promised beyond the budget", 0, max(0, sum(awarded) - call.budget_minor))
    yield Check("award letters", decisions[Outcome.AWARD], letters[LetterKind.AWARD])
    yield Check("decline letters", decisions[Outcome.DECLINE], letters[LetterKind.DECLINE])
    yield Check("notices for ineligible applications", ineligible, letters[LetterKind.INELIGIBLE])
    yield Check("letters made", letters.total(), made)
    yield Check("letter files", letters.total(), _pdf_files(folder))
    for name, rows_of in (("decisions.csv", _csv_rows), ("decisions.xlsx", _xlsx_rows)):
        path = folder / name
        yield Check(f"rows in {name}", entries, rows_of(path) if path.exists() else 0)


def checks_of_work() -> Iterator[Check]:
    """Yield the checks of background work as a whole."""
    mails = _counted(select(MailMessage.sent_at.is_not(None)))
    work = _counted(select(OutboxItem.state))
    yield Check("mails sent", mails.total(), mails[True])
    yield Check("pieces of background work done", work.total(), work[OutboxState.DONE])


def _counted(values: Select[Value]) -> Counter[Value]:
    return Counter(db.session.scalars(values))


def _entries(call: Call, *conditions: ColumnElement[bool]) -> set[UUID]:
    return set(
        db.session.scalars(select(Entry.id).join(Entry.application).where(Entry.call_id == call.id, *conditions))
    )


def _reviewed(call: Call) -> set[UUID]:
    """Entries that have a review from everybody to whom they were given, and as many as the call asks for."""
    given = select(Assignment.entry_id, Assignment.status).join(Assignment.entry).where(Entry.call_id == call.id)
    statuses: dict[UUID, Counter[AssignmentStatus]] = defaultdict(Counter)
    for entry_id, status in db.session.execute(given):
        statuses[entry_id][status] += 1
    wanted = call.deciding_stage.reviews_per_entry
    return {
        entry_id
        for entry_id, count in statuses.items()
        if count[AssignmentStatus.REVIEWED] == count.total() - count[AssignmentStatus.RECUSED] >= wanted
    }


def _pdf_files(folder: Path) -> int:
    return sum(path.read_bytes().startswith(b"%PDF-") for path in folder.rglob("*.pdf"))


def _csv_rows(path: Path) -> int:
    return len(list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))))


def _xlsx_rows(path: Path) -> int:
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    return sum(any(cell is not None for cell in row) for row in sheet.iter_rows(min_row=2, values_only=True))
