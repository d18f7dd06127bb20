"""Things that break at the worst moment: mail servers, files, clocks, work that always fails."""

import os
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from fundapp.accounts.services.returned_mail import note_returned_mail
from fundapp.applications.models import Application, ApplicationStatus, Attachment
from fundapp.core import outbox
from fundapp.core.db import db
from fundapp.core.errors import Failure
from fundapp.core.mail import MAIL_KIND, MailMessage, job_kind, queue_mail
from fundapp.core.outbox import LEASE, MAX_ATTEMPTS, JobKind, OutboxItem, OutboxState
from fundapp.core.postbox import deliver_through
from fundapp.core.storage import Storage
from fundapp.retention.queries import stored_files_in_use

from ..conftest import NOW, run_item
from ..factories import make_application, make_call
from ..sample_files import PDF
from ..servers import SmtpServer
from .world import make_paper

ADDRESS = "amina.sample@sample.example"
BACKOFF = timedelta(hours=2)


class MoodySmtp(SmtpServer):
    """A mail server that answers a recipient, or a whole mail, as a test tells it; "drop" hangs up without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.to_recipient = "250 fine"
        self.to_mail = "250 kept"

    async def handle_RCPT(  # noqa: N802 - its name in aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        answer = await super().handle_DATA(server, session, envelope)
        if self.to_mail == "drop":
            assert server.transport is not None
            server.transport.close()
            return answer
        if not self.to_mail.startswith("2"):
            self.messages.pop()
        return self.to_mail


@pytest.fixture
def smtp(app):
    """A moody mail server, and this application's mail going to it."""
    with MoodySmtp() as server:
        address = f"smtp://{server.host}:{server.port}"
        usual = app.job_kinds[MAIL_KIND]
        deliver = deliver_through(address, mail_from="fund@example.org", base_url="http://localhost")
        app.add_job_kind(job_kind(deliver, note_returned_mail))
        yield server
        app.add_job_kind(usual)


def mail() -> OutboxItem:
    message = queue_mail(to_address=ADDRESS, language="en", template="news", data={"path": "/"}, now=datetime.now(UTC))
    db.session.commit()
    return db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == message.id)).one()


def now_state(item: OutboxItem) -> OutboxState:
    db.session.rollback()
    return db.session.get_one(OutboxItem, item.id, populate_existing=True).state


@pytest.mark.parametrize(
    ("where", "answer", "code"),
    [
        ("to_recipient", f"450 {ADDRESS} is busy", "450"),
        ("to_mail", f"451 {ADDRESS}: try later", "451"),
        ("to_mail", f"554 refused for {ADDRESS}", "554"),
    ],
)
def test_row_111_a_mail_server_that_refuses_is_asked_again_and_quoted_by_its_code(
    app, clock, smtp, where, answer, code
):
    setattr(smtp, where, answer)
    item = mail()
    for attempt in range(1, MAX_ATTEMPTS):
        assert run_item(item.id) is False
        assert now_state(item) is OutboxState.READY, attempt
        clock.shift(BACKOFF)
    assert run_item(item.id) is False
    assert now_state(item) is OutboxState.FAILED
    failed = db.session.get_one(OutboxItem, item.id)
    message = db.session.scalars(select(MailMessage)).one()
    for text in (failed.last_error, message.failure):
        assert text == f"MailRefused: the mail server answered {code}"
    assert message.failed_at is not None
    assert smtp.messages == []


def test_row_111_an_address_that_is_refused_for_good_is_not_tried_again(app, clock, smtp):
    smtp.to_recipient = f"550 no such person {ADDRESS}"
    item = mail()
    assert run_item(item.id) is True
    assert now_state(item) is OutboxState.DONE
    message = db.session.scalars(select(MailMessage)).one()
    assert (message.failure, message.sent_at) == ("AddressRefused: the mail server answered 550", None)
    assert message.failed_at == message.returned_at is not None
    assert smtp.messages == []


def test_row_111_a_mail_server_that_recovers_gets_it_once(app, clock, smtp):
    smtp.to_recipient = "450 later"
    item = mail()
    for _ in range(3):
        assert run_item(item.id) is False
        clock.shift(BACKOFF)
    smtp.to_recipient = "250 fine"
    assert run_item(item.id) is True
    assert run_item(item.id) is False
    assert len(smtp.messages) == 1


def test_row_111_a_server_that_takes_a_mail_and_hangs_up_gets_it_again_under_the_same_name(app, clock, smtp):
    smtp.to_mail = "drop"
    item = mail()
    assert run_item(item.id) is False
    assert now_state(item) is OutboxState.READY
    smtp.to_mail = "250 kept"
    clock.shift(BACKOFF)
    assert run_item(item.id) is True
    assert len(smtp.messages) == 2
    assert len({message["Message-ID"] for message in smtp.messages}) == 1, "so that the server can drop a repetition"


