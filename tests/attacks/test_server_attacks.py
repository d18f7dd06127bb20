"""Many at once, impatient, or cut off, over real connections to a server of threads on a loopback port."""

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from sqlalchemy import Select, select
from werkzeug.serving import make_server

from fundapp.applications.models import Application, ApplicationStatus, Entry, Submission
from fundapp.applications.services.drafts import fingerprint
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp

from ..factories import NOW, make_application, make_call, make_person

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Sender:
    """An applicant whose draft is complete, as their browser knows them."""

    application_id: UUID
    cookie: str
    seen: str

    @property
    def path(self) -> str:
        return f"/applications/{self.application_id}/check"

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Host": "localhost",
            "Cookie": f"fundapp={self.cookie}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def body(self, **changes: str) -> str:
        return urlencode({"seen": self.seen} | changes)


@pytest.fixture
def port(app: FundApp) -> Iterator[int]:
    """The port of a running server; one thread for each connection."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(PATIENCE_SECONDS)
    server.server_close()


@pytest.fixture
def senders(app: FundApp, clock, signed_in) -> Callable[[int], list[Sender]]:
    """Return so many applicants of one open call, each ready to send."""

    def make(count: int) -> list[Sender]:
        clock.move_to(NOW)
        call = make_call()
        made = []
        for _ in range(count):
            person = make_person()
            draft = make_application(call, person=person, status=ApplicationStatus.DRAFT)
            db.session.flush()
            cookie = signed_in(person).get_cookie("fundapp")
            assert cookie is not None
            made.append(Sender(draft.id, cookie.value, fingerprint(draft.answers)))
        db.session.commit()
        db.session.remove()
        return made

    return make


def send(port: int, sender: Sender) -> tuple[int, str]:
    """Send the form as a browser does, and return status and where it leads."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", sender.path, sender.body(), sender.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location", "")
    finally:
        connection.close()


def at_once(tasks: list[Callable[[], object]]) -> list[object]:
    """Do all tasks from one starting line and return what they return."""
    barrier = threading.Barrier(len(tasks), timeout=PATIENCE_SECONDS)
    results: list[object] = [None] * len(tasks)

    def run(number: int, task: Callable[[], object]) -> None:
        barrier.wait()
        results[number] = task()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    return results


def found(what: Select[Any]) -> list[Any]:
    """Return what a query finds, and leave the database to the server."""
    rows = list(db.session.scalars(what))
    db.session.rollback()
    return rows


def sent_by(sender: Sender) -> int:
    return len(found(select(Submission.id).where(Submission.application_id == sender.application_id)))


def count(model: Any) -> int:
    return len(found(select(model.id)))


def test_row_81_a_form_that_is_sent_four_times_at_once_is_sent_in_once(port: int, senders) -> None:
    (sender,) = senders(1)
    answers = at_once([partial(send, port, sender)] * 4)
    assert Counter(answers) == {(302, f"/applications/{sender.application_id}"): 4}
    assert (sent_by(sender), count(Entry), count(MailMessage)) == (1, 1, 1)


def test_row_82_what_was_sent_first_stands_when_the_same_page_sends_something_else(port: int, senders) -> None:
    (sender,) = senders(1)
    assert send(port, sender)[0] == 302
    other = Sender(sender.application_id, sender.cookie, fingerprint({"plan": "something else"}))
    assert send(port, other)[0] == 409
    assert send(port, sender)[0] == 302, "the same again gives the same receipt"
    assert (sent_by(sender), count(MailMessage)) == (1, 1)


def test_row_87_everybody_in_the_last_moment_is_sent_in_once_and_told_so(port: int, senders) -> None:
    crowd = senders(24)
    answers = at_once([partial(send, port, sender) for sender in crowd])
    assert set(answers) == {(302, f"/applications/{sender.application_id}") for sender in crowd}
    for sender in crowd:
        assert sent_by(sender) == 1
    references = found(select(Application.reference))
    assert len(set(references)) == len(crowd)
    assert None not in references
    assert (count(Submission), count(Entry), count(MailMessage)) == (24, 24, 24)


def test_row_108_whoever_never_heard_the_answer_sends_again_and_gets_the_same_receipt(port: int, senders) -> None:
    (sender,) = senders(1)
    deaf = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    deaf.request("POST", sender.path, sender.body(), sender.headers)
    deaf.getresponse().close()  # the line is lost before the answer is read
    deaf.close()
    assert send(port, sender) == (302, f"/applications/{sender.application_id}")
    first = found(select(Submission.content_sha256))
    assert send(port, sender)[0] == 302
    assert found(select(Submission.content_sha256)) == first
    assert (len(first), count(MailMessage)) == (1, 1)
