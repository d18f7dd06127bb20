"""Letters per second: real worker processes against bare WeasyPrint with the same templates and the same records.

Run: python -m tests.bench.bench_letters [--letters 100] [--workers 1] [--rounds 3] [--scripts 1]

Both sides make the same letters in the same run, with the same number of processes, in turns, so that a noisy machine
disturbs them alike. The worker's side starts when the ids are in Redis and the workers have loaded their fonts, and
ends when the last letter is committed: claim, queries, layout, PDF, file with fsync, status, audit row and the row of
the mail are all in it. The bare side only lays out and writes PDFs, from records in memory, in forked processes that
share fonts and style sheet. `--scripts 8` gives the recipients names in eight scripts, one after the other. Memory is
that of a worker with the processes it has forked, shared pages divided among those who share them (Pss), at its
greatest. Medians are printed; nothing is asserted.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from uuid import UUID

from flask_migrate import upgrade
from rq import Worker
from sqlalchemy import func, select

from fundapp import create_app
from fundapp.accounts.permissions import Role
from fundapp.core import outbox, pdf, unit_of_work
from fundapp.core.db import db
from fundapp.core.mail import MAIL_KIND
from fundapp.core.outbox import OutboxItem
from fundapp.core.queue import RedisQueue
from fundapp.disbursement.letter_words import TEMPLATES, Words
from fundapp.disbursement.letters import words_of
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.queries.letters import decided_beside, letter_to_make
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Outcome, SlateStatus
from fundapp.settings import Settings

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_decision, make_slate, make_staff
from ..keyring import made_keys
from ..scripts import NAMES
from ..servers import PostgresServer, RedisServer

ROOT = Path(__file__).parents[2]
Job = tuple[str, Words, str]
LOOK_EVERY = 0.5
"""Seconds between two looks at the memory: each takes some milliseconds."""


def prepare(letters: int, scripts: int) -> list[Job]:
    """Release a call with so many letters, and return what bare WeasyPrint is to render."""
    call = make_call(budget_minor=10_000_000_000)
    slate = make_slate(call, SlateStatus.RATIFIED)
    for number in range(letters):
        outcome = Outcome.DECLINE if number % 3 else Outcome.AWARD
        application = make_application(call, organisation_name=NAMES[number % scripts])
        make_decision(slate, application.entries[0], outcome=outcome)
    release_decisions(actor=actor_of(make_staff(Role.MANAGER)), call=call, now=NOW + timedelta(days=30))
    jobs: list[Job] = []
    for letter_id in db.session.scalars(select(Letter.id).where(Letter.call_id == call.id)).all():
        letter = letter_to_make(letter_id)
        beside = decided_beside(letter.decision)
        words = words_of(letter, considered=beside.considered, awarded=beside.awarded)
        jobs.append((TEMPLATES[letter.kind], words, letter.language))
    db.session.commit()
    outbox.pending_nudges().clear()
    return jobs


def made() -> int:
    count = db.session.scalar(select(func.count()).select_from(Letter).where(Letter.status == LetterStatus.MADE))
    db.session.rollback()
    return count or 0


def by_workers(queue: RedisQueue, settings: Settings, letters: int, workers: int) -> tuple[float, float]:
    """Return letters per second of real workers, from their first letter's claim to the last letter's commit.

    And the greatest memory of one of them, in MB.
    """
    ids = ids_of_letters()
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "SECRET_KEY": settings.secret_key,
        "MAIL_URL": settings.mail_url,
    }
    before = made()
    processes = [
        subprocess.Popen([sys.executable, "-m", "fundapp", "worker"], cwd=ROOT, env=environment) for _ in range(workers)
    ]
    try:
        wait_for_workers(queue, workers)
        started = time.perf_counter()
        unit_of_work.nudge(queue, ids)
        most, looked_at = 0.0, started
        while made() < before + letters:
            Event().wait(0.02)
            if time.perf_counter() - looked_at > LOOK_EVERY:
                looked_at = time.perf_counter()
                most = max(most, *(memory(process.pid) for process in processes))
        return letters / (time.perf_counter() - started), most
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def memory(pid: int) -> float:
    """Return the memory of a process and of all that it has forked, in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        forked = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return own + sum(memory(int(each)) for each in forked)


def ids_of_letters() -> list[UUID]:
    ids = list(
        db.session.scalars(
            select(OutboxItem.id)
            .where(OutboxItem.kind != MAIL_KIND, OutboxItem.state == "ready")
            .order_by(OutboxItem.created_at, OutboxItem.id)
        )
    )
    db.session.rollback()
    return ids


def wait_for_workers(queue: RedisQueue, number: int) -> None:
    """Return once so many workers have loaded everything and listen to the queue."""
    while len(Worker.all(connection=queue.connection)) < number:
        Event().wait(0.05)


def render_all(jobs: list[Job]) -> int:
    return sum(len(pdf.render_pdf(template, words, language=language)) for template, words, language in jobs)


def by_weasyprint(jobs: list[Job], processes: int) -> float:
    """Return letters per second of bare WeasyPrint in so many forked processes."""
    pdf.warm_up()
    # Other record numbers, so that nothing remembered from an earlier round helps.
    fresh = [
        (template, replace(words, reference=f"{words.reference}-B"), language) for template, words, language in jobs
    ]
    with get_context("fork").Pool(processes) as pool:
        pool.map(render_all, [fresh[:1]] * processes)
        started = time.perf_counter()
        pool.map(render_all, [fresh[number::processes] for number in range(processes)])
        return len(jobs) / (time.perf_counter() - started)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--letters", type=int, default=100)
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--scripts", type=int, choices=range(1, len(NAMES) + 1), default=1)
    arguments.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    chosen = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(RedisServer())
        url = f"sqlite:///{folder}/fundapp.sqlite"
        if chosen.database == "postgresql":
            url = stack.enter_context(PostgresServer()).url("fundapp")
        settings = Settings(
            database_url=url,
            redis_url=redis.url,
            data_dir=folder,
            keys_dir=made_keys(folder),
            secret_key="a secret for benches, long enough to be one",
            base_url="http://localhost",
            mail_url=f"file:{folder}/mail",
        )
        app = create_app(settings)
        with app.app_context():
            upgrade()
            ours, bare, memories = [], [], []
            for _ in range(chosen.rounds):
                jobs = prepare(chosen.letters, chosen.scripts)
                bare.append(by_weasyprint(jobs, chosen.workers))
                queue = RedisQueue(settings.redis_url)
                rate, most = by_workers(queue, settings, chosen.letters, chosen.workers)
                ours.append(rate)
                memories.append(most)
                redis.flush()
            db.session.remove()
            db.engine.dispose()
    print(f"{chosen.letters} letters, {chosen.workers} process(es), {chosen.database}, median of {chosen.rounds}")
    print(f"workers:    {statistics.median(ours):6.1f} letters/s  {[round(rate, 1) for rate in ours]}")
    print(f"WeasyPrint: {statistics.median(bare):6.1f} letters/s  {[round(rate, 1) for rate in bare]}")
    print(f"memory of one worker, at its greatest: {max(memories):.0f} MB")
    print(f"ratio of medians: {statistics.median(ours) / statistics.median(bare):.2f}")


if __name__ == "__main__":
    main()
