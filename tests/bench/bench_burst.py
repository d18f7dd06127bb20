"""Five hundred submissions in the last ten seconds before a deadline, against the real server.

Run: python -m tests.bench.bench_burst [--submissions 500] [--seconds 10] [--rounds 3]

`fundapp serve` (gunicorn: 2 processes of 16 threads) works on a PostgreSQL with durability on. Each of so many people
has a complete draft and a browser of their own. Their submissions are sent at moments spread over the seconds, closer
together towards the end; every tenth person presses the button twice. Afterwards the database is asked: each
submission that was acknowledged with the way to its receipt is stored, exactly once; one that was refused or never
answered is stored at most once; no reference is given twice. A round in which that does not hold ends the bench with
status 1.

In the same round a bare Flask page under the same gunicorn gets the same requests at the same moments: the time between
sending and answer (p50, p95, in milliseconds) of both, and their ratio, are printed. Those are compared with nothing.
"""

import argparse
import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask_migrate import upgrade
from sqlalchemy import func, select

from fundapp.applications.models import Application, Submission
from fundapp.core.db import db
from fundapp.demo import samples

from ..audit_log import cover_preparations
from ..keyring import made_keys
from ..servers import PostgresServer
from .bench_pages import Request, form_of, make_app, make_draft

ROOT = Path(__file__).resolve().parents[2]
TWICE_EVERY = 10
CLIENT_THREADS = 64
TIMEOUT_SECONDS = 60
SEED = 20201115


@dataclass(frozen=True)
class Press:
    """One press of the button: by whom, when (seconds after the start), and what the browser sends."""

    application_id: UUID
    at: float
    request: Request


@dataclass
class Outcome:
    """What came back. `taken` is from the moment it should have been sent: waiting for the client counts too."""

    status: int = 0
    location: str = ""
    taken: float = 0.0


