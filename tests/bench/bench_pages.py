"""Pages per second against a bare Flask page that runs the very same SQL and returns the same bytes.

Run: python -m tests.bench.bench_pages [--requests 30] [--rounds 5] [--database sqlite|postgresql]

First every request is made once while its statements, parameters, transaction control and answer are written down.
Then, in each round, two copies of the same prepared database are made: our page works on the one, and on the other a
bare Flask view sends the same statements through the same driver and the same kind of pool, fetches all rows, commits
and rolls back where we did, and returns the bytes that were written down. The two take turns request by request, in one
process, called as a WSGI server calls them, so that a noisy machine disturbs both alike. Pages per second are by the
wall clock; the share of the ceiling is given by the wall clock and by this process's CPU time, which other programs on
the machine do not touch (PostgreSQL's own time is in the first only). What is printed are medians of the rounds;
nothing is asserted.
"""

import argparse
import gc
import io
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

import psycopg
from flask import Flask, Response, session
from flask_migrate import upgrade
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy import text as statement_of
from werkzeug.test import EnvironBuilder

from fundapp import create_app
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.people import ensure_person
from fundapp.accounts.services.sessions import open_session
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application, CallInvitation
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.starting import start_application
from fundapp.core import audit
from fundapp.core.db import db, engine_options
from fundapp.core.web import FundApp
from fundapp.demo import samples
from fundapp.settings import Settings

from ..audit_log import cover_preparations
from ..conftest import RecordingQueue, actor_of
from ..factories import make_application, make_call, make_review, make_reviewer, make_staff
from ..keyring import made_keys
from ..servers import PostgresServer

LIST_SIZES = (1, 30, 200)
REVIEWS = 3
WARM_UP = 3
BAR = 40
Event = tuple[str, str, Any, bool]
"""What reached the driver: ("execute", statement, parameters, many), or ("commit" | "rollback", "", None, False)."""


@dataclass
class Request:
    """One request, ready to be sent as often as wanted; after it was recorded, also what it did and answered."""

    environ: dict[str, Any]
    body: bytes
    events: list[Event] = field(default_factory=list)
    answer: tuple[int, bytes, str, str] = (0, b"", "", "")

    @property
    def statements(self) -> int:
        """Return how many statements the page sent, without those that open and close transactions."""
        return sum(1 for kind, statement, *_ in self.events if kind == "execute" and not statement.startswith("BEGIN"))


@dataclass(frozen=True)
class Turn:
    """Seconds per request of both sides by one clock: medians of a round."""

    ours: float
    bare: float

    @property
    def share(self) -> float:
        """Return our pages per second as a part of the ceiling's."""
        return self.bare / self.ours


@dataclass
class Measured:
    """What the rounds gave for one page."""

    name: str
    database: str
    requests: list[Request]
    wall: list[Turn] = field(default_factory=list)
    cpu: list[Turn] = field(default_factory=list)


class Databases(Protocol):
    """A prepared database and its working copies."""

    name: str

    def url(self, copy: str) -> str: ...

    def copy(self, copy: str) -> None: ...


