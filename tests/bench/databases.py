"""The databases on which a bench runs, each with an application of its own that is asked without a server."""

import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import text

from fundapp import create_app
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..conftest import RecordingQueue
from ..keyring import made_keys
from ..servers import PostgresServer

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def add_database_option(parser: ArgumentParser) -> None:
    """Let whoever runs the bench choose one database; both without it."""
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL))


def each_database(chosen: str | None) -> Iterator[FundApp]:
    """Enter the context of an empty application on each database, or on the chosen one, and yield it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {}
        if chosen in (None, SQLITE):
            urls[SQLITE] = f"sqlite:///{folder}/bench.sqlite"
        if chosen in (None, POSTGRESQL):
            urls[POSTGRESQL] = stack.enter_context(PostgresServer()).url("bench")
        for name, url in urls.items():
            data = folder / name
            data.mkdir()
            app = create_app(
                Settings(
                    database_url=url,
                    redis_url="unix:///nowhere",
                    data_dir=data,
                    keys_dir=made_keys(data),
                    secret_key="a secret for benches, long enough to be one",
                    base_url="http://localhost",
                    mail_url=f"file:{data}/mail",
                    insecure_cookies=True,
                )
            )
            app.queue = RecordingQueue()
            app.config["WTF_CSRF_ENABLED"] = False
            with app.app_context():
                upgrade()
                yield app
                db.session.remove()
                db.engine.dispose()


def know_what_is_stored() -> None:
    """Let the database count its rows, as one does by itself that has run for a while."""
    if db.engine.dialect.name == POSTGRESQL:
        db.session.execute(text("ANALYZE"))
        db.session.commit()
