"""Letters: made once, told neutrally, failing clearly, read by nobody else."""

import io
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from typing import Any, cast

import pypdf
import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import ApplicationStatus, ConflictSource
from fundapp.core import outbox, sealed_files
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.pdf import PdfUnavailable
from fundapp.core.sealed_files import SealedFile
from fundapp.core.storage import Storage
from fundapp.disbursement import tasks
from fundapp.disbursement.models import Letter, LetterKind, LetterStatus
from fundapp.disbursement.services.releasing import release_decisions, retry_letters
from fundapp.review.models import Outcome, SlateStatus

from ..conftest import NOW, actor_of, counted_statements, run_item
from ..exporting import exported_rows
from ..factories import make_application, make_call, make_decision, make_person, make_slate, make_staff

LATER = NOW + timedelta(days=30)


@pytest.fixture
def manager(app):
    return make_staff(Role.MANAGER)


@pytest.fixture
def released(app, manager, clock):
    """A call with an award, a decline in French and a notice, all released."""
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call, organisation_name="Mwanga (sample)").entries[0])
    make_decision(slate, make_application(call, language="fr").entries[0], outcome=Outcome.DECLINE)
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    return call


def letter_of(kind: LetterKind) -> Letter:
    return db.session.scalars(select(Letter).where(Letter.kind == kind)).one()


def text_of(app: Any, letter: Letter) -> str:
    storage: Storage = app.extensions["storage"]
    assert letter.file is not None
    reader = pypdf.PdfReader(io.BytesIO(sealed_files.read(storage, letter.file)))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def test_every_letter_is_made_once_and_its_reader_told_once(app, released, run_jobs, mail_dir):
    run_jobs()
    letters = db.session.scalars(select(Letter)).all()
    assert {letter.status for letter in letters} == {LetterStatus.MADE}
    for letter in letters:
        assert letter.size_bytes == len(sealed_files.read(app.extensions["storage"], cast(SealedFile, letter.file)))
        assert letter.made_at == LATER
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mail_dir.iterdir()]
    assert sorted(mail["To"] for mail in mails) == sorted(letter.person.email for letter in letters)

    hashes = {letter.id: letter.sha256 for letter in letters}
    for item_id in db.session.scalars(select(OutboxItem.id)).all():
        db.session.rollback()
        assert run_item(item_id) is False
    assert {letter.id: letter.sha256 for letter in db.session.scalars(select(Letter))} == hashes
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 3


def test_letters_say_what_they_must(app, released, run_jobs):
    run_jobs()
    award = text_of(app, letter_of(LetterKind.AWARD))
    for words in (
        "Mwanga (sample)",
        letter_of(LetterKind.AWARD).reference,
        "US$12,000.00 (USD)",
        "flexible support for your work",
        "12 months from the date of this letter",
        "Write to us within 30 days.",
        "14 October 2020",
    ):
        assert words in award
    decline = letter_of(LetterKind.DECLINE)
    assert decline.content is not None
    assert (decline.content["considered"], decline.content["awarded"]) == (2, 1)
    assert "14 octobre 2020" in text_of(app, decline)
    assert "It works in another field." in text_of(app, letter_of(LetterKind.INELIGIBLE))


def test_who_is_in_reserve_reads_so_on_paper_and_on_the_web(app, manager, clock, run_jobs, signed_in):
    clock.move_to(LATER)
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call, organisation_name="Mwanga (sample)").entries[0])
    made = make_application(call, organisation_name="Harbour (sample)")
    make_decision(slate, made.entries[0], outcome=Outcome.RESERVE)
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    db.session.commit()
    run_jobs()
    letter = letter_of(LetterKind.RESERVE)
    on_paper = text_of(app, letter)
    on_page = signed_in(letter.person).get(f"/letters/{letter.id}").get_data(as_text=True)
    for words in ("Harbour (sample)", "held in reserve", "This is not a promise"):
        assert words in on_paper
        assert words in on_page
    assert "12,000" not in on_paper
    assert "Mwanga" not in on_paper