class SqliteDatabases:
    """Files in memory where the system has one: a slow disk would make every page look good."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, copy: str) -> str:
        return f"sqlite:///{self._folder}/{copy}.sqlite"

    def copy(self, copy: str) -> None:
        for leftover in self._folder.glob(f"{copy}.sqlite*"):
            leftover.unlink()
        shutil.copy(self._folder / "prepared.sqlite", self._folder / f"{copy}.sqlite")


class PostgresDatabases:
    """Databases of one throw-away server without durability: the stricter ceiling."""

    name = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def url(self, copy: str) -> str:
        return self._server.url(copy)

    def copy(self, copy: str) -> None:
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(copy)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE prepared").format(name))


def make_app(databases: Databases, copy: str, folder: Path) -> FundApp:
    app = create_app(
        Settings(
            database_url=databases.url(copy),
            redis_url="unix:///nowhere",
            data_dir=folder / "data",
            keys_dir=made_keys(folder / "data"),
            secret_key="a secret for benches, long enough to be one",
            base_url="http://localhost",
            mail_url=f"file:{folder}/mail",
            insecure_cookies=True,
        )
    )
    app.queue = RecordingQueue()
    return app


def make_bare(url: str) -> tuple[Flask, Engine]:
    """Return a Flask application that answers its next request as the recorded one was answered."""
    bare = Flask("bare")
    engine = create_engine(url, **engine_options(url))

    def replay(path: str) -> Response:
        request: Request = bare.extensions["next"]
        connection = engine.raw_connection()
        try:
            for kind, statement, parameters, many in request.events:
                if kind == "commit":
                    connection.commit()
                elif kind == "rollback":
                    connection.rollback()
                else:
                    cursor = connection.cursor()
                    if many:
                        cursor.executemany(statement, parameters)
                    else:
                        cursor.execute(statement, parameters)
                    if cursor.description:
                        cursor.fetchall()
                    cursor.close()
        finally:
            connection.close()
        status, body, kind, location = request.answer
        return Response(body, status, content_type=kind, headers={"Location": location} if location else {})

    bare.add_url_rule("/<path:path>", view_func=replay, methods=["GET", "POST"])
    return bare, engine


# What is measured


def prepare(app: FundApp, requests: int) -> dict[str, list[Request]]:
    """Fill the database, and return the requests of every page. Commits."""
    now = datetime.now(UTC)
    call = samples.load(samples.still_open(samples.sample_package(samples.GRANT), now), now)
    samples.import_into(call, samples.sample_applications(samples.GRANT), now)
    filled = db.session.scalars(select(Application).where(Application.call_id == call.id)).first()
    assert filled is not None
    drafts = [make_draft(call.id, filled, number, now) for number in range(requests + WARM_UP)]
    lists = {size: make_list(size) for size in LIST_SIZES}
    manager = make_staff(Role.MANAGER)
    cover_preparations()
    db.session.commit()
    pages = {
        "call page": [request_of(app, None, f"/calls/{call.slug}") for _ in drafts],
        "save draft": [
            form_of(app, draft.person, f"/applications/{draft.id}/sections/2", q_plan="We go on foot. ")
            for draft in drafts
        ],
        "submit": [form_of(app, draft.person, f"/applications/{draft.id}/check") for draft in drafts],
    }
    for size, slug in lists.items():
        number = WARM_UP + (requests // 3 if size == max(LIST_SIZES) else 1)
        pages[f"ranked list, {size}"] = [request_of(app, manager, f"/manage/{slug}/tally")] * number
    return pages


def make_draft(call_id: Any, filled: Application, number: int, now: datetime) -> Application:
    """Start an application in the open sample call, and fill it as another one was filled."""
    person = ensure_person(email=f"bench{number}@example.org", name="", now=now)
    db.session.add(
        CallInvitation(
            call_id=call_id, email=person.email, organisation_name=f"Bench {number} (sample)", created_at=now
        )
    )
    db.session.flush()
    draft = start_application(actor=actor_of(person), call=filled.call, language="en", now=now)
    form = FormDefinition.from_json(draft.form_version.definition)
    values = {**clear_answers(filled), "organisation": f"Bench {number} (sample)", "email": person.email}
    keep_answers(application=draft, form=form, values=values, by_id=person.id, now=now)
    audit.record(actor=actor_of(person), action="application:save", subject=draft, now=now, call_id=call_id)
    db.session.flush()
    return draft


def make_list(size: int) -> str:
    """Make a call with so many reviewed entries; return its slug."""
    call = make_call(reviews_per_entry=REVIEWS, budget_minor=1_000_000_000)
    panel = [make_reviewer(call, max_entries=size) for _ in range(2 * REVIEWS)]
    for number in range(size):
        (entry,) = make_application(call).entries
        for place in range(REVIEWS):
            scores: list[int | None] = [1 + (number + place) % 5, 1 + (number * 3 + place) % 5]
            make_review(entry, panel[(number + place) % len(panel)], scores)
    return call.slug


def request_of(app: FundApp, person: Person | None, path: str, data: dict[str, str] | None = None) -> Request:
    """Return a request of somebody who is signed in (None: nobody)."""
    builder = EnvironBuilder(path=path, method="POST" if data else "GET", data=data)
    if person is not None:
        builder.headers["Cookie"] = cookie_of(app, person)
    environ = builder.get_environ()
    body = environ.pop("wsgi.input").read()
    builder.close()
    return Request(environ, body)


def form_of(app: FundApp, person: Person, path: str, **typed: str) -> Request:
    """Return the request that sends a page's own form back, with more typed into it."""
    page = send(app, request_of(app, person, path))[1].decode()
    (form,) = re.findall(r'<form method="post"(?! action="/sign-out").*?</form>', page, re.DOTALL)
    values = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    values |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s?([^<]*)</textarea>', form))
    return request_of(app, person, path, values | {name: text + values.get(name, "") for name, text in typed.items()})


_cookies: dict[Any, str] = {}


def cookie_of(app: FundApp, person: Person) -> str:
    """Return the Cookie header of a person's one browser."""
    if person.id not in _cookies:
        token = open_session(person=person, now=datetime.now(UTC), strong=True)
        db.session.commit()
        with app.test_request_context():
            session["session_token"] = token
            session["csrf_token"] = "0" * 40
            value = app.session_interface.get_signing_serializer(app).dumps(dict(session))  # type: ignore[attr-defined]  # Flask's own interface
        _cookies[person.id] = f"{app.config['SESSION_COOKIE_NAME']}={value}"
    return _cookies[person.id]


# Measuring


