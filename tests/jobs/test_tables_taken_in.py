"""Tables of applications through real parts: a killed worker and an emptied queue cost delay, and no row."""

import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import read_package
from fundapp.applications.importing import load_call
from fundapp.applications.importing.background import begin_import
from fundapp.applications.importing.batches import BATCH
from fundapp.applications.models import Application, Call, Entry, ImportPart, Submission, TableImport
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.samples import folder

from ..conftest import NOW, actor_of
from ..factories import make_staff
from ..integration.test_import_applications import ROW, csv
from .test_letters import PATIENCE, finish, kill

BAD = frozenset({3, 77, 149, 150, 199})
ROWS = 200


def table() -> bytes:
    rows: list[dict[str, Any]] = [
        {**ROW, "id": f"M{each}", "email": f"m{each}@example.org", "organisation": f"Group {each} (sample)"}
        for each in range(ROWS)
    ]
    for each in BAD:
        rows[each]["amount"] = "plenty"
    return csv(*rows).encode()


def give(installation: Any, call: Call, manager: Person) -> TableImport:
    given = begin_import(
        actor=actor_of(manager),
        call=call,
        filename="answers.csv",
        data=table(),
        takes=True,
        as_drafts=False,
        storage=installation.app.extensions["storage"],
        now=datetime.now(UTC),
    )
    unit_of_work.commit(installation.app.queue)
    return given


def rows_done() -> int:
    done = db.session.scalar(select(func.max(TableImport.rows_done)))
    db.session.rollback()  # on SQLite a transaction that is left open would lock the worker out
    return done or 0


def wait_until_done(worker: "subprocess.Popen[bytes]", number: int) -> None:
    """Return once so many rows are done; the worker must be alive until then."""
    deadline = time.monotonic() + PATIENCE
    while rows_done() < number:
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, f"only {rows_done()} of {number} rows were done"
        threading.Event().wait(0.02)


def test_worker_killed_in_the_middle_of_a_table_takes_every_row_once(installation: Any) -> None:
    call = load_call(package=read_package(folder("gjf-2020")), actor=system_actor(), now=NOW).call
    manager = make_staff(Role.MANAGER, call)
    db.session.commit()
    given = give(installation, call, manager)
    worker = installation.start("worker")
    wait_until_done(worker, 2 * BATCH)
    kill(worker, with_its_child=False)
    assert 2 * BATCH <= rows_done() < ROWS
    installation.redis.flush()
    finish(installation)
    # A child that outlived its worker may have held the last rows while the burst ran.
    finish(installation)

    db.session.expire_all()
    good = {f"id:M{each}" for each in range(ROWS) if each not in BAD}
    keys = db.session.scalars(select(Application.import_key)).all()
    assert len(keys) == len(good)
    assert set(keys) == good
    assert db.session.scalar(select(func.count()).select_from(Submission)) == len(good)
    assert db.session.scalar(select(func.count()).select_from(Entry)) == len(good)
    references = set(db.session.scalars(select(Application.reference)))
    assert references == {f"GJF-2020-{number:04}" for number in range(1, len(good) + 1)}
    assert (given.rows, given.rows_done, given.taken, given.refused, given.unchanged) == (
        ROWS, ROWS, len(good), len(BAD), 0,
    )  # fmt: skip
    assert given.failure is None
    assert given.finished_at is not None
    assert given.stored_as is None
    told = [place for part in db.session.scalars(select(ImportPart)) for place, _message in part.problems]
    assert sorted(told) == sorted(f"row {each + 2}, column amount" for each in BAD)
    assert given.problems == len(BAD)
    assert set(db.session.scalars(select(OutboxItem.state))) == {OutboxState.DONE}
    batches = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:import")).all()
    assert len(batches) == ROWS // BATCH
    assert {each.actor_id for each in batches} == {manager.id}
    db.session.rollback()

    again = give(installation, db.session.get_one(Call, call.id), db.session.get_one(Person, manager.id))
    installation.run("worker", "--burst")
    db.session.expire_all()
    assert (again.taken, again.unchanged, again.refused) == (0, len(good), len(BAD))
    assert db.session.scalar(select(func.count()).select_from(Application)) == len(good)
