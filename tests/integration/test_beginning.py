"""An application begins at once: first questions, a draft before any address, and both ways to keep it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts import limits
from fundapp.accounts.models import Membership, Person, SignInSession
from fundapp.applications.form_engine.definition import Choice, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, Call, DraftOffer
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.admission import NO_WAY_BACK
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from tests.factories import ANSWERS, FORM, make_application, make_call, make_organisation, make_person

from .test_ways_in import code_in, give, is_in, link_in, mailed, sign_in, without_mail

__all__ = ["mailed"]

YEARS = Question(
    name="years",
    kind=Kind.INTEGER,
    label={"en": "For how many years have you worked?", "fr": "Depuis combien d'années ?"},
    group=("about",),
    required=True,
    eligible=". >= 1",
    ineligible_message={"en": "This call is for groups that have worked for a year at least."},
)
LOCAL = Question(
    name="local",
    kind=Kind.SELECT_ONE,
    label={"en": "Are you led by the people you serve?", "fr": "Êtes-vous dirigés par ceux que vous servez ?"},
    group=("about",),
    choices=(Choice("yes", {"en": "Yes", "fr": "Oui"}), Choice("no", {"en": "No", "fr": "Non"})),
    eligible="selected(., 'yes')",
    ineligible_message={"en": "This call is for groups that are led by those whom they serve."},
)
ADDRESS = Question(
    name="write_to", kind=Kind.TEXT, label={"en": "Where can we write to?"}, required=True, role=FormRole.EMAIL
)
WITH_FIRST = replace(FORM, questions=(YEARS, LOCAL, *FORM.questions, ADDRESS))


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


def open_call(**values: Any) -> Call:
    now = datetime.now(UTC)
    call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=20), **values)
    db.session.commit()
    return call


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def begin(client: FlaskClient, call: Call, **data: str) -> Any:
    page = client.get(f"/calls/{call.slug}/start").text
    key = re.search(r'name="key" value="([^"]+)"', page)
    return client.post(f"/calls/{call.slug}/start", data={"key": key[1] if key else "", **data})


def drafts() -> list[Application]:
    return list(db.session.scalars(select(Application).order_by(Application.started_at)))


def count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_draft_is_there_before_anybody_asks_for_an_address(client):
    call = open_call()
    answer = begin(client, call)
    (draft,) = drafts()
    assert answer.location == f"/applications/{draft.id}"
    assert client.get(answer.location).status_code == 200
    person = draft.person
    assert (person.email, person.sign_in_reference, person.password_hash) == ("", None, None)
    assert person.begin_key
    assert count(MailMessage) == 0


def test_a_double_click_a_refresh_and_a_lost_answer_begin_once(app, client):
    call = open_call()
    page = client.get(f"/calls/{call.slug}/start").text
    key = hidden(page, "key")
    with client.session_transaction() as cookie:
        before = dict(cookie)
    first = client.post(f"/calls/{call.slug}/start", data={"key": key})
    with client.session_transaction() as cookie:  # the browser sent the second click before it had the answer
        cookie.clear()
        cookie.update(before)
    second = client.post(f"/calls/{call.slug}/start", data={"key": key})
    assert first.location == second.location
    assert client.get(second.location).status_code == 200
    again = client.post(f"/calls/{call.slug}/start", data={"key": key})  # and once more, signed in by now
    assert again.location == first.location
    assert client.get(f"/calls/{call.slug}/start").location == first.location
    assert (len(drafts()), count(Person)) == (1, 1)


def test_a_forged_or_copied_key_opens_nobodys_draft(app, client, clock):
    call = open_call()
    key = hidden(client.get(f"/calls/{call.slug}/start").text, "key")
    with client.session_transaction() as cookie:
        mine = dict(cookie)
    victim = client.post(f"/calls/{call.slug}/start", data={"key": key}).location
    thief = app.test_client()
    thief.get(f"/calls/{call.slug}/start")
    assert thief.post(f"/calls/{call.slug}/start", data={"key": key}).location != victim
    assert thief.get(victim).status_code == 404
    clock.shift(timedelta(hours=1, seconds=1))
    late = app.test_client()  # even with the cookie: after an hour, the button means another beginning
    with late.session_transaction() as cookie:
        cookie.update(mine)
    assert late.post(f"/calls/{call.slug}/start", data={"key": key}).location != victim
    assert late.get(victim).status_code == 404


def test_beginnings_are_bounded_and_an_address_still_leads_in(app, client, monkeypatch):
    monkeypatch.setattr(limits, "BEGINNINGS", replace(limits.BEGINNINGS, address=2))
    call = open_call()
    for _ in range(2):
        assert begin(app.test_client(), call).status_code == 302
    refused = begin(client, call)
    assert refused.status_code == 429
    assert "Please give an address first" in refused.text
    assert len(drafts()) == count(Person) == 2
    asked = client.post(f"/calls/{call.slug}/start", data={"email": "somebody@example.org"})
    assert asked.location.endswith("/start/link-sent")


def test_what_is_begun_can_be_kept_by_words(client, clock):
    call = open_call()
    tasks = begin(client, call).location
    keep = client.get(f"{tasks}/keep")
    assert "seven days after your last visit" in keep.text
    reference, words, _page = without_mail(client, f"{tasks}/keep/words")
    (draft,) = drafts()
    db.session.refresh(draft.person)
    assert draft.person.begin_key is None
    client.post("/sign-out")
    assert client.get(tasks).status_code == 302
    sign_in(client, reference, " ".join(words))
    assert client.get(tasks).status_code == 200
    clock.shift(timedelta(minutes=11))
    assert client.post(f"{tasks}/keep/words").status_code == 409, "words are made once"


def test_a_second_click_or_a_reload_of_the_words_shows_words_that_work(client, clock):
    tasks = begin(client, open_call()).location
    clock.shift(timedelta(hours=2))
    reference, first, _page = without_mail(client, f"{tasks}/keep/words")
    same_reference, second, _page = without_mail(client, f"{tasks}/keep/words")
    assert same_reference == reference
    assert first != second
    assert client.get("/account/passphrase").status_code == 200, "and whoever can't read them makes new ones"
    client.post("/sign-out")
    assert sign_in(client, reference, " ".join(first)).status_code == 422, "the last ones count"
    assert sign_in(client, reference, " ".join(second)).status_code == 302
    assert client.get(tasks).status_code == 200


def test_an_address_that_is_known_and_one_that_is_not_are_answered_and_mailed_alike(app, client, mailed):
    call = open_call()
    known = make_person()
    db.session.commit()
    mails: list[str] = []
    answers: list[Any] = []
    for address in (known.email, "quite.unknown@example.org"):
        browser = app.test_client()
        tasks = begin(browser, call).location
        answer = browser.post(f"{tasks}/keep", data={"email": address})
        answers.append((answer.status_code, answer.location.replace(tasks, "")))
        page = browser.get(answer.location).text.replace(tasks, "")
        answers.append(re.sub(r"[\w.-]{60,}", "TOKEN", page))
        mails.append(re.sub(r"/link/\w+|\d{4} \d{4}", "TOKEN", mailed()))
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]
    assert mails[0] == mails[1]
    assert "Call" not in mails[0]


def test_the_draft_joins_an_account_only_when_its_owner_takes_it(app, client, mailed):
    call = open_call(form=WITH_FIRST)
    owner = make_person("Owner Sample")
    db.session.commit()
    tasks = begin(client, call, q_years="3", q_local="yes").location
    client.post(f"{tasks}/keep", data={"email": owner.email.upper()})
    (offer,) = db.session.scalars(select(DraftOffer)).all()
    mail = mailed()
    other = app.test_client()
    assert client.get(tasks).status_code == 200, "the browser that began can go on meanwhile"
    assert client.get("/drafts").text.count("Keep this draft") == 0
    other.post(link_in(mail), data={"elsewhere": "1"})
    assert is_in(other)
    assert other.get(tasks).status_code == 404, "signing in alone takes nothing"
    assert str(offer.id) in other.get("/drafts").text
    assert client.post("/drafts", data={"offer": str(offer.id)}).status_code == 404, "not for whoever offers it"
    taken = other.post("/drafts", data={"offer": str(offer.id)})
    assert taken.location == tasks
    assert other.get(tasks).status_code == 200
    assert client.get(tasks).status_code == 302, "whoever began is signed out"
    assert {each.person_id for each in db.session.scalars(select(SignInSession))} == {owner.id}
    (draft,) = drafts()
    db.session.refresh(draft)
    assert draft.person_id == owner.id
    assert clear_answers(draft)["write_to"] == owner.email
    assert [each.person_id for each in db.session.scalars(select(Membership))] == [owner.id]
    assert count(DraftOffer) == 0


def test_by_the_code_the_same_browser_goes_on(client, mailed):
    call = open_call()
    tasks = begin(client, call).location
    client.post(f"{tasks}/keep", data={"email": "new@example.org"})
    assert give(client, code_in(mailed())) == "/drafts"
    offer = hidden(client.get("/drafts").text, "offer")
    assert client.post("/drafts", data={"offer": offer}).location == tasks
    assert client.get(tasks).status_code == 200


def test_a_second_application_of_one_organisation_stands_beside_the_first(client, mailed):
    call = open_call()
    owner = make_person("Owner Sample")
    there = make_application(call, person=owner, organisation=make_organisation("Hill (sample)"))
    db.session.commit()
    tasks = begin(client, call).location
    client.post(f"{tasks}/keep", data={"email": owner.email})
    give(client, code_in(mailed()))
    page = client.get("/drafts").text
    assert "You have an application to this call already" in page
    assert str(there.organisation_id) not in page
    taken = client.post("/drafts", data={"offer": hidden(page, "offer"), "organisation": str(there.organisation_id)})
    new = next(each for each in drafts() if taken.location.endswith(str(each.id)))
    assert new.organisation_id != there.organisation_id
    assert {client.get(f"/applications/{each.id}").status_code for each in (new, there)} == {200}


def test_the_draft_joins_the_organisation_that_its_owner_chooses(client, mailed):
    call = open_call()
    owner = make_person("Owner Sample")
    there = make_application(open_call(), person=owner, organisation=make_organisation("Hill (sample)"))
    db.session.commit()
    tasks = begin(client, call).location
    client.post(f"{tasks}/keep", data={"email": owner.email})
    give(client, code_in(mailed()))
    offer = hidden(client.get("/drafts").text, "offer")
    client.post("/drafts", data={"offer": offer, "organisation": str(there.organisation_id)})
    assert {each.organisation_id for each in drafts()} == {there.organisation_id}


def test_what_is_offered_to_a_stranger_can_be_let_go(app, client, mailed):
    call = open_call()
    stranger = make_person()
    db.session.commit()
    tasks = begin(client, call).location
    client.post(f"{tasks}/keep", data={"email": stranger.email})
    other = app.test_client()
    other.post(link_in(mailed()), data={"elsewhere": "1"})
    offer = hidden(other.get("/drafts").text, "offer")
    other.post("/drafts", data={"offer": offer, "decline": "1"})
    assert other.post("/drafts", data={"offer": offer}).status_code == 404
    assert client.get(tasks).status_code == 200


def test_nothing_is_sent_before_there_is_a_way_to_come_back(client):
    call = open_call()
    tasks = begin(client, call).location
    (draft,) = drafts()
    draft.answers = {**ANSWERS}
    db.session.commit()
    page = client.get(f"{tasks}/check").text
    assert str(NO_WAY_BACK) in page
    seen = hidden(page, "seen")
    assert client.post(f"{tasks}/check", data={"seen": seen}).status_code == 422
    without_mail(client, f"{tasks}/keep/words")
    assert client.post(f"{tasks}/check", data={"seen": seen}).status_code == 302


def test_in_a_protected_call_the_draft_is_kept_first_and_mail_stays_neutral(client, mailed):
    call = open_call(is_protected=True, titles={"en": "Title-Canary"})
    first = begin(client, call).location
    assert first.endswith("/keep")
    page = client.get(first).text
    assert "Do this first" in page
    client.post(first, data={"email": "canary@example.org"})
    assert "Title-Canary" not in mailed()
    (draft,) = drafts()
    assert draft.is_protected


def test_first_questions_come_before_everything_and_are_the_first_answers(client):
    call = open_call(form=WITH_FIRST)
    page = client.get(f"/calls/{call.slug}/start").text
    assert "For how many years have you worked?" in page
    assert 'name="key"' not in page
    empty = client.post(f"/calls/{call.slug}/eligibility")
    assert empty.status_code == 422
    assert empty.text.count("Answer this question.") >= 4, "in the summary and beside each field"
    offered = client.post(f"/calls/{call.slug}/eligibility", data={"q_years": "3", "q_local": "yes"})
    assert (len(drafts()), count(Person), count(SignInSession)) == (0, 0, 0), "nothing is stored yet"
    data = {name: hidden(offered.text, name) for name in ("key", "q_years", "q_local")}
    form = offered.text.partition('name="key"')[0].rpartition("<form")[2]
    assert f'action="/calls/{call.slug}/start"' in form, "the page was an answer: its form must not go back to it"
    assert client.post(f"/calls/{call.slug}/start", data=data).status_code == 302
    (draft,) = drafts()
    assert clear_answers(draft) == {"years": 3, "local": "yes"}


def test_a_no_says_why_stores_nothing_and_offers_a_person(client):
    call = open_call(form=WITH_FIRST)
    for path in ("eligibility", "start"):  # who leaves the first page out is stopped by the second
        page = client.post(f"/calls/{call.slug}/{path}", data={"q_years": "0", "q_local": "yes", "key": "k"})
        assert "groups that have worked for a year at least" in page.text
        assert "led by those whom they serve" not in page.text
        assert "Ask a person" in page.text
    assert (len(drafts()), count(Person)) == (0, 0)
    assert client.post(f"/calls/{call.slug}/start", data={"key": "k"}).status_code == 422


def test_a_first_question_that_is_not_asked_needs_no_answer(client):
    since = replace(YEARS, relevant="${local} = 'yes'")
    call = open_call(form=replace(WITH_FIRST, questions=(LOCAL, since, *FORM.questions)))
    page = client.post(f"/calls/{call.slug}/eligibility", data={"q_local": "no"}).text
    assert "led by those whom they serve" in page
    assert "Answer this question." not in page
    asked = client.post(f"/calls/{call.slug}/eligibility", data={"q_local": "yes"})
    assert asked.status_code == 422
    assert "Answer this question." in asked.text


def test_conditions_hold_at_the_end_too(client):
    call = open_call(form=WITH_FIRST)
    tasks = begin(client, call, q_years="3", q_local="yes").location
    without_mail(client, f"{tasks}/keep/words")
    (draft,) = drafts()
    draft.answers = {**ANSWERS, "years": 0, "local": "yes", "write_to": "a@example.org"}
    db.session.commit()
    page = client.get(f"{tasks}/check").text
    assert "groups that have worked for a year at least" in page
    assert client.post(f"{tasks}/check", data={"seen": hidden(page, "seen")}).status_code == 422
