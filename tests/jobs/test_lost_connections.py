"""A database that goes away in the middle of something (row 107)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, func, make_url, select, text

from fundapp import create_app
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.sessions import open_session
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.retention.models import LegalHold
from fundapp.settings import Settings

from ..databases import Databases
from ..factories import make_call, make_staff
from ..keyring import made_keys


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> str:
    return databases.migrated("postgresql", tmp_path)


@pytest.fixture
def app(url: str, tmp_path: Path) -> Iterator[FundApp]:
    """An application as it is in production: an unexpected error is a page, not an exception."""
    app = create_app(
        Settings(
            database_url=url,
            redis_url="unix:///nowhere",
            data_dir=tmp_path,
            keys_dir=made_keys(tmp_path),
            secret_key="a secret for tests, long enough to be one",
            base_url="http://localhost",
            mail_url=f"file:{tmp_path}/mail",
            insecure_cookies=True,
        )
    )
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def client_of(app: FundApp, person: Person) -> FlaskClient:
    client = app.test_client()
    token = open_session(person=person, now=datetime.now(UTC), strong=True)
    with client.session_transaction() as cookie:
        cookie["session_token"] = token
    db.session.commit()
    return client


@contextmanager
def cut(url: str, wanted: Callable[[str], bool]) -> Iterator[list[int]]:
    """End the server's side of the connection just before the first statement that is wanted."""
    ended: list[int] = []

    def end(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not ended and wanted(statement):
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            ended.append(raw.info.backend_pid)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", ended)

    event.listen(db.engine, "before_cursor_execute", end)
    try:
        yield ended
    finally:
        event.remove(db.engine, "before_cursor_execute", end)


def counted() -> tuple[int, int]:
    holds = db.session.scalar(select(func.count()).select_from(LegalHold))
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    db.session.rollback()
    return holds or 0, entries or 0


@pytest.mark.parametrize(
    "moment", ["INSERT INTO legal_hold", "INSERT INTO audit_entry", "UPDATE audit_head", "SELECT"], ids=str.lower
)
def test_row_107_a_connection_cut_at_any_moment_leaves_nothing_half(app, url, moment):
    call = make_call()
    client = client_of(app, make_staff(Role.MANAGER, call))
    page, reason = f"/manage/{call.slug}/keeping", {"reason": "A court asked for it."}
    before = counted()
    with cut(url, lambda statement: statement.startswith(moment)) as ended:
        answer = client.post(page, data=reason)
    assert len(ended) == 1, "the test cut nothing"
    assert answer.status_code == 500
    text_of_page = answer.get_data(as_text=True)
    assert "Something went wrong on our side" in text_of_page
    assert not any(word in text_of_page for word in ("psycopg", "Traceback", "SELECT", "INSERT"))
    assert counted() == before, "nothing half"
    assert client.post(page, data=reason).status_code == 302, "the next try finds a connection"
    holds, entries = counted()
    assert (holds, entries > before[1]) == (before[0] + 1, True)


def test_row_107_after_a_restart_pages_come_back_by_themselves(app, url):
    call = make_call()
    client = client_of(app, make_staff(Role.MANAGER, call))
    page = f"/manage/{call.slug}"
    assert client.get(page).status_code == 200
    db.session.remove()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert client.get(page).status_code == 200


def test_row_107_a_database_that_only_reads_refuses_and_pages_go_on(app, url):
    call = make_call()
    client, page = client_of(app, make_staff(Role.MANAGER, call)), f"/manage/{call.slug}/keeping"
    db.session.execute(text(f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on"))
    db.session.commit()
    db.session.remove()
    db.engine.dispose()
    assert client.get("/").status_code == 200
    assert client.post(page, data={"reason": "A court."}).status_code == 500
    assert counted()[0] == 0