def test_row_106_work_that_always_fails_keeps_nothing_else_waiting(app, clock):
    done: list[object] = []

    def poison(_subject: object) -> None:
        raise Failure("poison")

    app.add_job_kind(JobKind("test:poison", work=poison, gave_up=lambda *_: None))
    app.add_job_kind(JobKind("test:fine", work=lambda subject: done.append(subject), gave_up=lambda *_: None))
    now = datetime.now(UTC)
    for kind in ("test:poison", "test:fine", "test:poison", "test:fine"):
        outbox.enqueue(kind=kind, subject_id=uuid4(), now=now)
    for _ in range(MAX_ATTEMPTS):
        ids = outbox.due(datetime.now(UTC))
        db.session.commit()
        for item_id in ids:
            run_item(item_id)
        clock.shift(BACKOFF)
    assert len(done) == 2
    states = db.session.scalars(select(OutboxItem.state).order_by(OutboxItem.state)).all()
    assert states == [OutboxState.DONE, OutboxState.DONE, OutboxState.FAILED, OutboxState.FAILED]


def test_row_109_a_file_whose_row_was_never_committed_is_swept_after_a_day(app):
    storage: Storage = app.extensions["storage"]
    application = make_application(make_call())
    kept = make_paper(storage, application, "kept").stored_as
    db.session.commit()
    lost = make_paper(storage, application, "lost in a crash").stored_as
    db.session.rollback()
    young = time.time() - 23 * 3600
    day_ago = time.time() - 24 * 3600
    for name, written in ((kept, 0.0), (lost, young)):
        os.utime(path_of(storage, name), (written, written))
    assert storage.sweep(stored_files_in_use(), day_ago) == 0
    assert storage.exists(lost), "somebody may be about to commit its row"
    os.utime(path_of(storage, lost), (day_ago - 1, day_ago - 1))
    unfinished = path_of(storage, kept).parent / "incoming-of-a-crash"
    unfinished.write_bytes(b"half a file")
    os.utime(unfinished, (0, 0))
    assert storage.sweep(stored_files_in_use(), day_ago) >= 2
    assert not storage.exists(lost)
    assert not unfinished.exists()
    assert storage.exists(kept)


def test_row_109_a_row_never_points_to_a_file_that_was_not_stored(app, signed_in, monkeypatch):
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    application = make_application(make_call(), status=ApplicationStatus.DRAFT)
    client = signed_in(application.person)
    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(app, "testing", False)
    page = f"/applications/{application.id}/sections/2"
    seen = client.get(page).get_data(as_text=True).split('name="seen" value="')[1].split('"')[0]
    data = {
        "seen": seen,
        "q_title": "Ours",
        "q_plan": "A plan",
        "q_amount": "100",
        "q_paper": (BytesIO(PDF), "paper.pdf"),
    }
    answer = client.post(page, data=data, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert "We have no room for this file at the moment." in client.get(answer.location).get_data(as_text=True)
    assert db.session.scalars(select(Attachment)).all() == []
    db.session.expire_all()
    answers = db.session.get_one(Application, application.id).answers
    assert (answers["plan"], "paper" in answers) == ("A plan", False), "the text is kept, and no file is said to be"


def test_row_108_an_answer_that_got_lost_after_the_commit_is_given_again(app, signed_in, time_machine):
    time_machine.move_to(NOW)
    application = make_application(
        make_call(), status=ApplicationStatus.DRAFT, answers={"organisation": "Ours (sample)"}
    )
    client = signed_in(application.person)
    page = f"/applications/{application.id}/check"
    seen = client.get(page).get_data(as_text=True).split('name="seen" value="')[1].split('"')[0]
    first = client.post(page, data={"seen": seen})
    sent = db.session.get_one(Application, application.id, populate_existing=True)
    reference, submitted_at = sent.reference, sent.submitted_at
    assert (first.status_code, sent.status) == (302, ApplicationStatus.SUBMITTED)
    time_machine.shift(60)
    again = client.post(page, data={"seen": seen})
    assert (again.status_code, again.location) == (302, first.location)
    sent = db.session.get_one(Application, application.id, populate_existing=True)
    assert (sent.reference, sent.submitted_at, len(sent.submissions)) == (reference, submitted_at, 1)
    assert str(reference) in client.get(again.location).get_data(as_text=True)
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 1, "one receipt"


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_row_112_a_clock_that_jumps_costs_a_repetition_at_most_and_no_second_effect(app, clock, jump):
    done: list[object] = []
    item: OutboxItem | None = None

    def work(_subject: object) -> outbox.Finish:
        clock.shift(jump)  # while it works; forwards, another worker takes the lease for run out
        assert item is not None
        db.session.rollback()
        if len(done) == 0 and jump > LEASE:
            done.append("begun")
            assert run_item(item.id) is True
        return lambda _now: done.append("written")

    app.add_job_kind(JobKind("test:clock", work=work, gave_up=lambda *_: None))
    item = outbox.enqueue(kind="test:clock", subject_id=uuid4(), now=datetime.now(UTC))
    db.session.commit()
    assert item is not None
    run_item(item.id)
    assert done.count("written") == 1
    assert now_state(item) is OutboxState.DONE


def path_of(storage: Storage, name: str) -> Path:
    (path,) = storage.root.glob(f"*/{name}")
    return path
