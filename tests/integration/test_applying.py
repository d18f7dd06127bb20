"""An applicant's way on the pages: link, draft, sections, check, send, receipt. Each complaint has its test."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person
from fundapp.applications.files import rules as file_rules
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Attachment,
    Call,
    CallInvitation,
    CallStatus,
    Entry,
    Submission,
)
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from tests.conftest import NOW
from tests.factories import ANSWERS, FORM, make_application, make_call, make_person

from ..sample_files import PDF

Client = Callable[[Person | None], FlaskClient]
DEADLINE = NOW + timedelta(days=2)
DATE_FORM = replace(
    FORM, groups=(), questions=(Question(name="begins", kind=Kind.DATE, label={"en": "When does it begin?"}),)
)


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def started(call: Call, person: Person, client: FlaskClient) -> str:
    """Start an application by the button; return its address."""
    response = client.post(f"/calls/{call.slug}/start")
    assert response.status_code == 302
    return response.location


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return found.group(1)


def save(client: FlaskClient, address: str, number: int, **fields: Any) -> TestResponse:
    """Open a section as a browser does, type, and save."""
    page = client.get(f"{address}/sections/{number}").text
    return client.post(f"{address}/sections/{number}", data={"seen": hidden(page, "seen"), **fields})


def fill(client: FlaskClient, address: str, **changes: str) -> None:
    """Fill in the whole form of the factories."""
    answers = {**ANSWERS, **changes}
    save(client, address, 1, q_organisation=answers["organisation"], q_region=answers["region"])
    save(client, address, 2, q_title=answers["title"], q_plan=answers["plan"], q_amount=answers["amount"])


def submit(client: FlaskClient, address: str) -> TestResponse:
    """Open the page for checking as a browser does, and send."""
    return client.post(f"{address}/check", data={"seen": hidden(client.get(f"{address}/check").text, "seen")})


def only_application() -> Application:
    db.session.expire_all()
    return db.session.scalars(select(Application)).one()


# -- Starting -------------------------------------------------------------------------------------------------------


def test_start_mails_a_link_that_leads_back_to_the_call(signed_in: Client, run_jobs: Any, mail_dir: Path) -> None:
    call = make_call()
    client = signed_in(None)
    response = client.post(f"/calls/{call.slug}/start", data={"email": "New.Applicant@Example.org"})
    assert response.status_code == 302
    mail = db.session.scalars(select(MailMessage)).one()
    assert (mail.to_address, mail.template) == ("new.applicant@example.org", "sign_in")
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_start_refuses_what_is_no_address_and_keeps_it(signed_in: Client) -> None:
    call = make_call()
    response = signed_in(None).post(f"/calls/{call.slug}/start", data={"email": "amina at example"})
    assert response.status_code == 422
    assert 'value="amina at example"' in response.text
    assert 'href="#email"' in response.text
    assert "<title>Error: " in response.text
    assert 'aria-invalid="true"' in response.text


def test_start_of_an_invitation_only_call_tells_nobody_who_is_invited(signed_in: Client) -> None:
    call = make_call(invitation_only=True)
    db.session.add(
        CallInvitation(call_id=call.id, email="invited@example.org", organisation_name="Sample", created_at=NOW)
    )
    client = signed_in(None)
    answers = [
        client.post(f"/calls/{call.slug}/start", data={"email": email})
        for email in ("invited@example.org", "stranger@example.org")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0].location == answers[1].location
    sent = {mail.to_address: mail.template for mail in db.session.scalars(select(MailMessage))}
    assert sent == {"invited@example.org": "sign_in", "stranger@example.org": "not_invited"}


def test_start_of_an_invitation_only_call_needs_the_invitation(signed_in: Client) -> None:
    call = make_call(invitation_only=True)
    response = signed_in(make_person()).post(f"/calls/{call.slug}/start")
    assert response.status_code == 403
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_invitation_gives_the_name_of_the_organisation(signed_in: Client) -> None:
    call = make_call(invitation_only=True)
    person = make_person(email="invited@example.org")
    db.session.add(
        CallInvitation(call_id=call.id, email=person.email, organisation_name="Barefoot (sample)", created_at=NOW)
    )
    client = signed_in(person)
    address = started(call, person, client)
    assert 'value="Barefoot (sample)"' in client.get(f"{address}/sections/1").text


def test_refresh_of_the_start_makes_no_second_draft(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    addresses = {client.post(f"/calls/{call.slug}/start").location for _ in range(3)}
    assert len(addresses) == 1
    assert only_application().status is ApplicationStatus.DRAFT
    assert client.get(f"/calls/{call.slug}/start").location == addresses.pop()


@pytest.mark.parametrize("days", [-15, 15])
def test_start_outside_the_dates_is_refused(signed_in: Client, clock: Any, days: int) -> None:
    call, person = make_call(), make_person()
    clock.move_to(NOW + timedelta(days=days))
    assert signed_in(person).post(f"/calls/{call.slug}/start").status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


# -- Writing --------------------------------------------------------------------------------------------------------


def test_draft_keeps_everything_even_what_is_wrong(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    long_plan = "word " * 400
    response = save(client, address, 2, q_title="Land", q_plan=long_plan, q_amount="about twelve thousand")
    assert response.location.endswith("/sections/2?check=1")
    page = client.get(response.location).text
    assert "about twelve thousand" in page
    assert page.count("word") >= 400
    assert "You have written 400 words." in page
    assert "This has 400 words; the limit is 50." in page
    assert 'href="#q_amount"' in page
    assert 'href="#q_plan"' in page
    assert 'aria-describedby="q_plan-hint q_plan-limit q_plan-error"' in page


def test_day_that_does_not_exist_is_kept_in_its_boxes_with_words_for_them(signed_in: Client) -> None:
    call, person = make_call(form=DATE_FORM), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    boxes = {"q_begins-day": "31", "q_begins-month": "2", "q_begins-year": "2021"}
    page = client.get(save(client, address, 1, **boxes).location).text
    assert "Enter a real date: day, month and year in figures." in page
    assert 'href="#q_begins-day"' in page
    for box in ("31", "2021"):
        assert f'value="{box}"' in page
    assert save(client, address, 1, **{**boxes, "q_begins-day": "28"}).location == f"{address}/check"
    assert only_application().answers == {"begins": "2021-02-28"}


def test_saving_says_so_and_goes_on_to_the_next_part(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    response = save(client, address, 1, q_organisation="Paralegals (sample)", q_region="north")
    assert response.location == f"{address}/sections/2"
    assert "Saved at 15:00 (time in Nairobi)." in client.get(response.location).text


def test_save_and_leave_goes_to_the_parts_whatever_is_wrong(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    response = save(client, address, 2, q_amount="?", leave="1")
    assert response.location == address
    page = client.get(address).text
    assert "Needs another look" in page
    assert "Questions answered: 1 of 4" in page
    assert "14 September 2020, 15:00" in page


def test_answers_come_back_by_the_link_on_another_device(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    save(client, address, 2, q_title="Land rights", q_plan="Line one\r\nline two", q_amount="1,500.50")
    page = signed_in(person).get(f"{address}/sections/2").text
    assert 'value="Land rights"' in page
    assert "Line one\nline two</textarea>" in page
    assert 'value="1500.50"' in page or 'value="1500.5"' in page


def test_two_windows_lose_nothing(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    page = client.get(f"{address}/sections/2").text
    seen = hidden(page, "seen")
    first = client.post(f"{address}/sections/2", data={"seen": seen, "q_plan": "The plan of the first window"})
    assert first.status_code == 302
    second = client.post(f"{address}/sections/2", data={"seen": seen, "q_plan": "The plan of the second window"})
    assert second.status_code == 409
    assert "The plan of the first window" in second.text
    assert "The plan of the second window</textarea>" in second.text
    assert second.text.count("(optional)") == page.count("(optional)"), "what has to be answered still has to be"
    assert only_application().answers["plan"] == "The plan of the first window"
    third = client.post(
        f"{address}/sections/2", data={"seen": hidden(second.text, "seen"), "q_plan": "Both plans, put together"}
    )
    assert third.status_code == 302
    assert only_application().answers["plan"] == "Both plans, put together"


def test_two_windows_on_different_parts_do_not_disturb_each_other(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    seen = [hidden(client.get(f"{address}/sections/{number}").text, "seen") for number in (1, 2)]
    client.post(f"{address}/sections/1", data={"seen": seen[0], "q_organisation": "Paralegals (sample)"})
    client.post(f"{address}/sections/2", data={"seen": seen[1], "q_plan": "Open days"})
    assert only_application().answers == {"organisation": "Paralegals (sample)", "plan": "Open days"}


def test_the_same_text_sent_twice_is_no_conflict(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    seen = hidden(client.get(f"{address}/sections/2").text, "seen")
    for _ in range(2):
        response = client.post(f"{address}/sections/2", data={"seen": seen, "q_plan": "Open days"})
        assert response.status_code == 302


def test_hidden_characters_are_named_beside_the_field_and_nothing_is_lost(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    response = save(client, address, 2, q_title="Land\x00rights", q_plan="Our plan is whole.")
    page = client.get(response.location).text
    assert "Our plan is whole.</textarea>" in page
    assert 'href="#q_title"' in page
    assert "Land\N{REPLACEMENT CHARACTER}rights" in page


def test_very_long_answer_is_kept_whole(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    text = "é" * 200_000
    assert save(client, address, 2, q_plan=text).status_code == 302
    assert only_application().answers["plan"] == text


def test_answers_are_never_read_as_markup(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    hostile = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    fill(client, address, organisation=hostile, title=hostile, plan=hostile)
    pages = [address, "/applications", f"{address}/sections/1", f"{address}/sections/2", f"{address}/check"]
    texts = [client.get(page).text for page in pages]
    submit(client, address)
    texts += [client.get(page).text for page in (address, f"{address}/copy", "/applications")]
    assert all("<script>alert" not in text and "<img src=x" not in text for text in texts)
    assert any("&lt;script&gt;" in text for text in texts)


def test_draft_of_somebody_else_cannot_be_found(signed_in: Client) -> None:
    call = make_call()
    draft = make_application(call, status=ApplicationStatus.DRAFT, organisation_name="Secret draft (sample)")
    sent = make_application(call, organisation_name="Secret application (sample)")
    client = signed_in(make_person())
    for application in (draft, sent):
        for page in ("", "/sections/1", "/check", "/copy", "/copy.txt"):
            assert client.get(f"/applications/{application.id}{page}").status_code == 404
        assert client.post(f"/applications/{application.id}/check", data={"seen": ""}).status_code == 404
        assert client.post(f"/applications/{application.id}/sections/1", data={"seen": ""}).status_code == 404
    assert "Secret" not in client.get("/applications").text


# -- Files ----------------------------------------------------------------------------------------------------------


def test_file_is_kept_by_content_and_comes_back_under_its_name(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    save(client, address, 2, q_plan="Open days", q_paper=(BytesIO(PDF), "ميزانية 2020.pdf"))
    page = client.get(f"{address}/sections/2").text
    assert "ميزانية 2020.pdf" in page
    assert "ميزانية 2020.pdf" in client.get(f"{address}/check").text
    attachment = db.session.scalars(select(Attachment)).one()
    assert attachment.content_type == "application/pdf"
    response = client.get(f"{address}/files/{attachment.id}")
    assert response.data == PDF
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''" in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert signed_in(make_person()).get(f"{address}/files/{attachment.id}").status_code == 404


def test_new_file_takes_the_place_of_the_old_one_and_can_be_taken_out(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    save(client, address, 2, q_paper=(BytesIO(PDF), "first.pdf"))
    save(client, address, 2, q_paper=(BytesIO(PDF + b"2"), "second.pdf"))
    assert [file.filename for file in db.session.scalars(select(Attachment))] == ["second.pdf"]
    save(client, address, 2, remove_q_paper="1")
    assert db.session.scalars(select(Attachment)).all() == []
    assert "paper" not in only_application().answers


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("plan.pdf", b"MZ\x90 a program", "We cannot take this kind of file."),
        ("plan.pdf", b"", "This file is empty."),
        ("plan.pdf", b"%PDF-" + b"0" * 10_000, "This file is too large: at most 10 MB"),
        ("x" * 300 + ".pdf", PDF, "The name of this file is too long"),
    ],
    ids=["program", "empty", "too large", "endless name"],
)
def test_file_that_cannot_be_taken_is_named_and_the_text_is_kept(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, words: str
) -> None:
    monkeypatch.setattr(file_rules, "MEGABYTE", 1000)
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    response = save(client, address, 2, q_plan="A long text", q_paper=(BytesIO(data), name))
    page = client.get(response.location).text
    assert words in page
    assert 'href="#q_paper"' in page
    assert "A long text</textarea>" in page
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0


# -- Sending --------------------------------------------------------------------------------------------------------


def test_submission_gives_a_receipt_with_a_reference_on_screen_and_by_mail(
    signed_in: Client, run_jobs: Any, mail_dir: Path
) -> None:
    call, person = make_call(reference_prefix="GJF-2020", last_reference=41), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    response = submit(client, address)
    assert response.location == address
    page = client.get(address).text
    assert "GJF-2020-0042" in page
    assert "Your application was sent" in page
    assert "14 September 2020, 15:00" in page
    assert "raft" not in re.sub(r"<[^>]*>", "", page)
    submission = db.session.scalars(select(Submission)).one()
    assert submission.content_sha256 in page
    run_jobs()
    mail = next(mail_dir.iterdir()).read_text()
    assert "GJF-2020-0042" in mail
    assert ANSWERS["organisation"] not in mail


def test_submission_freezes_answers_and_makes_one_entry_with_the_amount(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    submit(client, address)
    application = only_application()
    assert application.status is ApplicationStatus.SUBMITTED
    assert application.submissions[0].answers == application.answers == ANSWERS
    entry = db.session.scalars(select(Entry)).one()
    assert (entry.category_id, entry.requested_minor) == (None, 1_200_000)
    assert application.organisation is not None
    assert application.organisation.name == ANSWERS["organisation"]


def test_sending_again_gives_the_same_receipt_and_nothing_twice(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    seen = hidden(client.get(f"{address}/check").text, "seen")
    answers = [client.post(f"{address}/check", data={"seen": seen}) for _ in range(3)]
    assert {answer.location for answer in answers} == {address}
    for model, number in ((Submission, 1), (Entry, 1)):
        assert db.session.scalar(select(func.count()).select_from(model)) == number
    assert db.session.scalar(select(func.count()).where(MailMessage.template == "receipt")) == 1


def test_sending_what_was_changed_after_checking_is_refused(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    seen = hidden(client.get(f"{address}/check").text, "seen")
    save(client, address, 2, q_title="Another title", q_plan=ANSWERS["plan"], q_amount="5")
    response = client.post(f"{address}/check", data={"seen": seen})
    assert response.status_code == 409
    assert "Another title" in response.text
    assert only_application().status is ApplicationStatus.DRAFT
    assert submit(client, address).status_code == 302


def test_submission_says_all_that_is_missing_and_can_be_sent_after_it_is_put_right(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    save(client, address, 2, q_title="Land", q_plan="word " * 60, q_amount="90000")
    response = submit(client, address)
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    for place in ("/sections/1?check=1#q_organisation", "/sections/1?check=1#q_region-0", "#q_plan", "#q_amount"):
        assert place in response.text
    assert only_application().status is ApplicationStatus.DRAFT
    fill(client, address)
    assert submit(client, address).location == address
    assert only_application().status is ApplicationStatus.SUBMITTED


def test_every_link_of_the_error_summary_leads_to_a_control(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    for number in (1, 2):
        page = client.get(f"{address}/sections/{number}?check=1").text
        targets = re.findall(r'href="#(q_[^"]+)"', page)
        assert targets
        assert all(f'id="{target}"' in page for target in targets)


@pytest.mark.parametrize(("seconds", "sent"), [(-1, True), (0, False), (1, False)])
def test_deadline_is_exclusive_to_the_second(signed_in: Client, clock: Any, seconds: int, sent: bool) -> None:
    call, person = make_call(closes_at=DEADLINE), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    seen = hidden(client.get(f"{address}/check").text, "seen")
    clock.move_to(DEADLINE + timedelta(seconds=seconds))
    assert client.post(f"{address}/check", data={"seen": seen}).status_code == (302 if sent else 409)
    assert (only_application().status is ApplicationStatus.SUBMITTED) is sent


def test_after_the_deadline_the_text_is_kept_and_shown_and_an_extension_lets_it_be_sent(
    signed_in: Client, clock: Any
) -> None:
    call, person = make_call(closes_at=DEADLINE), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    check = client.get(f"{address}/check").text
    section = client.get(f"{address}/sections/2").text
    clock.move_to(DEADLINE + timedelta(seconds=1))
    late = client.post(f"{address}/check", data={"seen": hidden(check, "seen")})
    assert late.status_code == 409
    assert "The deadline of this call has passed." in late.text
    assert ANSWERS["plan"] in late.text
    typed_late = {
        "seen": hidden(section, "seen"),
        "q_title": "Land",
        "q_plan": "Typed while it passed",
        "q_amount": "5",
    }
    assert client.post(f"{address}/sections/2", data=typed_late).status_code == 302
    assert "Typed while it passed" in client.get(f"{address}/check").text
    db.session.get_one(Call, call.id).closes_at = DEADLINE + timedelta(hours=1)
    db.session.commit()
    assert submit(client, address).location == address


def test_what_was_sent_cannot_be_changed_and_what_was_typed_is_given_back(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address)
    seen = hidden(client.get(f"{address}/sections/2").text, "seen")
    submit(client, address)
    only_application().review_began_at = NOW
    response = client.post(f"{address}/sections/2", data={"seen": seen, "q_plan": "A better plan"})
    assert response.status_code == 409
    assert "A better plan" in response.text
    assert only_application().answers["plan"] == ANSWERS["plan"]


def test_copy_of_what_was_sent_can_be_had_again_on_the_page_and_as_text(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    fill(client, address, plan="Bread & roses <3")
    assert client.get(f"{address}/copy").status_code == 404
    submit(client, address)
    reference = only_application().reference
    assert reference is not None
    for _ in range(2):
        page, text = client.get(f"{address}/copy"), client.get(f"{address}/copy.txt")
        assert "Bread &amp; roses &lt;3" in page.text
        assert "Bread & roses <3" in text.text
        assert "US$12,000.00 (USD)" in text.text
        assert reference in page.text
        assert reference in text.text
        assert text.headers["Content-Disposition"] == f'attachment; filename="{reference}-1.txt"'


def test_my_applications_say_in_the_applicants_words_where_each_stands(signed_in: Client) -> None:
    call, other, person = make_call(), make_call(), make_person()
    make_application(call, person=person, status=ApplicationStatus.SUBMITTED)
    make_application(other, person=person, status=ApplicationStatus.DRAFT)
    stranger = make_application(make_call())
    page = signed_in(person).get("/applications").text
    assert "Sent: we are checking it" in page
    assert "Not sent yet" in page
    assert stranger.organisation_name not in page


@pytest.mark.parametrize(("days", "words"), [(-15, "This call is not open yet."), (3, "The deadline has passed")])
def test_start_page_says_when_nothing_can_be_started(signed_in: Client, clock: Any, days: int, words: str) -> None:
    call, person = make_call(closes_at=DEADLINE), make_person()
    clock.move_to(NOW + timedelta(days=days))
    page = signed_in(person).get(f"/calls/{call.slug}/start").text
    assert words in page
    assert "Start the application" not in page
    assert 'name="email"' in signed_in(None).get(f"/calls/{call.slug}/start").text


def test_text_that_comes_after_signing_out_is_given_back(signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    page = client.get(f"{address}/sections/2").text
    client.post("/sign-out")
    plan = "We will hold <open> days in six villages."
    sent = {"seen": hidden(page, "seen"), "q_plan": plan, "password": "a secret that nobody shows"}
    own = client.post(f"{address}/sections/2", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 401
    assert "We will hold &lt;open&gt; days in six villages." in own.text
    assert f"/sign-in?next={address}/sections/2" in own.text
    assert "a secret" not in own.text
    assert sent["seen"] not in own.text
    forged = client.post(f"{address}/sections/2", data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 400
    assert "six villages" not in forged.text
    silent = client.post(f"{address}/sections/2", data=sent)  # an older browser, which does not say; the token did
    assert (silent.status_code, "six villages" in silent.text) == (401, True)


def test_text_that_comes_with_an_old_token_is_given_back(app: FundApp, signed_in: Client) -> None:
    call, person = make_call(), make_person()
    client = signed_in(person)
    address = started(call, person, client)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        sent = {"csrf_token": "of an older session", "q_plan": "We will hold open days in six villages."}
        own = client.post(f"{address}/sections/2", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
        forged = client.post(f"{address}/sections/2", data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert own.status_code == forged.status_code == 400
    assert "We will hold open days in six villages." in own.text
    assert "We will hold open days" not in forged.text
    assert "plan" not in only_application().answers


@pytest.mark.parametrize("status", [ApplicationStatus.ELIGIBLE, ApplicationStatus.INELIGIBLE])
def test_after_the_release_an_applicant_reads_that_it_is_decided_and_where(
    signed_in: Client, status: ApplicationStatus
) -> None:
    call = make_call(status=CallStatus.DECIDED, decided_at=NOW)
    application = make_application(call, status=status)
    client = signed_in(application.person)
    for address in ("/applications", f"/applications/{application.id}"):
        page = client.get(address).text
        assert "Decided" in page
        assert 'href="/letters"' in page
        assert "Being read" not in page
        assert "you will hear from us" not in page
