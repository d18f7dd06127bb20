"""Ways in for applicants: links and codes by mail, and references with words for those who must get no mail."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.limits import LIMITS
from fundapp.accounts.models import OneTimeLink, Person, SignInSession
from fundapp.accounts.passphrases import folded, new_words
from fundapp.accounts.secrets import password_matches
from fundapp.accounts.services import passphrases
from fundapp.accounts.services.passphrases import make_person_without_address
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.services.drafts import form_of
from fundapp.applications.services.starting import start_application
from fundapp.applications.services.submitting import submission_problems
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from tests.conftest import NOW, actor_of
from tests.factories import FORM, make_call, make_person

SENT = "/sign-in/link-sent"


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def mailed(mail_dir: Path, run_jobs):
    """Return the text of the newest mail."""

    def newest() -> str:
        run_jobs()
        mails = sorted(mail_dir.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        text: str = message_from_bytes(mails[-1].read_bytes(), policy=policy.default).get_content()
        return text

    return newest


def ask(client: FlaskClient, person: Person, path: str = "/sign-in/link") -> None:
    assert client.post(path, data={"email": person.email}).status_code == 302


def code_in(mail: str) -> str:
    found = re.search(r"^(\d{4} \d{4})\r?$", mail, re.MULTILINE)
    assert found, mail
    return found[1]


def link_in(mail: str) -> str:
    found = re.search(r"http://localhost(/link/\w+)", mail)
    assert found, mail
    return found[1]


def give(client: FlaskClient, code: str) -> str:
    return str(client.post("/sign-in/code", data={"code": code}).location)


def is_in(client: FlaskClient) -> bool:
    return client.get("/home").status_code == 200


def known(app: FundApp) -> Person:
    person = make_person()
    db.session.commit()
    return person


def test_the_code_of_a_mail_signs_in_once_where_it_was_asked_for(app, client, mailed):
    person = known(app)
    ask(client, person)
    code = code_in(mailed())
    elsewhere = app.test_client()
    ask(elsewhere, known(app))  # so that it has a name of its own
    assert give(elsewhere, code) == SENT
    assert not is_in(elsewhere)
    assert give(client, code.replace(" ", "")) == "/home"
    assert is_in(client)
    assert give(client, code) == SENT


def test_the_code_leads_to_where_the_link_does(app, client, mailed):
    call = make_call()
    person = known(app)
    ask(client, person, f"/calls/{call.slug}/start")
    assert client.get(f"/calls/{call.slug}/start/link-sent").status_code == 200
    assert give(client, code_in(mailed())) == f"/calls/{call.slug}/start"


def test_a_code_ends_after_three_wrong_tries_and_the_link_beside_it_does_not(app, client, mailed):
    person = known(app)
    ask(client, person)
    mail = mailed()
    wrong = "0000 0000" if code_in(mail) != "0000 0000" else "1111 1111"
    assert [give(client, wrong) for _ in range(3)] == [SENT] * 3
    assert give(client, code_in(mail)) == SENT
    assert "ask for a new mail" in client.get(SENT).text
    assert client.post(link_in(mail)).status_code == 302
    assert is_in(client)


def test_a_code_ends_after_ten_minutes(app, client, mailed, clock):
    person = known(app)
    ask(client, person)
    mail = mailed()
    clock.shift(timedelta(minutes=10, seconds=1))
    assert give(client, code_in(mail)) == SENT
    assert client.post(link_in(mail)).status_code == 302


def test_codes_and_tokens_are_stored_nowhere(app, client, mailed):
    person = known(app)
    ask(client, person)
    mail = mailed()
    stored = str([row._asdict() for row in db.session.execute(select(OneTimeLink.__table__))])
    stored += str([row._asdict() for row in db.session.execute(select(MailMessage.__table__))])
    assert code_in(mail).replace(" ", "") not in stored
    assert link_in(mail).removeprefix("/link/") not in stored


def test_a_newer_mail_ends_the_older_one(app, client, mailed):
    person = known(app)
    ask(client, person)
    older = mailed()
    ask(client, person)
    newer = mailed()
    assert client.get(link_in(older)).status_code == 410
    assert give(client, code_in(older)) == SENT
    assert give(client, code_in(newer)) == "/home"
    assert client.get(link_in(newer)).status_code == 410


def test_a_link_in_another_browser_says_so_and_wants_a_word(app, client, mailed):
    person = known(app)
    ask(client, person)
    link = link_in(mailed())
    other = app.test_client()
    assert "asked for in another browser" in other.get(link).text
    assert "asked for in another browser" not in client.get(link).text
    assert other.post(link).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(SignInSession)) == 0
    assert other.post(link, data={"elsewhere": "1"}).status_code == 302
    assert is_in(other)


def without_mail(client: FlaskClient, path: str = "/sign-in/without-mail", **options) -> tuple[str, list[str], str]:
    """Become somebody without an address; return reference, words, and the page."""
    page = client.post(path, **options)
    assert page.status_code == 200
    tree = html5lib.parse(page.text, namespaceHTMLElements=False)
    reference = "".join(tree.find(".//p[@class='reference']").itertext())
    return reference, ["".join(item.itertext()) for item in tree.findall(".//main//ol/li")], page.text


def without_tokens(page: str) -> str:
    """Return a page without what is signed and new each time."""
    return re.sub(r"[\w-]{6,}\.[\w-]+\.[\w-]+|[\w-]{60,}", "TOKEN", page)


def sign_in(client: FlaskClient, reference: str, words: str):
    return client.post("/sign-in/passphrase", data={"reference": reference, "passphrase": words})


def test_somebody_without_an_address_gets_a_reference_and_words_once_and_no_mail(app, client):
    call = make_call(opens_at=datetime.now(UTC) - timedelta(days=1), closes_at=datetime.now(UTC) + timedelta(days=1))
    db.session.commit()
    start = f"/calls/{call.slug}/start"
    assert "without-mail" in client.get(start).text
    reference, words, page = without_mail(client, f"/sign-in/without-mail?next={start}")
    assert re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", reference)
    assert len(words) == 7
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    question = tree.find(".//input[@name='question']").get("value")
    positions = [int(number) for number in re.findall(r"Word number (\d)", page)]
    assert not any(word in question for word in words if len(word) > 4)  # a short one can stand there by chance

    answers = {"question": question, "first": words[positions[0] - 1].upper(), "second": "wrong"}
    refused = client.post(f"/account/passphrase/check?next={start}", data=answers)
    assert refused.status_code == 422
    shown = {each.get("value", "") for each in html5lib.parse(refused.text, namespaceHTMLElements=False).iter("input")}
    assert shown.isdisjoint(words), "what was typed comes back, and no word that was not"
    assert " ".join(words) not in refused.text
    answers["second"] = f" {words[positions[1] - 1]} "
    assert client.post(f"/account/passphrase/check?next={start}", data=answers).location == start

    application = client.post(start)
    assert application.status_code == 302
    assert client.get(application.location).status_code == 200
    client.post("/sign-out")
    assert sign_in(client, reference.lower().replace("-", " "), "  ".join(words).upper()).status_code == 302
    assert is_in(client)
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 0


def test_words_are_hashed_and_wrong_ones_refused_like_unknown_references(app, client, monkeypatch):
    person, words = make_person_without_address(now=NOW, language="fr")
    db.session.commit()
    reference = person.sign_in_reference or ""
    assert (person.passphrase_hash or "").startswith("$argon2id$")
    assert folded(" ".join(words)) not in str(person.passphrase_hash)
    checked: list[str | None] = []
    check = password_matches

    def counting(typed: str, password_hash: str | None) -> bool:
        checked.append(password_hash)
        return check(typed, password_hash)

    monkeypatch.setattr(passphrases, "password_matches", counting)
    refused, unknown = sign_in(client, reference, "wrong words"), sign_in(client, "2222-2222", "wrong words")
    assert checked == [person.passphrase_hash, None]  # without a hash, that of nobody is checked
    assert refused.status_code == unknown.status_code == 422
    assert without_tokens(refused.text).replace(reference, "R") == without_tokens(unknown.text).replace(
        "2222-2222", "R"
    )


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_words_work_without_their_accents_and_capitals(app, client, language):
    person, words = make_person_without_address(now=NOW, language=language)
    db.session.commit()
    typed = "-".join(folded(word).title() for word in words)
    assert sign_in(client, person.sign_in_reference or "", typed).status_code == 302


def test_words_are_in_the_readers_language_where_there_is_a_list():
    spanish = {word for _ in range(200) for word in new_words("es")}
    assert any("ñ" in word or "á" in word or "ó" in word for word in spanish)
    assert all(word.isascii() for _ in range(50) for word in new_words("ar"))


def test_new_words_end_the_old_ones_and_all_other_sessions(app, client):
    reference, words, _page = without_mail(client)
    other = app.test_client()
    sign_in(other, reference, " ".join(words))
    assert is_in(other)
    _same, newer, _page = without_mail(client, "/account/passphrase")
    assert is_in(client)
    assert not is_in(other)
    assert sign_in(other, reference, " ".join(words)).status_code == 422
    assert sign_in(other, reference, " ".join(newer)).status_code == 302


def test_new_words_need_a_fresh_proof(app, client, clock):
    reference, words, _page = without_mail(client)
    clock.shift(timedelta(minutes=11))
    assert client.post("/account/passphrase").status_code == 401
    wrong = client.post("/account/passphrase", data={"proof_password": "wrong"})
    assert wrong.status_code == 401
    assert client.post("/account/passphrase", data={"proof_password": " ".join(words)}).status_code == 200
    assert sign_in(app.test_client(), reference, " ".join(words)).status_code == 422


def test_whoever_has_an_address_has_no_words_to_renew(app, signed_in):
    assert signed_in(make_person()).get("/account/passphrase").status_code == 404


def test_words_are_never_given_back_on_a_page_of_refusal(app, client, monkeypatch):
    monkeypatch.setitem(LIMITS, "passphrase", replace(LIMITS["passphrase"], address=2))
    words = "abandon ability able about above absent absorb"
    answers = [
        client.post(
            "/sign-in/passphrase",
            data={"reference": "2222-2222", "passphrase": words},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        for _ in range(3)
    ]
    assert answers[-1].status_code == 429
    assert words not in answers[-1].text


def test_who_gets_no_mail_is_not_asked_for_an_address_and_can_send(app):
    address = Question(
        name="write_to", kind=Kind.TEXT, label={"en": "Where can we write to?"}, required=True, role=FormRole.EMAIL
    )
    call = make_call(form=replace(FORM, questions=(*FORM.questions, address)))
    without, _words = make_person_without_address(now=NOW, language="en")
    for person, asked in ((without, False), (make_person(), True)):
        application = start_application(actor=actor_of(person), call=call, language="en", now=NOW)
        form = form_of(application)
        assert (form.question("write_to") is not None) is asked
        fields = {problem.field for problem in submission_problems(application, form, language="en", now=NOW)}
        assert "plan" in fields
        assert "write_to" not in fields, "it is known of the one and not asked of the other"


def test_a_short_answer_sent_after_signing_out_is_not_lost_in_silence(app, client):
    answer = client.post("/account/address", data={"email": "new@example.org"})
    assert answer.status_code == 401
    assert "This was not saved" in answer.text


def test_who_signs_in_by_mail_alone_gets_back_what_was_typed_when_a_proof_is_too_old(app, signed_in):
    client = signed_in(make_person(), fresh=False)
    answer = client.post("/account/address", data={"email": "a-long-new-address@example.org"})
    assert answer.status_code == 401
    assert "a-long-new-address@example.org" in answer.text
    assert "it is sent when you confirm" not in answer.text, "there is nothing to confirm with"
    assert 'href="/sign-in?next=/account/address"' in answer.text