def send(app: WSGIApplication, request: Request) -> tuple[int, bytes, str, str]:
    """Send a request as a server does; return status, body, content type and location."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        started.append((status, dict(headers)))

    environ = request.environ | {"wsgi.input": io.BytesIO(request.body)}
    answer = app(environ, start_response)
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    status, headers = started[0]
    return int(status[:3]), body, headers.get("Content-Type", ""), headers.get("Location", "")


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Event]]:
    """Write down everything that reaches the driver inside the block."""
    events: list[Event] = []

    def execute(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        events.append(("execute", statement, parameters, many))

    def commit(_connection: Connection) -> None:
        events.append(("commit", "", None, False))

    def rollback(_connection: Connection) -> None:
        events.append(("rollback", "", None, False))

    hooks: dict[str, Callable[..., None]] = {"before_cursor_execute": execute, "commit": commit, "rollback": rollback}
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    try:
        yield events
    finally:
        for name, hook in hooks.items():
            event.remove(engine, name, hook)


def record(app: FundApp, requests: list[Request]) -> None:
    """Make every request once, and write down in it what it did and what it got."""
    with app.app_context():
        engine = db.engine
    for request in requests:
        with recorded(engine) as events:
            request.answer = send(app, request)
        request.events = events
        assert request.answer[0] in (200, 302), (request.answer[0], request.environ["PATH_INFO"])
    engine.dispose()


def take_turns(app: FundApp, bare: Flask, requests: list[Request]) -> tuple[Turn, Turn]:
    """Return what a request takes by the wall clock and in CPU time, the first few left out."""
    clocks = (time.perf_counter, time.process_time)
    seconds: dict[str, list[list[float]]] = {"ours": [], "bare": []}
    gc.collect()
    for number, request in enumerate(requests):
        bare.extensions["next"] = request
        sides: list[tuple[str, WSGIApplication]] = [("ours", app), ("bare", bare)]
        for side, wsgi in sides if number % 2 else reversed(sides):
            begun = [clock() for clock in clocks]
            answer = send(wsgi, request)
            seconds[side].append([clock() - before for clock, before in zip(clocks, begun, strict=True)])
            assert answer[0] == request.answer[0], (side, answer[0])
    wall, cpu = (
        Turn(*(statistics.median(taken[kind] for taken in seconds[side][WARM_UP:]) for side in ("ours", "bare")))
        for kind in range(len(clocks))
    )
    return wall, cpu


def measure(databases: Databases, folder: Path, requests: int, rounds: int) -> list[Measured]:
    """Measure every page on one database."""
    prepared = make_app(databases, "prepared", folder)
    with prepared.app_context():
        upgrade()
        pages = prepare(prepared, requests)
        db.session.execute(statement_of("ANALYZE"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    app = make_app(databases, "ours", folder)
    bare, bare_engine = make_bare(databases.url("bare"))
    with app.app_context():
        engine = db.engine
    results = [Measured(name, databases.name, page) for name, page in pages.items()]
    for result in results:
        databases.copy("ours")
        record(app, result.requests)
    for _ in range(rounds):
        for result in results:
            databases.copy("ours")
            databases.copy("bare")
            wall, cpu = take_turns(app, bare, result.requests)
            result.wall.append(wall)
            result.cpu.append(cpu)
            engine.dispose()
            bare_engine.dispose()
    return results


def report(results: list[Measured]) -> str:
    """Return the table and its picture."""
    lines = [
        f"{'':<30}{'':>5}{'pages per second':>18}{'share of ceiling':>18}",
        f"{'page':<18}{'database':<12}{'SQL':>5}{'ours':>9}{'bare':>9}{'wall':>9}{'CPU':>9}   CPU, lowest and highest",
    ]
    for result in results:
        ours = 1 / statistics.median(turn.ours for turn in result.wall)
        bare = 1 / statistics.median(turn.bare for turn in result.wall)
        wall, cpu = (statistics.median(turn.share for turn in turns) for turns in (result.wall, result.cpu))
        shares = sorted(turn.share for turn in result.cpu)
        filled = round(cpu * BAR)
        lines.append(
            f"{result.name:<18}{result.database:<12}{result.requests[-1].statements:>5}{ours:>9.1f}{bare:>9.0f}"
            f"{wall:>9.3f}{cpu:>9.3f}   {'█' * filled}{'·' * (BAR - filled)} {shares[0]:.3f}-{shares[-1]:.3f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--requests", type=int, default=30, help="of each page in each round (a third of it for the long list)"
    )
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--database", choices=["sqlite", "postgresql"], help="default: both")
    chosen = arguments.parse_args()
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made inside it
    results = []
    with ExitStack() as stack:
        parent = memory if os.access(memory, os.W_OK) else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=parent)))
        if chosen.database != "postgresql":
            results += measure(SqliteDatabases(folder), folder, chosen.requests, chosen.rounds)
        if chosen.database != "sqlite":
            _cookies.clear()
            server = stack.enter_context(PostgresServer())
            server.url("prepared")
            results += measure(PostgresDatabases(server), folder, chosen.requests, chosen.rounds)
    print(report(results))


if __name__ == "__main__":
    main()
