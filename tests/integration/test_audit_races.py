"""The chain under many hands at once, and under the sudden death of one of them."""

import os
import subprocess
import sys
import threading
from signal import SIGKILL
from uuid import UUID

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.core import clock, unit_of_work
from fundapp.core.audit import AuditEntry, AuditHead, record
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part

from ..factories import make_person

THREADS, ROUNDS = 8, 12


@pytest.fixture
def ring(app) -> Keyring:
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])


def head() -> int:
    return db.session.scalars(select(AuditHead.seq)).one()


def test_many_transactions_at_once_make_one_chain_without_a_gap(app, ring):
    people = [make_person() for _ in range(THREADS)]
    db.session.commit()
    ids, before = [person.id for person in people], head()
    db.session.rollback()
    start, failures = threading.Barrier(THREADS), []

    def change(mine: UUID, others: UUID) -> None:
        with app.app_context():
            for number in range(ROUNDS):
                # Two rows, always in one order: waiting in a circle would be ours, not the chain's.
                for person_id in sorted((mine, others)):
                    person = db.session.get_one(Person, person_id, with_for_update=True)
                    person.language = "fr" if person.language == "en" else "en"
                    record(actor=system_actor(), action="test:race", subject=person, now=clock.now())
                with db.session.begin_nested() as savepoint:
                    record(actor=system_actor(), action="test:lost", subject=person, now=clock.now())
                    savepoint.rollback()
                if number % 4 == 3:
                    db.session.rollback()
                else:
                    unit_of_work.commit(app.queue)

    def run(place: int) -> None:
        start.wait()
        try:
            change(ids[place], ids[(place + 1) % THREADS])
        except Exception as error:  # what went wrong in a thread is shown by the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    committed = THREADS * (ROUNDS - ROUNDS // 4) * 2
    assert head() == before + committed
    assert db.session.scalars(select(AuditEntry.seq).order_by(AuditEntry.seq)).all() == list(range(1, head() + 1))
    lost = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "test:lost")
    assert db.session.scalar(lost) == 0
    assert first_broken(db.session(), ring=ring) is None


DYING = """
import os, sys
from signal import SIGKILL
from uuid import UUID
from sqlalchemy import event
from fundapp import create_app
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.core import clock, unit_of_work
from fundapp.core.audit import record
from fundapp.core.db import db

app = create_app()
with app.app_context():
    person = db.session.get_one(Person, UUID(sys.argv[1]))
    person.language = "fr"
    record(actor=system_actor(), action="test:dying", subject=person, now=clock.now())
    db.session.flush()

    @event.listens_for(db.engine, "before_cursor_execute")
    def die_before(_connection, _cursor, statement, *_rest):
        if statement.startswith(sys.argv[2]):
            os.kill(os.getpid(), SIGKILL)

    @event.listens_for(db.engine, "commit")
    def die_at_the_end(_connection):
        if sys.argv[2] == "COMMIT":
            os.kill(os.getpid(), SIGKILL)

    unit_of_work.commit(app.queue)
    print("committed")
"""


@pytest.mark.parametrize("moment", ["INSERT INTO audit_entry", "UPDATE audit_head", "COMMIT", "never"])
def test_whoever_dies_on_the_way_leaves_nothing_half(app, ring, moment):
    person = make_person()
    db.session.commit()
    person_id, before = person.id, head()
    db.session.rollback()
    settings = app.extensions["settings"]
    died = subprocess.run(
        [sys.executable, "-c", DYING, str(person_id), moment],
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "DATA_DIR": str(settings.data_dir),
            "KEYS_DIR": str(settings.keys_dir),
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    came_through = moment == "never"
    assert died.returncode == (0 if came_through else -SIGKILL), died.stderr
    assert head() == before + came_through
    assert db.session.get_one(Person, person_id, populate_existing=True).language == ("fr" if came_through else "en")
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == head()
    db.session.get_one(Person, person_id).language = "ar"
    db.session.commit()  # and the next one goes on where the chain stands
    assert head() == before + came_through + 1
    assert first_broken(db.session(), ring=ring) is None
