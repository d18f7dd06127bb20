"""What the chain costs: transactions a second with it, against the same transactions without it.

Run: python -m tests.bench.bench_audit [--threads 8] [--transactions 100] [--rounds 3]

Each thread changes a row of its own, records it, and commits; both sides do the same work in the same run, in turns.
The side without the chain writes the entry as a plain row and locks no head: what is between the two is hashing, the
check that nothing is missing, and waiting for the head. PostgreSQL runs with fsync, as in production: a commit that
waits for the disk is what makes the others wait. Medians are printed; nothing is asserted.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from uuid import UUID

from flask_migrate import upgrade
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from fundapp import create_app
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.core import clock
from fundapp.core.audit import AuditEntry, record, writing
from fundapp.core.audit.ledger import ledger_of
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..factories import make_person
from ..keyring import made_keys
from ..servers import PostgresServer

_plain_numbers = count(1_000_000)


def without_chain(session: Session) -> None:
    """Write what was noted as plain rows: no check, no hash, no head."""
    if session.in_nested_transaction():
        return
    session.flush()
    now = clock.now()
    rows = [
        {**vars(entry), "seq": seq, "written_at": now, "prev_hash": "", "entry_hash": str(seq)}
        for entry in ledger_of(session).entries
        for seq in [next(_plain_numbers)]
    ]
    if rows:
        session.connection().execute(insert(AuditEntry), rows)


def transactions_a_second(app: FundApp, ids: list[UUID], number: int) -> float:
    """Run `number` transactions in each thread; return how many were committed a second, all threads together."""
    start = threading.Barrier(len(ids) + 1)

    def work(person_id: UUID) -> None:
        with app.app_context():
            start.wait()
            for turn in range(number):
                person = db.session.get_one(Person, person_id)
                person.language = "en" if turn % 2 else "fr"
                record(actor=system_actor(), action="bench:change", subject=person, now=clock.now())
                db.session.commit()

    threads = [threading.Thread(target=work, args=(person_id,)) for person_id in ids]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(ids) * number / (time.perf_counter() - began)


def measure(app: FundApp, threads: int, transactions: int, rounds: int) -> tuple[float, float]:
    """Return the medians with and without the chain, measured in turns."""
    ids = [make_person().id for _ in range(threads)]
    db.session.commit()
    db.session.remove()
    chained, plain = [], []
    for _ in range(rounds):
        chained.append(transactions_a_second(app, ids, transactions))
        swap(writing._write, without_chain)
        plain.append(transactions_a_second(app, ids, transactions))
        swap(without_chain, writing._write)
    return statistics.median(chained), statistics.median(plain)


def swap(old: Callable[..., None], new: Callable[..., None]) -> None:
    """Let another function do the last thing before a commit."""
    event.remove(db.session, "before_commit", old)
    event.listen(db.session, "before_commit", new)


def main() -> None:
    """Measure on both databases and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--transactions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{options.threads} threads, {options.transactions} transactions each, median of {options.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder, PostgresServer(durable=True) as server:
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.sqlite"), ("PostgreSQL", server.url("bench"))):
            app = create_app(
                Settings(
                    database_url=url,
                    redis_url="unix:///nowhere",
                    data_dir=Path(folder),
                    keys_dir=made_keys(Path(folder)),
                    secret_key="a secret for benches, long enough to be one",
                    base_url="http://localhost",
                    mail_url=f"file:{folder}/mail",
                )
            )
            with app.app_context():
                upgrade()
                chained, plain = measure(app, options.threads, options.transactions, options.rounds)
                db.session.remove()
                db.engine.dispose()
            print(f"{name}: {chained:.0f} /s with the chain, {plain:.0f} /s without, {chained / plain:.0%} of it")


if __name__ == "__main__":
    main()
