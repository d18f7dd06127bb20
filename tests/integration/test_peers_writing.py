"""What people complain about in other services while they write, by the number of the complaint: not here."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from fundapp.applications.models import Application, ApplicationStatus, Submission
from fundapp.core.db import db
from tests.conftest import NOW
from tests.factories import ANSWERS, CLOSES, FORM
from tests.windows import Client, Window, begin, stored

TOO_LONG = "word " * 60


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def fill(client: Any, address: str, **changes: str) -> None:
    answers = {**ANSWERS, **changes}
    Window(client, address, 1).send(q_organisation=answers["organisation"], q_region=answers["region"])
    Window(client, address, 2).send(q_title=answers["title"], q_plan=answers["plan"], q_amount=answers["amount"])


def send(client: Any, address: str) -> Any:
    page = client.get(f"{address}/check").text
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return client.post(f"{address}/check", data={"seen": found.group(1)})


def let_the_deadline_pass() -> None:
    db.session.scalars(select(Application)).one().call.closes_at = NOW
    db.session.commit()


def test_peers_01_proposal_typed_before_the_close_and_sent_after_it_is_kept_and_given_back(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    page = Window(client, address, 2)
    let_the_deadline_pass()
    answer = page.send(q_title="Typed in time", q_plan="Sent a moment too late")
    assert answer.status_code == 302
    assert stored()["plan"] == "Sent a moment too late"
    assert "The deadline has passed" in client.get(f"{address}/sections/2").text
    check = client.get(f"{address}/check").text
    assert "Sent a moment too late" in check
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 0


def test_peers_02_saved_draft_is_checked_and_then_sent(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    fill(client, address)
    for _ in range(2):
        assert ANSWERS["plan"] in client.get(f"{address}/check").text
    assert send(client, address).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 1


def test_peers_03_refresh_and_double_click_make_one_draft(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    page = Window(client, address, 2)
    sent = {"seen": page.seen, "q_plan": "Open days"}
    answers = [client.post(f"{address}/sections/2", data=sent) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {302}, "a page to go to, so that a reload sends nothing"
    assert db.session.scalar(select(func.count()).select_from(Application)) == 1
    assert stored() == {"plan": "Open days"}


def test_peers_03_pressing_start_again_leads_to_the_draft_that_is_there(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    Window(client, address, 2).send(q_plan="Open days")
    slug = db.session.scalars(select(Application)).one().call.slug
    assert {client.post(f"/calls/{slug}/start").location for _ in range(3)} == {address}
    assert stored() == {"plan": "Open days"}


def test_peers_04_missed_question_is_named_and_the_button_works_again_at_once(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    fill(client, address, title="")
    refused = send(client, address)
    assert refused.status_code == 422
    link = re.search(r'href="([^"]*sections/2[^"]*)#q_title"', refused.text)
    assert link, "the problem leads to its field"
    assert "disabled" not in refused.text
    page = client.get(link.group(1).replace("&amp;", "&")).text
    assert re.search(r'id="q_title"[^>]*aria-invalid="true"', page) or re.search(
        r'aria-invalid="true"[^>]*id="q_title"', page
    )
    fill(client, address)
    assert send(client, address).status_code == 302


def test_peers_05_one_press_saves_and_says_when(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    page = Window(client, address, 1)
    page.send(q_organisation="Sample group")
    assert stored()["organisation"] == "Sample group"
    assert "Saved at 15:00 (time in Nairobi)." in page.text


def test_peers_09_limit_of_words_is_shown_lets_a_draft_be_and_is_enforced_on_sending(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    assert "Up to 50 words." in Window(client, address, 2).text, "before anything is written"
    fill(client, address, plan=TOO_LONG)
    assert stored()["plan"] == TOO_LONG.strip(), "nothing is cut off"
    assert "You have written 60 words." in Window(client, address, 2).text
    refused = send(client, address)
    assert refused.status_code == 422
    assert "This has 60 words; the limit is 50." in refused.text
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 0


def test_peers_10_draft_cannot_pass_by_required_questions(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    Window(client, address, 2).send(q_title="Only a title", leave="1")
    refused = send(client, address)
    assert refused.status_code == 422
    for field in ("q_organisation", "q_region-0", "q_plan", "q_amount"):
        assert f"#{field}" in refused.text
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 0


def test_peers_12_token_that_ran_out_wipes_nothing(app: Any, signed_in: Client, monkeypatch: Any) -> None:
    client, address = begin(signed_in, FORM)
    page = Window(client, address, 2)
    long_text = "A plan that took an hour to write."
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    sent = {"seen": page.seen, "q_plan": long_text, "csrf_token": "of yesterday"}
    refused = client.post(f"{address}/sections/2", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert refused.status_code == 400
    assert long_text in refused.text
    fresh = client.get(f"{address}/answers").get_json()["token"]
    saved = client.post(f"{address}/answers", data={**sent, "page": "2", "shape": "", "csrf_token": fresh})
    assert saved.status_code == 200, "the script fetches a new token and sends the text again"
    assert stored()["plan"] == long_text


def test_peers_13_no_page_is_blank_after_the_deadline(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    fill(client, address)
    let_the_deadline_pass()
    for path in (address, f"{address}/sections/1", f"{address}/sections/2", f"{address}/form", f"{address}/check"):
        page = client.get(path)
        assert page.status_code == 200
        assert "The deadline has passed" in page.text, path
    assert f"{ANSWERS['plan']}</textarea>" in client.get(f"{address}/sections/2").text


def test_peers_14_what_changes_is_saved_without_a_button(signed_in: Client) -> None:
    client, address = begin(signed_in, FORM)
    page = Window(client, address, 2)
    assert 'src="/static/saving.js' in page.text
    assert page.send_change(page=2, seen="plan=-", q_plan="Saved while I type").status_code == 200
    assert stored() == {"plan": "Saved while I type"}
    assert "Saved while I type</textarea>" in client.get(f"{address}/sections/2").text


@pytest.mark.parametrize("leave", [{}, {"leave": "1"}], ids=["going on", "to all parts"])
def test_peers_15_there_is_no_sending_without_saving(signed_in: Client, leave: dict[str, str]) -> None:
    client, address = begin(signed_in, FORM)
    fill(client, address, plan="")
    last = Window(client, address, 2)
    buttons = re.findall(r"<button[^>]*>([^<]+)</button>", last.text[last.text.index("<main") :])
    assert "Save and go on" in buttons
    assert not [words for words in buttons if words.startswith("Send")], "no page sends past what is typed on it"
    last.send(q_title=ANSWERS["title"], q_plan=ANSWERS["plan"], q_amount=ANSWERS["amount"], **leave)
    assert send(client, address).status_code == 302
    (submission,) = db.session.scalars(select(Submission)).all()
    assert submission.answers["plan"] == ANSWERS["plan"], "what was typed last is in what was sent"


def test_peers_15_what_was_sent_stays_whatever_is_written_afterwards(signed_in: Client, clock: Any) -> None:
    client, address = begin(signed_in, FORM)
    fill(client, address)
    assert send(client, address).status_code == 302
    (application,) = db.session.scalars(select(Application)).all()
    clock.move_to(CLOSES - timedelta(days=1))
    client = signed_in(application.person)
    Window(client, address, 2).send(q_title="", q_plan="Half a new")
    assert send(client, address).status_code == 422
    clock.move_to(CLOSES + timedelta(days=1))
    client = signed_in(application.person)
    db.session.refresh(application)
    assert application.answers["plan"] == "Half a new"
    assert application.status is ApplicationStatus.SUBMITTED
    assert [each.answers["plan"] for each in application.submissions] == [ANSWERS["plan"]]
    for page in (client.get(f"{address}/copy").text, client.get(f"{address}/copy.txt").text):
        assert ANSWERS["plan"] in page
        assert "Half a new" not in page
    assert str(application.reference) in client.get("/applications").text


def test_who_asks_for_little_is_asked_less(signed_in: Client) -> None:
    (plan,) = [question for question in FORM.questions if question.name == "plan"]
    label = {"en": "Who keeps your books, and how?", "fr": "Qui tient vos comptes, et comment ?"}
    books = replace(plan, name="books", label=label, relevant="${amount} > 5000")
    client, address = begin(signed_in, replace(FORM, questions=(*FORM.questions, books)))
    fill(client, address, amount="4,000")
    assert label["en"] not in client.get(f"{address}/sections/2").text
    assert label["en"] not in client.get(f"{address}/check").text
    fill(client, address, amount="6,000")
    assert label["en"] in client.get(f"{address}/sections/2").text
    assert send(client, address).status_code == 422, "of whoever asks for more it is required"
    fill(client, address, amount="4,000")
    assert send(client, address).status_code == 302
