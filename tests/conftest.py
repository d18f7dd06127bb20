"""What tests share: one application on a real database, emptied after each test.

TEST_DATABASE says which: sqlite (the default) or postgresql.
"""

import gzip
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

import flask_babel
import html5lib
import pytest
from flask import current_app, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, select
from time_machine import TimeMachineFixture
from werkzeug.test import TestResponse

from fundapp import create_app
from fundapp.accounts import queries as accounts
from fundapp.accounts.models import Person, SignInSession
from fundapp.accounts.permissions import Actor
from fundapp.accounts.secrets import token_hash
from fundapp.accounts.services.sessions import open_session
from fundapp.core import arrival, outbox
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from .audit_log import cover_preparations, empty_all_tables
from .databases import Databases
from .keyring import made_keys
from .servers import PostgresServer

FOLDERS = {"published": "REAL_DIR", "standards": "STANDARDS_DIR"}
"""The variable that names the folder of what others published, by the mark of the tests that read it."""
_UNCHECKED = pytest.StashKey[list[str]]()

NOW = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)
"""The moment at which most tests happen: the sample calls of the factories are open then."""


class RecordingQueue:
    """Stands in for Redis where a test wants to see what would be queued."""

    def __init__(self) -> None:
        self.woken: list[UUID] = []

    def wake(self, ids: Sequence[UUID]) -> None:
        self.woken.extend(ids)


class CarefulClient(FlaskClient):
    """A client that refuses malformed pages, changes by GET, and changes that were left uncommitted."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        cover_preparations()
        _forget_the_last_request()
        response = super().open(*args, **kwargs)
        _forget_the_last_request()
        if response.mimetype == "text/html" and response.request.method not in ("HEAD", "OPTIONS"):
            data = response.get_data()
            page = gzip.decompress(data) if response.content_encoding == "gzip" else data
            html5lib.HTMLParser(strict=True).parse(page.decode())
        assert not db.session.new, "the request left new rows uncommitted"
        assert not db.session.dirty, "the request left changed rows uncommitted"
        assert not db.session.deleted, "the request left deleted rows uncommitted"
        return response


def _forget_the_last_request() -> None:
    """Requests of one test share a context, but must share neither a language nor a form token."""
    flask_babel.refresh()
    g.pop("csrf_token", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests of what one database alone has to the run on that database: nothing is ever skipped."""
    here = os.environ.get("TEST_DATABASE", "sqlite")
    elsewhere = [item for item in items if (only := item.get_closest_marker("only_on")) and only.args != (here,)]
    unchecked = {
        item: variable
        for marker, variable in FOLDERS.items()
        if not os.environ.get(variable)
        for item in items
        if item.get_closest_marker(marker)
    }
    if "STANDARDS_DIR" in unchecked.values() and os.environ.get("CI") == "true":
        raise pytest.UsageError("STANDARDS_DIR names no folder, and continuous integration checks files of standards")
    config.stash[_UNCHECKED] = [f"{variable} names no folder: {item.nodeid}" for item, variable in unchecked.items()]
    if left := [*elsewhere, *unchecked]:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say plainly what was not checked because files that others published are not here."""
    for line in config.stash.get(_UNCHECKED, []):
        terminalreporter.write_line(f"NOT CHECKED, for {line}")


@pytest.fixture
def published(request: pytest.FixtureRequest) -> Path:
    """The file of published data that the mark of a test names, in the folder of REAL_DIR."""
    return _of_others(request, "published")


@pytest.fixture
def standard(request: pytest.FixtureRequest) -> Path:
    """The file or folder of a public standard that the mark of a test names, in the folder of STANDARDS_DIR."""
    return _of_others(request, "standards")


def _of_others(request: pytest.FixtureRequest, marker: str) -> Path:
    path = Path(os.environ[FOLDERS[marker]], *request.node.get_closest_marker(marker).args)
    assert path.exists(), f"{path} is not there"
    return path


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real, empty database of the kind that TEST_DATABASE names."""
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/fundapp.sqlite"
    elif kind == "postgresql":
        with PostgresServer() as server:
            yield server.url("fundapp")
    else:
        raise ValueError(f"TEST_DATABASE={kind}: it is sqlite or postgresql")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """What makes databases for tests that want one of their own."""
    with ExitStack() as servers:
        yield Databases(tmp_path_factory.mktemp("databases"), servers)


