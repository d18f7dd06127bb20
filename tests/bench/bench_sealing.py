"""What sealing costs: a list of 200 people with names and addresses, sealed and in clear, and a file of 5 MB.

Run: python -m tests.bench.bench_sealing [--rounds 50]

The same rows stand in `person` and in a twin table in clear. In each round both lists are read in a session of their
own, turn by turn in one process, sorted in Python. Printed are medians of the time of this process and their ratio;
nothing is asserted.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fundapp import create_app
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.sealed_files import open_file, seal_file
from fundapp.core.sealing import Record
from fundapp.settings import Settings

from ..factories import NOW
from ..keyring import made_keys

PEOPLE = 200
FILE_BYTES = 5 * 1024 * 1024


class Clear(DeclarativeBase):
    """Apart from the application's own tables."""


class ClearPerson(Clear):
    """A person as one was before sealing."""

    __tablename__ = "clear_person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    is_active: Mapped[bool]


def prepare() -> None:
    """Put the same people into both tables."""
    upgrade()
    Clear.metadata.create_all(db.engine)
    for number in range(PEOPLE):
        name, email = f"Person {number} (sample)", f"person{number}@bench.example"
        person = Person(name=name, email=email, created_at=NOW)
        db.session.add_all([person, ClearPerson(id=uuid4(), name=name, email=email, language="en", is_active=True)])
        db.session.flush()
        record(actor=system_actor(), action="bench:make", subject=person, now=NOW)
    db.session.commit()


def sealed() -> list[tuple[str, str]]:
    """List the people as the service does."""
    return [(person.name, person.email) for person in sorted(db.session.scalars(select(Person)), key=by_name)]


def clear() -> list[tuple[str, str]]:
    """List the people of the twin table."""
    people = sorted(db.session.scalars(select(ClearPerson)), key=lambda person: (person.name.casefold(), person.email))
    return [(person.name, person.email) for person in people]


def by_name(person: Person) -> tuple[str, str]:
    return person.sort_key


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds that some work takes in a new session."""
    db.session.remove()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        app = create_app(
            Settings(
                database_url=f"sqlite:///{folder}/bench.sqlite",
                redis_url="unix:///nowhere",
                data_dir=folder,
                keys_dir=made_keys(folder),
                secret_key="a secret for benches, long enough to be one",
                base_url="http://localhost",
                mail_url=f"file:{folder}/mail",
            )
        )
        with app.app_context():
            prepare()
            db.session.remove()
            assert sealed() == clear(), "both lists say the same"
            times = [(spent(sealed), spent(clear)) for _ in range(rounds)]
            db.engine.dispose()
        with_, without = (statistics.median(each) for each in zip(*times, strict=True))
        print(f"{PEOPLE} people, name and address: sealed {with_ * 1e3:.1f} ms, in clear {without * 1e3:.1f} ms")
        print(f"ratio {with_ / without:.2f}")
    key, row, data = os.urandom(32), Record("attachment", uuid4()), os.urandom(FILE_BYTES)
    start = time.process_time()
    stored = seal_file(key, row, data)
    middle = time.process_time()
    path = Path(tempfile.mkdtemp()) / "file"
    path.write_bytes(stored)
    with path.open("rb") as file:
        size = sum(len(chunk) for chunk in open_file(key, row, file))
    end = time.process_time()
    sealing, opening = (middle - start) * 1e3, (end - middle) * 1e3
    print(f"a file of {size / 2**20:.0f} MB: sealed in {sealing:.1f} ms, opened in {opening:.1f} ms")
    path.unlink()
    path.parent.rmdir()


if __name__ == "__main__":
    main()
