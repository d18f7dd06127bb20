"""Hundreds of letters at once: watched, stopped, gone on with; one that fails stops only itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ConflictSource
from fundapp.core import layout_process, outbox
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.core.layout_process import LayoutProcess
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.pdf import html_to_pdf
from fundapp.disbursement import tasks
from fundapp.disbursement.models import Letter, LetterStatus
from fundapp.disbursement.queries.letters import LETTER_KIND, letters_of_call
from fundapp.disbursement.services.releasing import release_decisions, resume_letters, stop_letters
from fundapp.review.models import Outcome, SlateStatus

from ..conftest import NOW, actor_of, run_item, without_tokens
from ..factories import make_application, make_call, make_decision, make_slate, make_staff

LATER = NOW + timedelta(days=30)
LETTERS = 6


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


@pytest.fixture
def released(app, manager, clock):
    """A call of six declines, released."""
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    for _ in range(LETTERS):
        make_decision(slate, make_application(call).entries[0], outcome=Outcome.DECLINE)
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    return call


def make_some(number: int, clock) -> None:
    """Make so many letters, one every ten seconds."""
    ready = OutboxItem.state == OutboxState.READY
    found = select(OutboxItem.id).where(OutboxItem.kind == LETTER_KIND, ready).order_by(OutboxItem.id).limit(number)
    ids = db.session.scalars(found).all()
    db.session.rollback()
    for item_id in ids:
        clock.shift(timedelta(seconds=10))
        assert run_item(item_id)


def queued(manager, call) -> list[Letter]:
    return letters_of_call(actor=actor_of(manager), call=call, status=LetterStatus.QUEUED)


def page_of(client, call) -> str:
    return str(client.get(f"/manage/{call.slug}/letters").get_data(as_text=True))


def test_progress_tells_how_many_how_fast_and_how_long(released, manager, clock, signed_in):
    client = signed_in(manager)
    page = page_of(client, released)
    assert "6 letters wait to be made. None was made in the last five minutes." in page
    make_some(3, clock)
    page = page_of(client, released)
    assert "3 of 6 letters made" in page
    assert "3 letters wait to be made. About 6 letters a minute are made. About 1 minute is left." in page
    clock.shift(timedelta(minutes=6))
    assert "None was made in the last five minutes." in page_of(client, released)
    make_some(3, clock)
    page = page_of(client, released)
    assert "6 of 6 letters made" in page
    assert "wait to be made" not in page


def test_whoever_waits_looks_again_and_the_page_never_does_so_by_itself(released, manager, clock, signed_in):
    client = signed_in(manager)
    page = page_of(client, released)
    assert "Look again" in page
    assert "http-equiv" not in page, "it would take away what somebody types or reads"
    make_some(LETTERS, clock)
    assert "Look again" not in page_of(client, released)


def test_letters_are_stopped_and_gone_on_with_and_none_is_lost(released, manager, clock, run_jobs, signed_in):
    client, slug = signed_in(manager), released.slug
    make_some(2, clock)
    assert client.post(f"/manage/{slug}/letters/stop").status_code == 302
    page = page_of(client, released)
    assert "4 letters are stopped" in page
    assert "Stop making letters" not in page
    assert "Look again" not in page
    clock.shift(timedelta(hours=1))
    assert run_jobs() == 2  # the mails about the first two
    assert len(queued(manager, released)) == 4

    assert client.post(f"/manage/{slug}/letters/resume").status_code == 302
    assert "stopped" not in page_of(client, released).partition("<h1>")[2]
    run_jobs()
    letters = db.session.scalars(select(Letter)).all()
    assert {letter.status for letter in letters} == {LetterStatus.MADE}
    assert len({letter.sha256 for letter in letters}) == LETTERS
    done = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("call:%_letters"))).all()
    assert sorted(done) == ["call:resume_letters", "call:stop_letters"]


def test_what_runs_is_left_to_its_end_when_the_others_are_stopped(released, manager):
    item = db.session.scalars(select(OutboxItem).limit(1)).one()
    item.state, item.attempt, item.lease_until = OutboxState.RUNNING, 1, LATER + outbox.LEASE
    db.session.commit()
    args = {"actor": actor_of(manager), "call": released, "letters": queued(manager, released), "now": LATER}
    assert stop_letters(**args) == LETTERS - 1
    assert stop_letters(**args) == 0
    assert resume_letters(**args) == LETTERS - 1
    assert resume_letters(**args) == 0
    assert db.session.get_one(OutboxItem, item.id).state is OutboxState.RUNNING


def test_resuming_wakes_the_workers_at_once(released, manager):
    args = {"actor": actor_of(manager), "call": released, "letters": queued(manager, released), "now": LATER}
    stop_letters(**args)
    outbox.pending_nudges().clear()
    resume_letters(**args)
    assert len(outbox.pending_nudges()) == LETTERS


def test_only_those_who_run_the_letters_of_this_call_stop_them(released, signed_in):
    for person in (make_staff(Role.AUDITOR), make_staff(Role.MANAGER, make_call())):
        args = {"actor": actor_of(person), "call": released, "letters": [], "now": LATER}
        for step in (stop_letters, resume_letters):
            with pytest.raises(NotAllowed):
                step(**args)
        assert signed_in(person).post(f"/manage/{released.slug}/letters/stop").status_code in (403, 404)
    assert "Stop making" not in page_of(signed_in(make_staff(Role.AUDITOR)), released)


def test_a_manager_in_conflict_neither_counts_nor_stops_that_letter(released, manager, clock, signed_in):
    client = signed_in(manager)
    letter = queued(manager, released)[0]
    record_conflict(
        actor=actor_of(make_staff(Role.MANAGER)),
        application=letter.application,
        person_id=manager.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason="Cousins.",
        now=LATER,
    )
    db.session.commit()
    assert "5 letters wait to be made." in page_of(client, released)
    client.post(f"/manage/{released.slug}/letters/stop")
    assert "5 letters are stopped" in page_of(client, released)
    stopped = without_tokens(page_of(client, released))
    assert "5 letters are stopped" in stopped
    item = db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == letter.id)).one()
    assert item.state is OutboxState.READY
    item_id = item.id
    db.session.rollback()
    clock.shift(timedelta(seconds=10))
    assert run_item(item_id)
    assert without_tokens(page_of(client, released)) == stopped


def test_row_115_a_letter_without_end_fails_alone_and_is_tried_again_alone(
    app, manager, released, run_jobs, monkeypatch, signed_in
):
    [endless, *_others] = db.session.scalars(select(Letter).order_by(Letter.reference))
    reference, letter_id = endless.reference, endless.id
    before = tasks._layout
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_layout", LayoutProcess())
        patched.setattr(layout_process, "html_to_pdf", endless_for(reference))
        patched.setattr(layout_process, "MOST_SECONDS", 2)
        run_jobs()
        tasks._layout.close()
    assert tasks._layout is before
    states = {letter.reference: letter.status for letter in db.session.scalars(select(Letter))}
    assert {each for each, status in states.items() if status is LetterStatus.FAILED} == {reference}
    assert list(states.values()).count(LetterStatus.MADE) == LETTERS - 1
    client = signed_in(manager)
    page = page_of(client, released)
    assert "1 letter could not be made." in page
    assert "Laying it out took more than 2 seconds of work." in page
    client.post(f"/manage/{released.slug}/letters/retry", data={"letter": str(letter_id)})
    run_jobs()
    assert "6 of 6 letters made" in page_of(client, released)


def endless_for(reference: str) -> Callable[[str], bytes]:
    """Return a layout that never ends for the letter with this reference."""

    def laid_out(html: str) -> bytes:
        while f"<bdi>{reference}</bdi>" in html or f">{reference}<" in html:
            pass
        return html_to_pdf(html)

    return laid_out
