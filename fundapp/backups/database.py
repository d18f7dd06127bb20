"""The database as one file, and back: SQLite's own backup, or pg_dump and pg_restore."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, inspect

from fundapp.core.errors import Failure

_ENVIRONMENT: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class BackupFailed(Failure):
    """The database's own program refused; the message holds its exit status, not what it printed."""


def dump(engine: Engine, file: Path) -> None:
    """Write the whole database, as it is at one moment, to `file`. Raises BackupFailed."""
    if engine.dialect.name == "sqlite":
        _copy_sqlite(_sqlite_file(engine), file)
    else:
        _run("pg_dump", engine, "--format=custom", "--no-owner", "--no-privileges", "--file", str(file))


def load(engine: Engine, file: Path) -> None:
    """Fill an empty database from `file`, as a whole or not at all. Raises BackupFailed."""
    if engine.dialect.name == "sqlite":
        _copy_sqlite(file, _sqlite_file(engine))
    else:
        _run(
            "pg_restore", engine, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(file)
        )
    engine.dispose()


def is_empty(engine: Engine) -> bool:
    """Return whether the database has no table."""
    return not inspect(engine).get_table_names()


def _sqlite_file(engine: Engine) -> Path:
    return Path(engine.url.database or "")


def _copy_sqlite(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as reading,
        contextlib.closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        if writing.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupFailed("the copy of the SQLite database is damaged")


def _run(program: str, engine: Engine, *options: str) -> None:
    """Run a program of PostgreSQL. The way to the database goes through its environment: arguments are seen by all."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    wanted = {name: str(value) for name, value in conninfo_to_dict(address).items() if value is not None}
    unknown = wanted.keys() - _ENVIRONMENT.keys()
    if unknown:
        raise BackupFailed(f"DATABASE_URL has options that {program} is not told: {', '.join(sorted(unknown))}")
    # pg_restore connects only when it is told a database; the rest comes from the environment.
    told = ["--dbname", wanted["dbname"]] if program == "pg_restore" else []
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, with options of our own
        [_path_of(program), "--no-password", *told, *options],
        env={**os.environ, **{_ENVIRONMENT[name]: value for name, value in wanted.items()}},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{program} ended with status {done.returncode}; run it by hand to read why")


def _path_of(program: str) -> str:
    """Find a program of PostgreSQL: the newest of Debian's, because pg_dump refuses a newer server; else PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[4]))
    found = str(debian[-1]) if debian else shutil.which(program)
    if found is None:
        raise BackupFailed(f"{program} is not installed (apt-get install postgresql-client)")
    return found
