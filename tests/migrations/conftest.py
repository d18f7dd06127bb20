"""What the tests of migrations share: an application on a database of each engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fundapp import create_app
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..databases import Databases
from ..keyring import made_keys


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which engine."""
    return str(request.param)


@pytest.fixture
def fresh_app(kind: str, tmp_path: Path, databases: Databases) -> Iterator[FundApp]:
    """An application on a database without any table."""
    with _app_on(databases.without_tables(kind, tmp_path), tmp_path) as app:
        yield app


@pytest.fixture
def migrated_app(kind: str, tmp_path: Path, databases: Databases) -> Iterator[FundApp]:
    """An application on a database with all tables, as the migrations made them."""
    with _app_on(databases.migrated(kind, tmp_path), tmp_path) as app:
        yield app


@contextmanager
def _app_on(url: str, folder: Path) -> Iterator[FundApp]:
    app = create_app(
        Settings(
            database_url=url,
            redis_url="unix:///nowhere",
            data_dir=folder,
            keys_dir=made_keys(folder),
            secret_key="a secret for tests, long enough to be one",
            base_url="http://localhost",
            mail_url=f"file:{folder}/mail",
        )
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
