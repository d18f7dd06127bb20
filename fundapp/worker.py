"""The background worker: RQ wakes it with outbox ids, and the database says what is to be done."""

import logging
import os
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from fundapp.core import clock, keys, logs, outbox, unit_of_work
from fundapp.core.db import db
from fundapp.core.pdf import PdfUnavailable, warm_up
from fundapp.core.queue import TASK, RedisQueue
from fundapp.core.web import FundApp

WORKER_TTL: Final = 25
MAINTENANCE_SECONDS: Final = 10
MONITORING_SECONDS: Final = 5

_app: FundApp | None = None
_connected_in: int | None = None


class OutboxJob(Job):
    """A job that can only be `run_outbox`: whoever can write to Redis does not choose what a worker runs."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[[list[str]], int]:
        """Return the one function. Raises PermissionError when the job names another."""
        if self.func_name != TASK or self.instance is not None:
            raise PermissionError("the job names a function that is not for the queue")
        return run_outbox


class QuietWorker(Worker):
    """A worker that leaves no traceback in the queue server: the text of an error may quote what somebody wrote."""

    def handle_exception(self, _job: Job, *exc_info: Any) -> None:
        """Log an error of a job by its type and place."""
        logs.unexpected(exc_info[1])

    def handle_job_failure(self, *args: Any, **kwargs: Any) -> None:
        """Record the failure without its text; the log names type and place."""
        super().handle_job_failure(*args, **(kwargs | {"exc_string": ""}))


def run_outbox(ids: list[str]) -> int:
    """Do the work of these outbox rows, each committed alone; return how many this call did."""
    app = _the_app()
    done = 0
    follow_up: list[UUID] = []
    for item_id in ids:
        with app.app_context():
            done += outbox.run(UUID(item_id), app.job_kinds)
            follow_up += outbox.pending_nudges()
    # What that work wrote, such as the mails about letters, goes to the queue in chunks too.
    unit_of_work.nudge(app.queue, follow_up)
    return done


def work(app: FundApp, *, burst: bool = False) -> None:
    """Run a worker that forks one child per job; the children inherit fonts and styles that are loaded here."""
    global _app
    _app = app
    queue = app.queue
    if not isinstance(queue, RedisQueue):
        raise TypeError("a worker needs a Redis queue")
    worker = QuietWorker(
        [queue.queue()],
        connection=queue.connection,
        serializer=JSONSerializer,
        job_class=OutboxJob,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=WORKER_TTL,
        job_monitoring_interval=MONITORING_SECONDS,
        log_job_description=False,
    )
    try:
        warm_up()
    except PdfUnavailable:
        # Letters fail until this is put right; mail goes out all the same.
        logs.write("letters_unavailable", level=logging.ERROR)
    worker.work(burst=burst, logging_level="WARNING")


def reconcile(app: FundApp) -> int:
    """Have what is due by its date written down, and put every due outbox row that the queue may have lost back into
    it; return how many.
    """
    with app.app_context():
        now = clock.now()
        for look in app.rounds:
            look(now)
        db.session.commit()
        ids = outbox.due(now)
        db.session.commit()
        unit_of_work.nudge(app.queue, ids)
        return len(ids)


def _the_app() -> FundApp:
    """Return this process's application; after a fork, the parent's connections are left to the parent."""
    global _app, _connected_in
    if _app is None:
        from fundapp import create_app

        _app = create_app(holds=keys.WORKER)
    if _connected_in != os.getpid():
        with _app.app_context():
            db.engine.dispose(close=False)
        _connected_in = os.getpid()
    return _app