def test_mail_says_nothing_but_that_there_is_news(released, run_jobs, mail_dir):
    run_jobs()
    secret: list[str] = []
    for letter in db.session.scalars(select(Letter)):
        application = letter.application
        secret += [letter.reference, application.reference or "", application.organisation_name, application.title]
        secret += [letter.person.name, str(letter.id)]
    secret += ["award", "decline", "eligible", "12,000", "grant", "sample"]
    for path in mail_dir.iterdir():
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_content() + mail["Subject"]
        assert "/letters" in body
        for word in secret:
            assert word.lower() not in body.lower(), word


def test_a_missing_value_means_no_letter_and_a_reason_and_others_go_on(app, released, run_jobs, mail_dir):
    letter_of(LetterKind.AWARD).application.call.award_terms = {"period_months": 12}
    db.session.commit()
    run_jobs()
    award = letter_of(LetterKind.AWARD)
    assert (award.status, award.failure, award.sha256, award.content) == (
        LetterStatus.FAILED,
        "missing: purpose",
        None,
        None,
    )
    assert letter_of(LetterKind.DECLINE).status is LetterStatus.MADE
    assert letter_of(LetterKind.INELIGIBLE).status is LetterStatus.MADE
    assert len(list(mail_dir.iterdir())) == 2


def test_a_failed_letter_is_made_after_it_was_put_right_and_tried_again(app, released, manager, run_jobs, mail_dir):
    terms = released.award_terms
    released.award_terms = {}
    run_jobs()
    released = letter_of(LetterKind.AWARD).application.call
    assert (
        retry_letters(actor=actor_of(manager), call=released, letters=[letter_of(LetterKind.DECLINE)], now=LATER) == 0
    )
    released.award_terms = terms
    failed = [letter_of(LetterKind.AWARD)]
    assert retry_letters(actor=actor_of(manager), call=released, letters=failed, now=LATER) == 1
    assert retry_letters(actor=actor_of(manager), call=released, letters=failed, now=LATER) == 0
    run_jobs()
    assert letter_of(LetterKind.AWARD).status is LetterStatus.MADE
    assert letter_of(LetterKind.AWARD).failure == ""
    assert len(list(mail_dir.iterdir())) == 3


def test_a_name_that_no_font_can_write_is_a_clear_failure(app, manager, run_jobs):
    call = make_call()
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call, organisation_name="བདེན་པ").entries[0])
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    run_jobs()
    assert letter_of(LetterKind.AWARD).failure.startswith("no font for: བ (TIBETAN LETTER BA)")


def test_a_machine_without_libraries_delays_letters_and_says_so(app, released, manager, monkeypatch, clock, signed_in):
    def broken(*_args: object, **_kwargs: object) -> bytes:
        raise PdfUnavailable("Install them with: apt-get install something")

    item = db.session.scalars(select(OutboxItem.id).limit(1)).one()
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "render_pdf", broken)
        db.session.rollback()
        assert run_item(item) is False
    letter = db.session.get_one(Letter, db.session.get_one(OutboxItem, item).subject_id)
    assert letter.status is LetterStatus.QUEUED
    page = signed_in(manager).get(f"/manage/{released.slug}/letters").get_data(as_text=True)
    assert "another follows: PdfUnavailable: Install them with" in page
    clock.shift(timedelta(minutes=5))
    assert run_item(item) is True
    db.session.expire_all()
    assert db.session.get_one(Letter, letter.id).status is LetterStatus.MADE


def test_work_that_is_given_up_is_a_failed_letter_with_the_error(app, released, monkeypatch, clock):
    def full(*_args: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Storage, "put", full)
    items = db.session.scalars(select(OutboxItem.id)).all()
    for _ in range(outbox.MAX_ATTEMPTS):
        for item in items:
            db.session.rollback()
            run_item(item)
        clock.shift(timedelta(hours=2))
    assert {letter.status for letter in db.session.scalars(select(Letter))} == {LetterStatus.FAILED}
    assert "No space left" in letter_of(LetterKind.AWARD).failure
    assert {item.state for item in db.session.scalars(select(OutboxItem))} == {OutboxState.FAILED}
    assert db.session.scalars(select(MailMessage)).all() == []