@dataclass
class Burst:
    """Sends presses at their moments, from several threads."""

    port: int
    presses: Sequence[Press]
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self) -> list[Outcome]:
        """Send all of them; return what came back, in their order."""
        self.outcomes = [Outcome() for _ in self.presses]
        waiting = iter(range(len(self.presses)))
        lock = threading.Lock()
        begun = time.monotonic() + 0.2
        threads = [threading.Thread(target=self._send, args=(waiting, lock, begun)) for _ in range(CLIENT_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.outcomes

    def _send(self, waiting: Iterator[int], lock: threading.Lock, begun: float) -> None:
        while True:
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            press, outcome = self.presses[number], self.outcomes[number]
            time.sleep(max(0.0, begun + press.at - time.monotonic()))
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
            try:
                connection.request("POST", press.request.environ["PATH_INFO"], press.request.body, headers_of(press))
                answer = connection.getresponse()
                answer.read()
                outcome.status, outcome.location = answer.status, answer.getheader("Location", "")
            except OSError:
                outcome.status = 0  # never answered: it may be stored or not
            finally:
                connection.close()
            outcome.taken = time.monotonic() - begun - press.at


def headers_of(press: Press) -> dict[str, str]:
    """Return the headers of a browser on the very site."""
    environ = press.request.environ
    return {
        "Host": "localhost",
        "Origin": "http://localhost",
        "Cookie": environ["HTTP_COOKIE"],
        "Content-Type": environ["CONTENT_TYPE"],
    }


@contextmanager
def serving(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run a server until the end of the block; ready when it takes connections."""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with {process.returncode}")
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def presses_of(drafts: Sequence[tuple[UUID, Request]], seconds: float, chance: random.Random) -> list[Press]:
    """Return when each button is pressed: ever closer together towards the end, some twice."""
    found = []
    for number, (application_id, request) in enumerate(drafts):
        at = seconds * chance.random() ** 0.5
        found.append(Press(application_id, at, request))
        if number % TWICE_EVERY == 0:
            found.append(Press(application_id, min(seconds, at + 0.05), request))
    return sorted(found, key=lambda press: press.at)


def wrongs(presses: Sequence[Press], outcomes: Sequence[Outcome]) -> list[str]:
    """Compare what was acknowledged with what is stored."""
    ids = {press.application_id for press in presses}
    stored = Counter(db.session.scalars(select(Submission.application_id).where(Submission.application_id.in_(ids))))
    references = db.session.execute(
        select(Application.reference, func.count())
        .where(Application.id.in_(ids), Application.reference.is_not(None))
        .group_by(Application.reference)
        .having(func.count() > 1)
    ).all()
    acknowledged = {
        press.application_id
        for press, outcome in zip(presses, outcomes, strict=True)
        if outcome.status == 302 and str(press.application_id) in outcome.location
    }
    found = [f"{each} was acknowledged and is not stored" for each in acknowledged if not stored[each]]
    found += [f"{each} is stored {count} times" for each, count in stored.items() if count > 1]
    found += [f"reference {reference} was given {count} times" for reference, count in references]
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share lies below, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


def bare_server(folder: Path) -> list[str]:
    """Return the command of a bare Flask page that says where to go; the port comes behind it."""
    page = folder / "bare_page.py"
    page.write_text(
        "from flask import Flask, redirect\n"
        "app = Flask(__name__)\n"
        "app.add_url_rule('/<path:path>', 'page', lambda path: redirect('/' + path), methods=['GET', 'POST'])\n"
    )
    workers = [
        "--workers",
        "2",
        "--worker-class",
        "gthread",
        "--threads",
        "16",
        "--preload",
        "--no-control-socket",
        "--log-level",
        "error",
    ]
    return [sys.executable, "-m", "gunicorn", "bare_page:app", "--chdir", str(folder), *workers, "--bind"]


def main() -> int:
    """Measure and print; 1 when something was lost or doubled."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--submissions", type=int, default=500)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    if not (1 <= chosen.submissions <= 2000 and 1 <= chosen.seconds <= 60 and 1 <= chosen.rounds <= 10):
        arguments.error("at most 2000 submissions, 60 seconds and 10 rounds")
    chance = random.Random(SEED)
    lines: list[tuple[float, ...]] = []
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = type("Database", (), {"url": staticmethod(server.url)})()
        app: Any = make_app(database, "burst", folder)
        with app.app_context():
            upgrade()
            now = datetime.now(UTC)
            call = samples.load(samples.still_open(samples.sample_package(samples.GRANT), now), now)
            samples.import_into(call, samples.sample_applications(samples.GRANT), now)
            filled = db.session.scalars(select(Application).where(Application.call_id == call.id)).first()
            assert filled is not None
            drafts = []
            for number in range(chosen.submissions * chosen.rounds):
                draft = make_draft(call.id, filled, number, now)
                cover_preparations()
                db.session.commit()
                drafts.append((draft.id, form_of(app, draft.person, f"/applications/{draft.id}/check")))
            port = free_port()
            environment = os.environ | {
                "DATABASE_URL": server.url("burst"),
                "REDIS_URL": "unix:///nowhere",
                "DATA_DIR": str(folder / "data"),
                "KEYS_DIR": str(made_keys(folder / "data")),
                "SECRET_KEY": app.config["SECRET_KEY"],
                "BASE_URL": "http://localhost",
                "MAIL_URL": f"file:{folder}/mail",
                "INSECURE_COOKIES": "1",
            }
            ours = [sys.executable, "-m", "fundapp", "serve", "--bind", f"127.0.0.1:{port}"]
            for turn in range(chosen.rounds):
                mine = drafts[turn * chosen.submissions : (turn + 1) * chosen.submissions]
                presses = presses_of(mine, chosen.seconds, chance)
                with serving(ours, port, environment):
                    outcomes = Burst(port, presses).run()
                bare_port = free_port()
                with serving([*bare_server(folder), f"127.0.0.1:{bare_port}"], bare_port, dict(os.environ)):
                    bare = Burst(bare_port, presses).run()
                db.session.rollback()
                if found := wrongs(presses, outcomes):
                    print("\n".join(found))
                    return 1
                taken, lowest = ([each.taken for each in some if each.status] for some in (outcomes, bare))
                lines.append(
                    (
                        len(presses),
                        sum(each.status == 302 for each in outcomes),
                        sum(each.status != 302 for each in outcomes),
                        *(percentile(taken, share) for share in (0.5, 0.95)),
                        *(percentile(lowest, share) for share in (0.5, 0.95)),
                    )
                )
    print("presses  acknowledged  not  p50 ms  p95 ms  bare p50  bare p95")
    for line in lines:
        print("{:7.0f}{:14.0f}{:5.0f}{:8.0f}{:8.0f}{:10.1f}{:10.1f}".format(*line))
    ratios = [[line[3 + place] / line[5 + place] for line in lines] for place in (0, 1)]
    print("median ratio to the bare page: p50 {:.1f}, p95 {:.1f}".format(*map(statistics.median, ratios)))
    print("every acknowledged submission is stored, once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
