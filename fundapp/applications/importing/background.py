"""A long table goes in by background work: read once, then batch after batch, each committed alone.

Each batch moves `rows_done` in the transaction that takes its rows, and the next batch is put in line with it: a worker
that dies costs the batch it was in, which another one does again from its beginning.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.queries import actor_of
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.importing.applications import ImportedApplications, import_applications
from fundapp.applications.importing.batches import BATCH
from fundapp.applications.importing.repeats import titles_of_sheets
from fundapp.applications.importing.stored_tables import packed, unpacked
from fundapp.applications.models import Call, CallStatus, ImportFailure, ImportPart, TableImport
from fundapp.applications.queries.public import current_form
from fundapp.applications.services.writing_calls import lock
from fundapp.core import outbox, sealed_files
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import in_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import record_of, to_json
from fundapp.core.storage import Storage
from fundapp.core.tables import MAX_BYTES, Table, read_table
from fundapp.core.text import TextError, clean_text

IMPORT_KIND: Final = "application:take_table"
MAX_ROWS: Final = 10_000
"""So many rows of one table are taken here; the command takes longer ones."""
CAN_GO_ON: Final = frozenset({ImportFailure.NOT_ALLOWED, ImportFailure.GIVEN_UP})


def begin_import(
    *,
    actor: Actor,
    call: Call,
    filename: str,
    data: bytes,
    takes: bool,
    as_drafts: bool,
    storage: Storage,
    now: datetime,
) -> TableImport:
    """Keep a table, sealed, and put it in line to be looked at, or to be taken.

    Raises RuleViolations naming `table`, Conflict once the call is decided.
    """
    actor.require(P.APPLICATION_IMPORT, call.id)
    whose = _whose(actor)
    _require_open(call)
    if len(data) > MAX_BYTES:
        problem = _l("This file is larger than %(limit)s MB.", limit=MAX_BYTES // 2**20)
        raise RuleViolations([Problem(problem, field="table")])
    table_import = TableImport(
        call_id=call.id,
        begun_by_id=whose,
        begun_at=now,
        touched_at=now,
        takes=takes,
        as_drafts=as_drafts,
        rows_done=0,
        run=1,
    )
    table_import.filename = _plain(filename)
    _keep(table_import, data, storage)
    db.session.add(table_import)
    db.session.flush()
    _put_in_line(table_import, now)
    return table_import


def go_on(*, actor: Actor, table_import: TableImport, now: datetime) -> None:
    """Take the rows of a table that was looked at, or let an import go on where it stopped; it is the actor's now.

    Raises Conflict while it is at work, and once its table is gone.
    """
    actor.require(P.APPLICATION_IMPORT, table_import.call_id)
    _require_open(table_import.call)
    lock_row(table_import)
    if table_import.finished_at is None:
        raise Conflict(_l("This table is being worked through already."))
    if table_import.stored_as is None or not (table_import.failure is None or table_import.failure in CAN_GO_ON):
        raise Conflict(_l("This table can't go on. Choose it again."))
    if table_import.failure is None:
        table_import.takes = True
        table_import.rows_done = table_import.taken = table_import.unchanged = table_import.refused = 0
        table_import.problems = 0
        table_import.parts.clear()
    table_import.begun_by_id = _whose(actor)
    table_import.run += 1
    table_import.touched_at = now
    table_import.finished_at = table_import.failure = None
    db.session.flush()
    _put_in_line(table_import, now)


def import_job(storage: Storage) -> outbox.JobKind:
    """Return the outbox work that reads a table, or takes its next rows."""

    def work(import_id: UUID) -> outbox.Finish | None:
        table_import = db.session.get(TableImport, import_id)
        if table_import is None or table_import.finished_at is not None or table_import.file is None:
            return None
        data = sealed_files.read(storage, table_import.file)
        if table_import.rows is not None:
            table = unpacked(data)
            return lambda now: _take_some(import_id, table, now)
        try:
            read = _read(table_import, data)
        except RuleViolations as violations:
            problems = violations.problems
            return lambda now: _stop(import_id, ImportFailure.WRONG, now, problems)
        return lambda now: _keep_rows(import_id, read, storage, now)

    def gave_up(import_id: UUID, now: datetime, _error: str) -> None:
        _stop(import_id, ImportFailure.GIVEN_UP, now)

    return outbox.JobKind(name=IMPORT_KIND, work=work, gave_up=gave_up)


def _whose(actor: Actor) -> UUID:
    """Return in whose name rows are taken."""
    if actor.person_id is None:
        raise NotAllowed(P.APPLICATION_IMPORT)
    return actor.person_id


def _require_open(call: Call) -> None:
    lock(call)
    if call.status is CallStatus.DECIDED:
        raise Conflict(_l("This call is decided; no applications can be added."))


def _plain(filename: str) -> str:
    try:
        return clean_text(filename)[:200]
    except TextError:
        return ""


def _keep(table_import: TableImport, data: bytes, storage: Storage) -> None:
    record = record_of(table_import)
    file = sealed_files.keep(storage, record=record, row=record, data=data)
    table_import.stored_as, table_import.sha256 = file.stored_as, file.sha256


def _put_in_line(table_import: TableImport, now: datetime) -> None:
    step = "read" if table_import.rows is None else table_import.rows_done
    key = f"{IMPORT_KIND}:{table_import.id}:{table_import.run}:{step}"
    outbox.enqueue(kind=IMPORT_KIND, subject_id=table_import.id, now=now, dedup_key=key)


def _read(table_import: TableImport, data: bytes) -> Table:
    form = FormDefinition.from_json(current_form(table_import.call).definition)
    table = read_table(data, table_import.filename, also=titles_of_sheets(form))
    if len(table.rows) > MAX_ROWS:
        raise RuleViolations(
            [
                Problem(
                    _l(
                        "This table has %(rows)s rows; here at most %(limit)s are taken at once. Cut it into parts, or"
                        " ask whoever runs this site to take it with a command.",
                        rows=len(table.rows),
                        limit=MAX_ROWS,
                    )
                )
            ]
        )
    return table


def _keep_rows(import_id: UUID, table: Table, storage: Storage, now: datetime) -> None:
    table_import = _going_on(import_id)
    if table_import is not None:
        _keep(table_import, packed(table), storage)
        table_import.rows = len(table.rows)
        table_import.touched_at = now
        _put_in_line(table_import, now)


def _take_some(import_id: UUID, table: Table, now: datetime) -> None:
    """Take the next rows, or only see whether they could be taken, and put the rest in line."""
    table_import = _going_on(import_id)
    if table_import is None:
        return
    start = table_import.rows_done
    try:
        done = _batch(table_import, table, start, now)
    except RuleViolations as violations:
        _stop(import_id, ImportFailure.WRONG, now, violations.problems)
    except NotAllowed:
        _stop(import_id, ImportFailure.NOT_ALLOWED, now)
    except Conflict:
        _stop(import_id, ImportFailure.DECIDED, now)
    else:
        _add(table_import, done, start)
        table_import.rows_done = min(start + BATCH, len(table.rows))
        table_import.touched_at = now
        if table_import.rows_done < len(table.rows):
            _put_in_line(table_import, now)
            return
        table_import.finished_at = now
        if table_import.takes:
            table_import.stored_as = None


def _batch(table_import: TableImport, table: Table, start: int, now: datetime) -> ImportedApplications:
    actor = actor_of(db.session.get_one(Person, table_import.begun_by_id))
    told = len(outbox.pending_nudges())
    with db.session.begin_nested() as savepoint:
        done = import_applications(
            call=table_import.call,
            table=table,
            actor=actor,
            now=now,
            start=start,
            count=BATCH,
            as_drafts=table_import.as_drafts,
        )
        if not table_import.takes:
            savepoint.rollback()
            del outbox.pending_nudges()[told:]
    return done


def _add(table_import: TableImport, done: ImportedApplications, start: int) -> None:
    table_import.taken += done.taken
    table_import.unchanged += done.unchanged
    table_import.refused += done.refused
    if start == 0:
        columns = {"matched": list(done.matched.items()), "unmapped": done.unmapped}
        table_import.columns = to_json(columns).decode()
    _note(table_import, done.problems, start)


def _note(table_import: TableImport, problems: Sequence[Problem], start: int) -> None:
    if not problems:
        return
    with in_language(table_import.begun_by.language):
        written: list[Any] = [[str(each.place), str(each.message)] for each in problems]
    part = ImportPart(table_import_id=table_import.id, start_row=start)
    part.problems = written
    db.session.add(part)
    table_import.problems += len(written)


def _stop(import_id: UUID, failure: ImportFailure, now: datetime, problems: Sequence[Problem] = ()) -> None:
    table_import = _going_on(import_id)
    if table_import is None:
        return
    table_import.finished_at = table_import.touched_at = now
    table_import.failure = failure
    if failure not in CAN_GO_ON:
        table_import.stored_as = None
    _note(table_import, problems, table_import.rows_done)


def _going_on(import_id: UUID) -> TableImport | None:
    """Return an import that is at work, locked; it may be gone, or stopped, since the work began."""
    table_import = db.session.get(TableImport, import_id, with_for_update={"of": TableImport}, populate_existing=True)
    return table_import if table_import is not None and table_import.finished_at is None else None