def test_a_letter_that_takes_its_worker_down_each_time_fails_in_the_end(app, released, manager, signed_in):
    item = db.session.scalars(select(OutboxItem).where(OutboxItem.subject_id == letter_of(LetterKind.AWARD).id)).one()
    item.state, item.attempt, item.lease_until = OutboxState.RUNNING, outbox.MAX_ATTEMPTS, LATER - timedelta(hours=1)
    item_id = item.id
    db.session.commit()
    assert run_item(item_id) is False
    assert letter_of(LetterKind.AWARD).status is LetterStatus.FAILED
    page = signed_in(manager).get(f"/manage/{released.slug}/letters").get_data(as_text=True)
    assert "each attempt ended with the death of its worker" in page


# --- Pages


def test_a_reader_sees_and_downloads_their_own_letter_only(app, released, run_jobs, signed_in):
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    reference, letter_id, person = letter.reference, letter.id, letter.person
    client = signed_in(person)
    assert reference in client.get("/letters").get_data(as_text=True)
    page = client.get(f"/letters/{letter_id}").get_data(as_text=True)
    assert "US$12,000.00 (USD)" in page
    answer = client.get(f"/letters/{letter_id}/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=letter-{reference}.pdf"
    assert answer.headers["Cache-Control"] == "no-store"

    for stranger in (make_person(), letter_of(LetterKind.DECLINE).person, make_staff(Role.MANAGER)):
        other = signed_in(stranger)
        assert reference not in other.get("/letters").get_data(as_text=True)
        assert other.get(f"/letters/{letter_id}").status_code == 404
        assert other.get(f"/letters/{letter_id}/pdf").status_code == 404


def test_the_page_and_the_pdf_of_a_letter_never_differ(app, released, run_jobs, signed_in):
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    letter.application.call.award_terms = {**letter.application.call.award_terms, "purpose": {"en": "something else"}}
    letter.application.organisation_name = "Renamed"
    client = signed_in(letter.person)
    page = client.get(f"/letters/{letter.id}").get_data(as_text=True)
    assert "flexible support for your work" in page
    assert "Mwanga (sample)" in page
    assert "something else" not in page
    assert "Renamed" not in page


def test_a_letter_page_is_in_the_letters_language_inside_the_readers(app, released, run_jobs, signed_in):
    run_jobs()
    letter = letter_of(LetterKind.DECLINE)
    page = signed_in(letter.person).get(f"/letters/{letter.id}").get_data(as_text=True)
    assert '<html lang="en"' in page
    assert '<article class="panel measure" lang="fr" dir="ltr">' in page
    assert "14 octobre 2020" in page


def test_before_it_is_made_a_letter_cannot_be_opened(app, released, signed_in):
    letter = letter_of(LetterKind.AWARD)
    client = signed_in(letter.person)
    assert "Being prepared" in client.get("/letters").get_data(as_text=True)
    assert client.get(f"/letters/{letter.id}").status_code == 404
    assert client.get(f"/letters/{letter.id}/pdf").status_code == 404


def test_hostile_names_are_text_on_page_and_in_letter(app, manager, run_jobs, signed_in):
    call = make_call()
    hostile = '<script>alert(1)</script><img src="file:///etc/passwd">{{ 7*7 }}'
    application = make_application(call, organisation_name=hostile)
    make_decision(make_slate(call, SlateStatus.RATIFIED), application.entries[0])
    release_decisions(actor=actor_of(manager), call=call, now=LATER)
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    assert "<script>alert(1)</script>" in text_of(app, letter)
    page = signed_in(letter.person).get(f"/letters/{letter.id}").get_data(as_text=True)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_managers_page_releases_then_shows_each_letter_and_why_one_failed(app, manager, run_jobs, signed_in):
    call = make_call(award_terms={})
    slate = make_slate(call, SlateStatus.RATIFIED)
    make_decision(slate, make_application(call).entries[0])
    make_decision(slate, make_application(call).entries[0], outcome=Outcome.DECLINE)
    slug = call.slug
    client = signed_in(manager)
    before = client.get(f"/manage/{slug}/letters").get_data(as_text=True)
    assert "Release the decisions" in before
    assert "Try all failed" not in before
    answer = client.post(f"/manage/{slug}/release")
    assert (answer.status_code, answer.location) == (302, f"/manage/{slug}/letters")
    assert "0 of 2 letters made" in client.get(f"/manage/{slug}/letters").get_data(as_text=True)
    run_jobs()
    page = client.get(f"/manage/{slug}/letters").get_data(as_text=True)
    assert "1 of 2 letters made" in page
    assert "It has no value for “purpose”." in page
    assert "Release the decisions" not in page
    failed = client.get(f"/manage/{slug}/letters?status=failed").get_data(as_text=True)
    assert letter_of(LetterKind.AWARD).reference in failed
    assert letter_of(LetterKind.DECLINE).reference not in failed
    made = letter_of(LetterKind.DECLINE)
    assert client.get(f"/manage/letters/{made.id}").data.startswith(b"%PDF-")

    letter_of(LetterKind.AWARD).application.call.award_terms = make_call().award_terms
    db.session.commit()
    assert client.post(f"/manage/{slug}/letters/retry", data={"letter": str(made.id)}).status_code == 302
    assert letter_of(LetterKind.AWARD).status is LetterStatus.FAILED
    assert client.post(f"/manage/{slug}/letters/retry").status_code == 302
    run_jobs()
    assert "2 of 2 letters made" in client.get(f"/manage/{slug}/letters").get_data(as_text=True)
    assert client.post(f"/manage/{slug}/letters/retry", data={"letter": "x"}).status_code == 400


def test_releasing_too_early_says_everything_on_the_page(app, manager, signed_in):
    call = make_call()
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call).entries[0])
    make_application(call)
    answer = signed_in(manager).post(f"/manage/{call.slug}/release")
    assert answer.status_code == 422
    assert "1 entry is undecided." in answer.get_data(as_text=True)
    assert db.session.scalars(select(Letter)).all() == []


