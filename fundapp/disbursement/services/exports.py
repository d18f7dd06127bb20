"""Tables that are too long for one answer: asked for, made by a worker in two steps, taken, and let go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.queries import actor_of
from fundapp.applications.models import Call
from fundapp.core import clock, outbox, sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db, note_aside
from fundapp.core.errors import Conflict, NotAllowed
from fundapp.core.i18n import in_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import destroy, record_of
from fundapp.core.storage import Storage
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.handing_out import Format, files_of, note
from fundapp.disbursement.exports.kinds import TableKind, tables_for
from fundapp.disbursement.exports.packed import packed, unpacked
from fundapp.disbursement.models import ExportFailure, ExportJob
from fundapp.disbursement.queries.exports import seen_sha256

EXPORT_KIND: Final = "export:make"
"""The outbox work that reads the rows of a table, or writes its file."""
AT_ONCE_ROWS: Final = 2_000
"""A table of at most so many rows is made while its reader waits, within seconds; a longer one by a worker."""
TOLD_EVERY: Final = 250
"""Rows after which a worker says how far it is."""


def ask_for_export(
    *,
    actor: Actor,
    call: Call,
    kind: TableKind,
    file_format: Format,
    is_anonymised: bool,
    for_excel: bool,
    language: str,
    now: datetime,
) -> ExportJob:
    """Put a table in line to be made; one that is asked for twice is made once. Raises NotAllowed."""
    if actor.person_id is None or not kind.is_for(actor, call):
        raise NotAllowed(P.DECISION_EXPORT)
    wanted = {
        "call_id": call.id,
        "asked_by_id": actor.person_id,
        "what": kind.what,
        "format": file_format.value,
        "is_anonymised": is_anonymised,
        "for_excel": for_excel,
        "language": language,
    }
    going_on = db.session.scalar(select(ExportJob).filter_by(**wanted).where(ExportJob.finished_at.is_(None)).limit(1))
    if going_on is not None:
        return going_on
    job = ExportJob(asked_at=now, **wanted)
    db.session.add(job)
    db.session.flush()
    _put_in_line(job, now)
    return job


def export_job(storage: Storage) -> outbox.JobKind:
    """Return the outbox work that makes a table, with the eyes of whoever asked for it."""

    def work(export_id: UUID) -> outbox.Finish | None:
        job = db.session.get(ExportJob, export_id)
        if job is None or job.finished_at is not None:
            return None
        actor = actor_of(db.session.get_one(Person, job.asked_by_id))
        kind = tables_for(actor, job.call).get(job.what)
        if kind is None:
            return lambda now: _stop(export_id, ExportFailure.NOT_ALLOWED, now)
        with in_language(job.language):
            if job.file is None or job.read_at is None:
                return _read(job, actor, kind, storage)
            return _written(job, job.read_at, actor, storage)

    def gave_up(export_id: UUID, now: datetime, _error: str) -> None:
        _stop(export_id, ExportFailure.GIVEN_UP, now)

    return outbox.JobKind(name=EXPORT_KIND, work=work, gave_up=gave_up)


def take_export(*, actor: Actor, job: ExportJob, storage: Storage, now: datetime) -> bytes:
    """Return a table that is ready, and put on record that it left.

    Raises NotAllowed, and Conflict while it is not ready and once its reader may see something else than it holds.
    """
    call = job.call
    if job.asked_by_id != actor.person_id or job.what not in tables_for(actor, call):
        raise NotAllowed(P.DECISION_EXPORT)
    if not job.is_ready or job.file is None or job.read_at is None:
        raise Conflict(_l("This table is not ready."))
    if seen_sha256(actor=actor, call=call, until=job.read_at) != job.seen_sha256:
        raise Conflict(_l("What you may see has changed since this table was made. Please ask for it again."))
    data = {"export": str(job.id), "what": job.what, "rows": job.rows}
    record(actor=actor, action="export:take", subject=call, now=now, call_id=call.id, data=data)
    return sealed_files.read(storage, job.file)


def forget_exports(ids: Sequence[UUID], now: datetime) -> None:
    """Delete tables whose time is over; without their keys nobody can open what is stored of them."""
    for job in db.session.scalars(select(ExportJob).where(ExportJob.id.in_(ids))).all():
        destroy(record_of(job), now)
        db.session.delete(job)
    db.session.flush()


def forget_exports_of(call_id: UUID, now: datetime) -> None:
    """Delete all tables of a call: somebody in them is erased."""
    forget_exports(db.session.scalars(select(ExportJob.id).where(ExportJob.call_id == call_id)).all(), now)


def _put_in_line(job: ExportJob, now: datetime) -> None:
    step = "read" if job.read_at is None else "write"
    outbox.enqueue(kind=EXPORT_KIND, subject_id=job.id, now=now, dedup_key=f"{EXPORT_KIND}:{job.id}:{step}")


def _read(job: ExportJob, actor: Actor, kind: TableKind, storage: Storage) -> outbox.Finish:
    """Read the rows. What their reader may see is noted before: what changes meanwhile makes the file unusable."""
    export_id, read_at = job.id, clock.now()
    seen = seen_sha256(actor=actor, call=job.call, until=read_at)
    made = kind.make(actor=actor, call=job.call, is_anonymised=job.is_anonymised)
    data, rows = packed(made), len(made.rows)

    def finish(now: datetime) -> None:
        found = _going_on(export_id)
        if found is not None:
            _keep(found, data, storage)
            found.read_at, found.seen_sha256, found.rows = read_at, seen, rows
            db.session.flush()
            _put_in_line(found, now)

    return finish


def _written(job: ExportJob, read_at: datetime, actor: Actor, storage: Storage) -> outbox.Finish:
    export_id = job.id
    if job.file is None:
        raise LookupError("the rows of this table are gone")
    made = unpacked(sealed_files.read(storage, job.file), job.call)
    file_format = Format(job.format)
    # All that is handed out is also written as plain CSV, for its hash.
    times = 1 if file_format is Format.CSV and not job.for_excel else 2
    watched = _Watched(made.rows, times, lambda done: _tell(export_id, done))
    handed = files_of(
        actor=actor,
        export=replace(made, rows=watched),
        file_format=file_format,
        made_at=read_at,
        for_excel=job.for_excel,
    )

    filename, content_type, data = handed.download()

    def finish(now: datetime) -> None:
        found = _going_on(export_id)
        if found is not None:
            _keep(found, data, storage)
            found.filename, found.content_type, found.size_bytes = filename, content_type, len(data)
            found.finished_at, found.rows_done = now, found.rows or 0
            note(actor=actor, call=found.call, what={**handed.record, "export": str(export_id)}, now=now)

    return finish


def _keep(job: ExportJob, data: bytes, storage: Storage) -> None:
    file = sealed_files.keep(storage, record=record_of(job), row=record_of(job), data=data)
    job.stored_as, job.sha256 = file.stored_as, file.sha256


def _stop(export_id: UUID, failure: ExportFailure, now: datetime) -> None:
    job = _going_on(export_id)
    if job is not None:
        job.finished_at, job.failure, job.stored_as = now, failure, None


def _going_on(export_id: UUID) -> ExportJob | None:
    """Return a table that is being made, locked; it may be gone, or stopped, since the work began."""
    job = db.session.get(ExportJob, export_id, with_for_update={"of": ExportJob}, populate_existing=True)
    return job if job is not None and job.finished_at is None else None


def _tell(export_id: UUID, done: int) -> None:
    note_aside(update(ExportJob).where(ExportJob.id == export_id).values(rows_done=done))
    outbox.still_at_work(export_id)


class _Watched(list[Sequence[Cell]]):
    """Rows that are gone through several times, and say how far that is, as a number of rows."""

    def __init__(self, rows: Sequence[Sequence[Cell]], times: int, tell: Callable[[int], None]) -> None:
        super().__init__(rows)
        self._times, self._tell, self._seen = times, tell, 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in super().__iter__():
            self._seen += 1
            if self._seen % TOLD_EVERY == 0:
                self._tell(min(self._seen // self._times, len(self)))
            yield row
