"""Whoever can write to Redis can delay work, but not choose what a worker runs (rows 54 and 55 of the attacks)."""

import os
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rq import Callback, Queue
from rq.job import Job, JobStatus
from rq.serializers import DefaultSerializer, JSONSerializer

from fundapp.accounts.services.links import request_sign_in
from fundapp.core import unit_of_work
from fundapp.core.db import db
from fundapp.core.queue import QUEUE_NAME, TASK

from ..factories import make_person


class Bomb:
    """Unpickling it runs a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def hostile_jobs(queue: Queue, marker: Path) -> list[Job]:
    """Queue what somebody with access to Redis might."""
    command = f"touch {marker}"
    harmless: dict[str, Any] = {"args": [[]], "result_ttl": 0}
    jobs = [
        queue.enqueue_call("os.system", args=[command]),
        queue.enqueue_call("subprocess.getoutput", args=[command]),
        queue.enqueue_call("fundapp.worker.os.system", args=[command]),
        queue.enqueue_call(TASK, **harmless, on_success=Callback("os.system")),
        queue.enqueue_call(TASK, args=["not ids"]),
        queue.enqueue_call(TASK, args=[["no-uuid"]]),
        queue.enqueue_call(TASK, args=[[]], kwargs={"more": command}),
        queue.enqueue_call("no.such.function"),
    ]
    pickled = queue.enqueue_call(TASK, **harmless)
    data = DefaultSerializer.dumps((TASK, None, (Bomb(marker),), {}))
    assert b"touch" in pickle.dumps(Bomb(marker))
    queue.connection.hset(pickled.key, "data", data)
    return [*jobs, pickled]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_rows_54_and_55_the_queue_cannot_make_a_worker_run_anything_else(installation: Any, tmp_path: Path) -> None:
    marker = tmp_path / "attacked"
    queue = Queue(QUEUE_NAME, connection=installation.app.queue.connection, serializer=JSONSerializer)
    jobs = hostile_jobs(queue, marker)
    person = make_person()
    request_sign_in(email=person.email, secret_key=installation.settings.secret_key, now=datetime.now(UTC))
    unit_of_work.commit(installation.app.queue)
    db.session.rollback()
    installation.run("worker", "--burst")
    assert not marker.exists()
    refused = [job for job in jobs if queue.connection.exists(job.key)]
    assert len(refused) >= len(jobs) - 2
    assert all(job.get_status() == JobStatus.FAILED for job in refused[:3])
    assert queue.count == 0
    assert [str(mail["X-RcptTo"]) for mail in installation.smtp.messages] == [person.email], "others are served"