@pytest.fixture(scope="session")
def whole_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FundApp]:
    """The application of the whole run, migrated once."""
    data_dir = tmp_path_factory.mktemp("data")
    app = create_app(
        Settings(
            database_url=database_url,
            redis_url="unix:///nowhere",
            data_dir=data_dir,
            keys_dir=made_keys(data_dir),
            secret_key="a secret for tests, long enough to be one",
            base_url="http://localhost",
            mail_url=f"file:{data_dir}/mail",
            insecure_cookies=True,
        )
    )
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = CarefulClient
    app.extensions[arrival.KEY] = arrival.by_this_process  # which tests can move; the database's clock has its own
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(whole_app: FundApp) -> Iterator[FundApp]:
    """The application inside its context, with a recording queue; afterwards every table is empty again."""
    queue = RecordingQueue()
    whole_app.queue = queue
    whole_app.extensions["limits"].reset()
    with whole_app.app_context():
        yield whole_app
        db.session.rollback()
        empty_all_tables()
        db.session.remove()


@pytest.fixture
def queue(app: FundApp) -> RecordingQueue:
    """What the application would have queued."""
    assert isinstance(app.queue, RecordingQueue)
    return app.queue


@pytest.fixture
def mail_dir(app: FundApp) -> Path:
    """The folder into which mail of this run is delivered."""
    folder: Path = app.extensions["settings"].data_dir / "mail"
    folder.mkdir(exist_ok=True)
    for mail in folder.iterdir():
        mail.unlink()
    return folder


@pytest.fixture
def run_jobs(app: FundApp) -> Callable[[], int]:
    """Commit, then do all work that is due, in this process; returns how many rows were done."""

    def run() -> int:
        db.session.commit()
        done = 0
        while ids := outbox.due(datetime.now(UTC)):
            db.session.commit()
            done += sum(run_item(item_id) for item_id in ids)
        return done

    return run


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """The present moment, standing still until the test calls `shift`."""
    time_machine.move_to(datetime.now(UTC), tick=False)
    return time_machine


class SignedIn(Protocol):
    """Signs somebody in, and returns their client."""

    def __call__(self, person: Person | None, *, strong: bool = True, fresh: bool = True) -> FlaskClient: ...


@pytest.fixture
def signed_in(app: FundApp) -> SignedIn:
    """Return a client, signed in as somebody (None: nobody). Commits what the test prepared.

    `strong`: with a second factor; `fresh`: just now, else an hour ago.
    """

    def client_of(person: Person | None, *, strong: bool = True, fresh: bool = True) -> FlaskClient:
        client = app.test_client()
        if person is not None:
            now = datetime.now(UTC)
            token = open_session(person=person, now=now, strong=strong)
            if not fresh:
                opened = db.session.scalars(select(SignInSession).filter_by(token_hash=token_hash(token))).one()
                opened.proved_at = now - timedelta(hours=1)
                opened.second_factor_at = opened.proved_at if strong else None
            with client.session_transaction() as cookie:
                cookie["session_token"] = token
        db.session.commit()
        return client

    return client_of


def actor_of(person: Person) -> Actor:
    """Return a person as the services see them."""
    return accounts.actor_of(person)


def run_item(item_id: UUID) -> bool:
    """Do one outbox row's work in this process, as a worker would."""
    return outbox.run(item_id, cast(FundApp, current_app).job_kinds)


def without_tokens(page: str) -> str:
    """Return a page without the tokens that are others each second."""
    return re.sub(r'(name="csrf_token" value|data-token)="[^"]*"', "", page)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the SQL statements that run inside the block (transaction control left out)."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
