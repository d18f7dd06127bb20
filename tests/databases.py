"""Databases for tests that want one of their own: without any table, or with all of them.

All tables are made by the migrations once for each engine, and copied from then on: to migrate takes longer than most
of these tests.
"""

import shutil
from contextlib import ExitStack
from functools import cached_property
from itertools import count
from pathlib import Path

from flask_migrate import upgrade

from fundapp import create_app
from fundapp.core.db import db
from fundapp.settings import Settings

from .keyring import made_keys
from .servers import PostgresServer

FILE = "fundapp.sqlite"


class Databases:
    """Makes databases of either engine; those of PostgreSQL are all on one server."""

    def __init__(self, folder: Path, servers: ExitStack) -> None:
        self._folder = folder
        self._servers = servers
        self._numbers = count(1)

    def without_tables(self, kind: str, folder: Path) -> str:
        """Return the address of a new database (of SQLite: in a folder)."""
        if kind == "sqlite":
            return f"sqlite:///{folder / FILE}"
        return self._postgres.url(self._new_name())

    def migrated(self, kind: str, folder: Path) -> str:
        """Return the address of a new database with all tables, and nothing in them."""
        if kind == "sqlite":
            shutil.copy(self._migrated_file, folder / FILE)
            return f"sqlite:///{folder / FILE}"
        return self._postgres.url(self._new_name(), like=self._migrated_name)

    @cached_property
    def _postgres(self) -> PostgresServer:
        return self._servers.enter_context(PostgresServer())

    @cached_property
    def _migrated_file(self) -> Path:
        self._migrate(f"sqlite:///{self._folder / FILE}")
        return self._folder / FILE

    @cached_property
    def _migrated_name(self) -> str:
        name = self._new_name()
        self._migrate(self._postgres.url(name))
        return name

    def _new_name(self) -> str:
        return f"fundapp_{next(self._numbers)}"

    def _migrate(self, url: str) -> None:
        app = create_app(
            Settings(
                database_url=url,
                redis_url="unix:///nowhere",
                data_dir=self._folder,
                keys_dir=self._keys_dir,
                secret_key="a secret for tests, long enough to be one",
                base_url="http://localhost",
                mail_url=f"file:{self._folder}/mail",
            )
        )
        with app.app_context():
            upgrade()
            db.session.remove()
            db.engine.dispose()

    @cached_property
    def _keys_dir(self) -> Path:
        return made_keys(self._folder)