def test_another_calls_manager_finds_nothing(app, released, run_jobs, signed_in):
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    client = signed_in(make_staff(Role.MANAGER, make_call()))
    slug, letter_id = letter.application.call.slug, letter.id
    assert client.get(f"/manage/{slug}/letters").status_code == 404
    assert client.get(f"/manage/letters/{letter_id}").status_code == 404
    assert client.post(f"/manage/{slug}/release").status_code == 404
    assert client.post(f"/manage/{slug}/letters/retry", data={"letter": str(letter_id)}).status_code == 404


def test_a_letter_of_another_call_is_not_retried_through_this_one(app, released, manager, signed_in):
    other = make_call()
    client = signed_in(manager)
    letter = letter_of(LetterKind.AWARD)
    assert client.post(f"/manage/{other.slug}/letters/retry", data={"letter": str(letter.id)}).status_code == 404


def test_a_manager_in_conflict_sees_no_trace_of_the_letter(app, released, manager, run_jobs, signed_in):
    run_jobs()
    letter = letter_of(LetterKind.AWARD)
    record_conflict(
        actor=actor_of(make_staff(Role.MANAGER)),
        application=letter.application,
        person_id=manager.id,
        source=ConflictSource.SET_BY_MANAGER,
        reason="Cousins.",
        now=LATER,
    )
    letter_id, reference, slug = letter.id, letter.reference, released.slug
    client = signed_in(manager)
    page = client.get(f"/manage/{slug}/letters").get_data(as_text=True)
    assert reference not in page
    assert "2 of 2 letters made" in page
    assert client.get(f"/manage/letters/{letter_id}").status_code == 404
    assert reference not in str(exported_rows(client, slug))


def test_the_list_of_letters_asks_the_database_the_same_for_1_and_30(app, manager, signed_in):
    def statements(number: int) -> int:
        call = make_call(budget_minor=100_000_000)
        slate = make_slate(call, SlateStatus.RATIFIED)
        for _ in range(number):
            make_decision(slate, make_application(call).entries[0])
        release_decisions(actor=actor_of(manager), call=call, now=LATER)
        client = signed_in(manager)
        client.get(f"/manage/{call.slug}/letters")
        with counted_statements() as seen:
            assert client.get(f"/manage/{call.slug}/letters").status_code == 200
        return len(seen)

    assert statements(1) == statements(30)


def test_letter_dates_are_those_of_the_calls_zone(app, manager, run_jobs):
    call = make_call(time_zone="Pacific/Kiritimati")
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call).entries[0])
    late = NOW.replace(year=2020, month=12, day=31, hour=23, tzinfo=UTC)
    release_decisions(actor=actor_of(manager), call=call, now=late)
    run_jobs()
    content = letter_of(LetterKind.AWARD).content
    assert content is not None
    assert content["dated"] == "1 January 2021"
