"""Mail through real parts: a Redis queue, a worker process, an SMTP server."""

import json
import zlib
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from fundapp.accounts.services.links import request_sign_in
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState

from ..factories import make_person


def ask_for_links(installation, count):
    """Have sign-in links mailed to so many people."""
    for _number in range(count):
        person = make_person()
        request_sign_in(email=person.email, secret_key=installation.settings.secret_key, now=datetime.now(UTC))
    unit_of_work.commit(installation.app.queue)


def unsent():
    count = db.session.scalar(select(func.count()).select_from(MailMessage).where(MailMessage.sent_at.is_(None)))
    db.session.rollback()  # on SQLite a transaction that is left open would lock the worker out
    return count


def test_a_worker_process_sends_each_mail_once(installation):
    ask_for_links(installation, 30)
    installation.run("worker", "--burst")
    installation.run("worker", "--burst")
    assert unsent() == 0
    recipients = [str(message["X-RcptTo"]) for message in installation.smtp.messages]
    assert len(recipients) == len(set(recipients)) == 30
    assert len({message["Message-ID"] for message in installation.smtp.messages}) == 30
    assert "http://localhost/link/" in installation.smtp.messages[0].get_content()


def test_an_emptied_queue_costs_delay_and_no_mail(installation):
    ask_for_links(installation, 5)
    installation.redis.flush()
    installation.run("worker", "--burst")
    assert unsent() == 5
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert unsent() == 0
    assert len(installation.smtp.messages) == 5


def test_a_mail_server_that_is_down_is_tried_again(installation):
    smtp = installation.smtp
    smtp.__exit__(None, None, None)
    try:
        ask_for_links(installation, 1)
        installation.run("worker", "--burst")
        assert unsent() == 1
        item = db.session.scalars(select(OutboxItem)).one()
        assert (item.state, item.attempt) == (OutboxState.READY, 1)
        assert "refused" in item.last_error
        db.session.rollback()
    finally:
        smtp.__enter__()
    db.session.execute(update(OutboxItem).values(not_before=clock.now()))  # an hour later, without waiting for it
    db.session.commit()
    installation.settings = installation.settings.__class__(
        **{**vars(installation.settings), "mail_url": f"smtp://{smtp.host}:{smtp.port}"}
    )
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert unsent() == 0
    assert len(smtp.messages) == 1


def test_the_queue_holds_ids_and_nothing_about_people(installation):
    ask_for_links(installation, 3)
    ids = {str(item_id) for item_id in db.session.scalars(select(OutboxItem.id))}
    db.session.rollback()
    connection = installation.app.queue.connection
    (job,) = installation.app.queue.queue().jobs
    fields = connection.hgetall(job.key)
    data = zlib.decompress(fields.pop(b"data")).decode()
    assert set(json.loads(data)[2][0]) == ids
    held = data + " ".join(value.decode() for value in fields.values())
    assert "example.org" not in held
    assert "Sample" not in held
