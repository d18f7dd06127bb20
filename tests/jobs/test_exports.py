"""Long tables through real parts: a killed worker and an emptied queue cost delay, and no row is read twice."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from fundapp.accounts.permissions import Role
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.disbursement.exports.handing_out import Format, files_of
from fundapp.disbursement.exports.kinds import tables_for
from fundapp.disbursement.models import ExportJob
from fundapp.disbursement.services.exports import ask_for_export, take_export

from ..bench.bench_lists import fill
from ..conftest import actor_of
from ..factories import make_application, make_call, make_staff
from .test_letters import PATIENCE, children, finish, kill

ROWS = 4_000


def state(read: Callable[[ExportJob], Any]) -> Any:
    job = db.session.scalars(select(ExportJob)).one()
    found = read(job)
    db.session.rollback()  # on SQLite a transaction that is left open would lock the worker out
    return found


def wait_until(worker: "subprocess.Popen[bytes]", reached: Callable[[ExportJob], bool]) -> None:
    """Return once the table has come so far; the worker must be alive until then."""
    deadline = time.monotonic() + PATIENCE
    while not state(reached):
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "the table did not come so far"
        threading.Event().wait(0.01)


def test_worker_killed_in_the_middle_of_a_table_goes_on_with_the_rows_that_were_read(installation: Any) -> None:
    call = make_call()
    fill(call, ROWS)
    manager = make_staff(Role.MANAGER, call)
    db.session.commit()
    actor = actor_of(manager)
    kind = tables_for(actor, call)["applications"]
    ask_for_export(
        actor=actor, call=call, kind=kind, file_format=Format.XLSX, is_anonymised=False, for_excel=False, language="en",
        now=datetime.now(UTC),
    )  # fmt: skip
    unit_of_work.commit(installation.app.queue)

    worker = installation.start("worker")
    wait_until(worker, lambda job: job.rows_done > 0)
    assert children(worker.pid)
    kill(worker, with_its_child=True)
    before = state(lambda job: (job.read_at, job.rows, job.finished_at, job.seen_sha256))
    assert before[1:3] == (ROWS, None)
    late = make_application(call)  # it came after the rows were read
    late.started_at = datetime.now(UTC)
    db.session.commit()
    installation.redis.flush()
    finish(installation)

    db.session.expire_all()
    job = db.session.scalars(select(ExportJob)).one()
    assert (job.is_ready, job.rows, job.rows_done, job.read_at) == (True, ROWS, ROWS, before[0])
    assert set(db.session.scalars(select(OutboxItem.state))) == {OutboxState.DONE}
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "export:make")) == 1
    taken = take_export(actor=actor, job=job, storage=installation.app.extensions["storage"], now=datetime.now(UTC))
    assert job.read_at is not None
    made = kind.make(actor=actor, call=call)
    assert len(made.rows) == ROWS + 1
    whole = [row for row in made.rows if row[1] != late.reference]
    direct = files_of(
        actor=actor, export=replace(made, rows=whole), file_format=Format.XLSX,
        made_at=job.read_at,
    )  # fmt: skip
    assert taken == direct.table
