"""Letters through real parts: killed workers and an emptied queue cost delay, and no letter."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update

from fundapp.accounts.permissions import Role
from fundapp.applications.models import ApplicationStatus, Call
from fundapp.core import clock, sealed_files, unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.i18n import LANGUAGES
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.storage import Storage
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.models import Award, Letter, LetterKind, LetterStatus
from fundapp.disbursement.queries.letters import letter_to_make
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.disbursement.services.templates import remake_letters, save_template
from fundapp.disbursement.tasks import make_letter
from fundapp.review.models import Decision, Outcome, SlateStatus
from fundapp.worker import reconcile

from ..conftest import NOW, actor_of
from ..factories import make_application, make_call, make_decision, make_slate, make_staff
from ..scripts import NAMES

AWARDS, DECLINES, NOTICES = 10, 17, 3
ALL = AWARDS + DECLINES + NOTICES
PATIENCE = 120
"""Seconds after which something that should happen counts as not happening."""


def ratified() -> Call:
    call = make_call(budget_minor=1_000_000_000, reviews_per_entry=1)
    slate = make_slate(call, SlateStatus.RATIFIED)
    for number in range(AWARDS + DECLINES):
        outcome = Outcome.AWARD if number < AWARDS else Outcome.DECLINE
        make_decision(slate, make_application(call).entries[0], outcome=outcome)
    for _ in range(NOTICES):
        make_application(call, status=ApplicationStatus.INELIGIBLE)
    return call


def release(installation):
    manager, call = make_staff(Role.MANAGER), ratified()
    db.session.commit()
    release_decisions(actor=actor_of(manager), call=call, now=NOW + timedelta(days=30))
    unit_of_work.commit(installation.app.queue)


def made() -> int:
    count = db.session.scalar(select(func.count()).select_from(Letter).where(Letter.status == LetterStatus.MADE))
    db.session.rollback()  # on SQLite a transaction that is left open would lock the worker out
    return count or 0


def wait_until_made(worker: "subprocess.Popen[bytes]", number: int) -> None:
    """Return once so many letters are made; the worker must be alive until then."""
    deadline = time.monotonic() + PATIENCE
    while made() < number:
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, f"only {made()} of {number} letters were made"
        threading.Event().wait(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill(worker: "subprocess.Popen[bytes]", *, with_its_child: bool) -> None:
    """Kill a worker without warning; its child is a process group of its own and outlives it unless killed too."""
    forked = children(worker.pid)
    worker.kill()
    worker.wait(PATIENCE)
    if with_its_child:
        for pid in forked:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def leases_run_out() -> None:
    """Make time pass for what was being worked on, and for what the queue was told."""
    past = clock.now() - timedelta(hours=1)
    db.session.execute(
        update(OutboxItem).where(OutboxItem.state == OutboxState.RUNNING).values(lease_until=past, nudged_at=past)
    )
    db.session.execute(update(OutboxItem).where(OutboxItem.state == OutboxState.READY).values(nudged_at=past))
    db.session.commit()


def finish(installation) -> None:
    leases_run_out()
    reconcile(installation.app)
    installation.run("worker", "--burst")


def assert_one_of_each(installation) -> None:
    """One letter per decided entry, one notice per ineligible application; each made once, stored, and told once."""
    storage: Storage = installation.app.extensions["storage"]
    letters = db.session.scalars(select(Letter)).all()
    assert Counter(letter.kind for letter in letters) == {
        LetterKind.AWARD: AWARDS,
        LetterKind.DECLINE: DECLINES,
        LetterKind.INELIGIBLE: NOTICES,
    }
    decided = set(db.session.scalars(select(Decision.id)))
    assert {letter.decision_id for letter in letters} - {None} == decided
    assert len(decided) == AWARDS + DECLINES
    for letter in letters:
        assert letter.status is LetterStatus.MADE
        assert letter.file is not None
        assert len(sealed_files.read(storage, letter.file)) == letter.size_bytes
    assert len({letter.sha256 for letter in letters}) == ALL
    makings = db.session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == "letter:make")).all()
    assert Counter(makings) == {letter.id: 1 for letter in letters}
    mails = Counter(mail.to_address for mail in db.session.scalars(select(MailMessage)))
    assert mails == {letter.person.email: 1 for letter in letters}
    assert {mail["X-RcptTo"] for mail in installation.smtp.messages} == set(mails)
    assert db.session.scalar(select(func.count()).select_from(Award)) == AWARDS
    states = set(db.session.scalars(select(OutboxItem.state)))
    assert states == {OutboxState.DONE}
    db.session.rollback()


def test_worker_killed_in_the_middle_and_queue_emptied(installation):
    release(installation)
    worker = installation.start("worker")
    wait_until_made(worker, 6)
    kill(worker, with_its_child=True)
    before = made()
    assert 6 <= before < ALL
    installation.redis.flush()
    assert installation.app.queue.queue().count == 0
    finish(installation)
    assert_one_of_each(installation)


def test_workers_killed_again_and_again_with_children_left_alive(installation):
    release(installation)
    for round_number, number in enumerate((5, 14)):
        leases_run_out()
        reconcile(installation.app)
        worker = installation.start("worker")
        wait_until_made(worker, number)
        kill(worker, with_its_child=round_number == 0)
        installation.redis.flush()
    finish(installation)
    # A child that outlived its worker may have held the last rows while the burst ran.
    finish(installation)
    assert_one_of_each(installation)


def test_two_workers_and_every_id_told_three_times(installation):
    release(installation)
    ids = list(db.session.scalars(select(OutboxItem.id)))
    db.session.rollback()
    for _ in range(2):
        unit_of_work.nudge(installation.app.queue, ids)
    workers = [installation.start("worker", "--burst") for _ in range(2)]
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0]
    installation.run("worker", "--burst")
    assert_one_of_each(installation)


def test_forty_letters_in_eight_scripts_by_two_workers_one_killed_and_the_queue_emptied(installation):
    manager, call = make_staff(Role.MANAGER), make_call(budget_minor=1_000_000_000, languages=list(LANGUAGES))
    slate = make_slate(call, SlateStatus.RATIFIED)
    for number in range(40):
        application = make_application(
            call, organisation_name=NAMES[number % 8], language=list(LANGUAGES)[number % len(LANGUAGES)]
        )
        make_decision(slate, application.entries[0], outcome=Outcome.DECLINE if number % 3 else Outcome.AWARD)
    db.session.commit()
    release_decisions(actor=actor_of(manager), call=call, now=NOW + timedelta(days=30))
    unit_of_work.commit(installation.app.queue)
    workers = [installation.start("worker") for _ in range(2)]
    wait_until_made(workers[0], 8)
    kill(workers[0], with_its_child=True)
    installation.redis.flush()
    kill(workers[1], with_its_child=True)
    assert made() < 40
    leases_run_out()
    reconcile(installation.app)
    workers = [installation.start("worker", "--burst") for _ in range(2)]
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0]
    finish(installation)

    storage: Storage = installation.app.extensions["storage"]
    letters = db.session.scalars(select(Letter)).all()
    assert len(letters) == 40
    for letter in letters:
        assert letter.status is LetterStatus.MADE
        assert letter.file is not None
        data = sealed_files.read(storage, letter.file)
        assert sha256(data).hexdigest() == letter.sha256 == sha256(make_letter(storage, letter).data).hexdigest()
        assert letter.content is not None
        assert letter.content["organisation"] == letter.application.organisation_name
    makings = db.session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == "letter:make")).all()
    assert Counter(makings) == {letter.id: 1 for letter in letters}
    mails = Counter(mail.to_address for mail in db.session.scalars(select(MailMessage)))
    assert mails == {letter.person.email: 1 for letter in letters}
    db.session.rollback()


def hashes() -> dict[UUID, str | None]:
    found = {letter.id: letter.sha256 for letter in db.session.scalars(select(Letter))}
    db.session.rollback()
    return found


def test_a_letter_made_again_by_another_process_has_the_same_bytes(installation):
    manager = make_staff(Role.MANAGER)
    call = make_call(budget_minor=1_000_000_000, languages=list(LANGUAGES))
    slate = make_slate(call, SlateStatus.RATIFIED)
    for language in LANGUAGES:
        for outcome in Outcome:
            make_decision(slate, make_application(call, language=language).entries[0], outcome=outcome)
    db.session.commit()
    release_decisions(actor=actor_of(manager), call=call, now=NOW + timedelta(days=30))
    unit_of_work.commit(installation.app.queue)
    installation.run("worker", "--burst")
    first = hashes()
    assert len(set(first.values()) - {None}) == len(LANGUAGES) * len(Outcome)

    storage: Storage = installation.app.extensions["storage"]
    assert {each: sha256(make_letter(storage, letter_to_make(each)).data).hexdigest() for each in first} == first
    db.session.rollback()

    def word(subject: str, body: str, after: int) -> None:
        save_template(
            actor=actor_of(manager),
            call=call,
            kind=TemplateKind.DECLINE,
            language="en",
            subject=subject,
            body=body,
            after=after,
            now=clock.now(),
        )
        assert remake_letters(actor=actor_of(manager), call=call, now=clock.now()) == 1
        unit_of_work.commit(installation.app.queue)
        installation.run("worker", "--burst")

    word("Our decision", "Dear {{ organisation }}, we cannot fund this.", 0)
    assert len({*hashes().items()} - {*first.items()}) == 1
    word("", "", 1)
    assert hashes() == first
