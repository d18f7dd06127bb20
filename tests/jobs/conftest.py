"""A whole installation in miniature: database, real Redis, real SMTP server, and worker processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask_migrate import upgrade

from fundapp import create_app
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..keyring import made_keys
from ..servers import PostgresServer, RedisServer, SmtpServer

ROOT = Path(__file__).parents[2]


@dataclass
class Installation:
    """The application of the test's own process, and the way to start real workers on the same data."""

    app: FundApp
    settings: Settings
    redis: RedisServer
    smtp: SmtpServer

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start `fundapp COMMAND` as a process of its own."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url,
            "DATA_DIR": str(self.settings.data_dir),
            "SECRET_KEY": self.settings.secret_key,
            "BASE_URL": self.settings.base_url,
            "MAIL_URL": self.settings.mail_url,
        }
        return subprocess.Popen([sys.executable, "-m", "fundapp", *command], cwd=ROOT, env=environment)

    def run(self, *command: str) -> None:
        """Run `fundapp COMMAND` to its end; it must succeed."""
        assert self.start(*command).wait(120) == 0


@contextmanager
def _installed(database_url: str, folder: Path) -> Iterator[Installation]:
    with RedisServer() as redis, SmtpServer() as smtp:
        settings = Settings(
            database_url=database_url,
            redis_url=redis.url,
            data_dir=folder,
            keys_dir=made_keys(folder),
            secret_key="a secret for tests, long enough to be one",
            base_url="http://localhost",
            mail_url=f"smtp://{smtp.host}:{smtp.port}",
        )
        app = create_app(settings)
        with app.app_context():
            upgrade()
            yield Installation(app=app, settings=settings, redis=redis, smtp=smtp)
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation on each engine."""
    if request.param == "sqlite":
        with _installed(f"sqlite:///{tmp_path}/fundapp.sqlite", tmp_path) as made:
            yield made
    else:
        with PostgresServer() as server, _installed(server.url("fundapp"), tmp_path) as made:
            yield made
