"""Sessions, passwords and mailed links under attack. The row numbers are explained in README.md."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp import create_app
from fundapp.accounts import secrets
from fundapp.accounts.models import LinkPurpose, OneTimeLink, Person, RoleGrant, SignInSession
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.links import send_link
from fundapp.accounts.services.passwords import set_password
from fundapp.core import clock as present
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..factories import NOW, PASSWORD, make_call, make_person, make_staff
from ..keyring import made_keys
from .hostile import ELSEWHERE
from .world import all_rows, changed_tables, everything_stored

WRONG = "This address and password do not belong together."


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def with_tokens(app: FundApp):
    """The check of form tokens, which other tests leave out, is on."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the length of every password that reaches argon2."""
    lengths: list[int] = []
    real = secrets._hasher
    secrets._nobodys_hash()  # made once in each process

    class Spy:
        def verify(self, known: str, password: str) -> bool:
            lengths.append(len(password))
            return real.verify(known, password)

        def hash(self, password: str) -> str:
            lengths.append(len(password))
            return real.hash(password)

        def check_needs_rehash(self, known: str) -> bool:
            return real.check_needs_rehash(known)

    monkeypatch.setattr(secrets, "_hasher", Spy())
    return lengths


def token_on(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("fundapp")
    assert cookie is not None
    return cookie.value


def sign_in(client: FlaskClient, person: Person, **more: Any) -> TestResponse:
    return client.post("/sign-in", data={"email": person.email, "password": PASSWORD}, **more)


def link_for(app: FundApp, person: Person, purpose: LinkPurpose = LinkPurpose.SIGN_IN, **values: Any) -> str:
    """Send a link and return its path."""
    secret = app.config["SECRET_KEY"]
    link = send_link(person=person, purpose=purpose, secret_key=secret, now=present.now(), **values)
    db.session.commit()
    return f"/link/{secrets.link_token(secret, link.id)}"


def sessions_of(person: Person) -> int:
    return db.session.query(SignInSession).filter_by(person_id=person.id).count()


# Forged requests


@pytest.mark.usefixtures("with_tokens")
def test_row_15_a_token_of_another_browser_is_refused_and_changes_nothing(app):
    victim, attacker = make_person(password=True), make_person(password=True)
    db.session.commit()
    theirs, ours = app.test_client(), app.test_client()
    for browser, person in ((theirs, victim), (ours, attacker)):
        page = browser.get("/sign-in")
        data = {"email": person.email, "password": PASSWORD, "csrf_token": token_on(page)}
        assert browser.post("/sign-in", data=data).status_code == 302
    before = all_rows()
    stolen = token_on(ours.get("/home"))
    assert theirs.post("/sign-out", data={"csrf_token": stolen}).status_code == 400
    assert not list(changed_tables(before))
    assert theirs.post("/sign-out", data={"csrf_token": token_on(theirs.get("/home"))}).status_code == 302


@pytest.mark.usefixtures("with_tokens")
def test_row_16_nobody_is_signed_in_by_a_form_on_another_site(app, client):
    attacker = make_person(password=True)
    path = link_for(app, attacker)
    assert sign_in(client, attacker).status_code == 400
    assert client.post(path).status_code == 400
    assert sessions_of(attacker) == 0


# Sessions


def test_row_17_a_cookie_planted_before_signing_in_is_worth_nothing_afterwards(app):
    victim = make_person(password=True)
    db.session.commit()
    attacker, browser = app.test_client(), app.test_client()
    attacker.get("/sign-in?lang=fr")
    planted = cookie_of(attacker)
    browser.set_cookie("fundapp", planted)
    sign_in(browser, victim)
    assert cookie_of(browser) != planted
    assert browser.get("/home").status_code == 200
    assert attacker.get("/home").status_code == 302


def test_row_17_signing_in_anew_ends_the_session_that_the_browser_had(app, client):
    person = make_person(password=True)
    db.session.commit()
    sign_in(client, person)
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(client))
    assert copy.get("/home").status_code == 200
    sign_in(client, person)
    assert client.get("/home").status_code == 200
    assert copy.get("/home").status_code == 302
    client.post(link_for(app, person))
    assert sessions_of(person) == 1


@pytest.mark.parametrize("end", ["sign out", "new password", "disabled", "expired"])
def test_row_18_a_copied_cookie_is_dead_after(app, signed_in, clock, end):
    person = make_person(password=True)
    client = signed_in(person)
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(client))
    assert copy.get("/home").status_code == 200
    match end:
        case "sign out":
            client.post("/sign-out")
        case "new password":
            set_password(actor=system_actor(), person=person, password="another long one 7", now=NOW)
        case "disabled":
            person.is_active = False
        case "expired":
            clock.shift(timedelta(days=14, seconds=1))
    db.session.commit()
    assert copy.get("/home").location == "/sign-in?next=/home"


def test_row_10_a_role_that_was_taken_away_is_gone_at_the_next_request(signed_in):
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    assert client.get("/manage").status_code == 200
    db.session.query(RoleGrant).filter_by(person_id=manager.id).delete()
    db.session.commit()
    assert client.get("/manage").status_code == 403


def test_row_19_the_session_cookie_can_only_go_back_to_us(tmp_path):
    app = create_app(
        Settings(
            database_url="sqlite://",
            redis_url="unix:///nowhere",
            data_dir=tmp_path,
            keys_dir=made_keys(tmp_path),
            secret_key="a secret for tests, long enough to be one",
            base_url="https://fund.example",
            mail_url="file:/nowhere",
        )
    )
    answer = app.test_client().get("/sign-in?lang=fr", base_url="https://fund.example")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-fundapp=")
    assert len(cookie) < 4096
    flags = {part.strip() for part in cookie.split(";")[1:]}
    assert flags >= {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert not any(flag.lower().startswith("domain") for flag in flags)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_cookie_that_was_tampered_with_is_nobodys(app, signed_in):
    client = signed_in(make_person())
    cookie = cookie_of(client)
    middle = len(cookie) // 3
    for forged in (cookie[:-2], cookie[:middle] + "A" + cookie[middle + 1 :], "x", "e30.", "\x80" * 9, "a" * 4000):
        browser = app.test_client()
        browser.set_cookie("fundapp", forged)
        assert browser.get("/home").status_code == 302, forged


# Guessing


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "start"])
def test_row_21_known_unknown_and_disabled_addresses_are_answered_alike(app, clock, hashed, path):
    clock.move_to(NOW)
    path = f"/calls/{make_call().slug}/start" if path == "start" else path
    known, disabled = make_person(email="known@example.org", password=True), make_person(password=True)
    disabled.is_active = False
    no_password = make_person()
    db.session.commit()
    hashed.clear()
    answers = set()
    for email in (known.email, disabled.email, no_password.email, "nobody@example.org"):
        answer = app.test_client().post(path, data={"email": email, "password": "wrong but long enough"})
        assert "session_token" not in str(answer.headers)
        of_the_moment = r'name="csrf_token" value="[^"]+"|data-options="[^"]+"'
        body = re.sub(of_the_moment, "", answer.text).replace(email, "ADDRESS")
        headers = {
            name: value for name, value in answer.headers.items() if name not in ("Set-Cookie", "Content-Length")
        }
        answers.add((answer.status_code, body, tuple(sorted(headers.items())), len(hashed)))
        hashed.clear()
    assert len(answers) == 1


def test_row_22_no_token_is_stored_so_that_one_could_be_read_or_compared(app, signed_in):
    person = make_person()
    client = signed_in(person)
    with client.session_transaction() as cookie:
        session_token = cookie["session_token"]
    link_token = link_for(app, person).removeprefix("/link/")
    stored = everything_stored()
    assert secrets.token_hash(session_token) in stored
    assert secrets.token_hash(link_token) in stored
    assert session_token not in stored
    assert link_token not in stored


@pytest.mark.parametrize("length", [257, 5_000_000])
def test_row_23_an_endless_password_is_refused_before_it_is_hashed(app, client, hashed, length):
    person = make_person(password=True)
    path = link_for(app, person, LinkPurpose.SET_PASSWORD)
    hashed.clear()
    answer = client.post("/sign-in", data={"email": person.email, "password": "x" * length})
    assert answer.status_code in (413, 422)
    assert client.post(path, data={"password": "x" * length}).status_code in (413, 422)
    assert hashed == []
    assert sign_in(client, person).status_code == 302
    assert hashed == [len(PASSWORD)]


def test_row_24_passwords_that_differ_only_at_their_end_differ(app, client):
    person = make_person()
    beginning = "a long beginning " * 14
    set_password(actor=system_actor(), person=person, password=f"{beginning}one", now=NOW)
    db.session.commit()
    assert client.post("/sign-in", data={"email": person.email, "password": f"{beginning}two"}).status_code == 422
    assert client.post("/sign-in", data={"email": person.email, "password": f"{beginning}one"}).status_code == 302


@pytest.mark.parametrize(
    ("stored", "typed"),
    [("Ame\u0301lie2020 rivière", "Amélie2020 rivie\u0300re"), ("ﬁnd the oﬃce 2020", "find the office 2020")],
)
def test_row_62_a_password_is_one_however_a_keyboard_composes_it(client, stored, typed):
    person = make_person()
    set_password(actor=system_actor(), person=person, password=stored, now=NOW)
    db.session.commit()
    assert client.post("/sign-in", data={"email": person.email, "password": typed}).status_code == 302


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("i@example.org", "ı@example.org"),
        ("strasse@example.org", "straße@example.org"),
        ("a@example.org", "а@example.org"),
    ],
    ids=ascii,
)
def test_row_63_addresses_that_only_look_alike_are_two_people(app, one, other):
    first, second = make_person(email=one), make_person(email=other)
    assert first.id != second.id
    assert make_person(email=one.upper() if one.isascii() else one).id == first.id


def test_row_63_composed_and_decomposed_addresses_are_one_person(app):
    assert make_person(email="jose\u0301@example.org").id == make_person(email="josé@EXAMPLE.org").id


# Mailed links


@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "link scanner"}], ids=str)
def test_row_29_looking_at_a_link_spends_nothing(app, client, headers):
    person = make_person()
    path = link_for(app, person)
    before = all_rows()
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        assert client.open(path, method=method, headers=headers).status_code == 200
    assert not list(changed_tables(before))
    assert client.post(path).status_code == 302


def test_row_30_using_one_link_ends_the_others(app):
    person, somebody_else = make_person(), make_person()
    older, newer, theirs = link_for(app, person), link_for(app, person), link_for(app, somebody_else)
    assert app.test_client().post(newer).status_code == 302
    assert app.test_client().post(older).status_code == 410
    assert app.test_client().post(newer).status_code == 410
    assert sessions_of(person) == 1
    assert app.test_client().post(theirs).status_code == 302


def test_row_30_and_32_a_new_password_ends_every_link_that_was_sent_before(app):
    person = make_person()
    paths = [link_for(app, person), link_for(app, person, LinkPurpose.SET_PASSWORD)]
    set_password(actor=system_actor(), person=person, password=PASSWORD, now=NOW)
    db.session.commit()
    for path in paths:
        assert app.test_client().post(path, data={"password": "taken over by me"}).status_code == 410
    assert sign_in(app.test_client(), person).status_code == 302


@pytest.mark.parametrize("data", [{}, {"password": "short"}, {"password": "x" * 300}], ids=["none", "short", "long"])
def test_a_refused_password_does_not_spend_the_link(app, client, data):
    person = make_person()
    path = link_for(app, person, LinkPurpose.SET_PASSWORD)
    assert client.post(path, data=data).status_code == 422
    assert sessions_of(person) == 0
    assert client.post(path, data={"password": PASSWORD}).status_code == 302
    assert sign_in(client, person).status_code == 302


def test_row_31_a_link_for_signing_in_sets_no_password(app, client):
    person = make_person(password=True)
    assert client.post(link_for(app, person), data={"password": "taken over by me"}).status_code == 302
    assert sign_in(app.test_client(), person).status_code == 302


def test_row_31_a_link_for_a_password_signs_nobody_in_without_one(app, client):
    person = make_person()
    assert client.post(link_for(app, person, LinkPurpose.SET_PASSWORD)).status_code == 422
    assert sessions_of(person) == 0


@pytest.mark.parametrize("token", ["x", "a" * 3000, "%00", "%ff", "é", "0" * 64, "None", "..", "%2e%2e%2fhome"])
def test_a_made_up_link_is_answered_like_a_spent_one(client, token):
    answer = client.post(f"/link/{token}")
    assert answer.status_code in (404, 405, 410)


# Where a browser is sent


@pytest.mark.parametrize("path", ELSEWHERE, ids=ascii)
def test_row_33_after_signing_in_nobody_is_sent_elsewhere(app, client, path):
    person = make_person(password=True)
    db.session.commit()
    answer = sign_in(client, person, query_string={"next": path})
    assert answer.status_code == 302
    assert answer.location == "/home"
    names = [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    assert sorted(names) == ["fundapp", "fundapp-device"]
    assert client.post(link_for(app, person, next_path=path)).location == "/home"


def test_row_33_a_plain_path_of_ours_is_followed(app, client):
    person = make_person(password=True)
    db.session.commit()
    assert sign_in(client, person, query_string={"next": "/applications?x=1"}).location == "/applications?x=1"
    assert client.post(link_for(app, person, next_path="/applications")).location == "/applications"


@pytest.mark.parametrize(
    "path", ["//evil.example/", "///evil.example", "/\\evil.example", "/\t/evil.example", "/a?b&c=d#e"], ids=ascii
)
def test_row_33_no_page_links_to_the_site_that_its_own_address_imitates(client, path):
    answer = client.open(environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 404
    links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
    assert any("lang=fr" in link for link in links)
    for link in links:
        assert re.match(r"(/(?!/)[\w./%-]*(\?[\w=&%.]*)?|#\w+)\Z", link, re.ASCII), link


def test_row_8_the_first_of_two_values_counts_for_check_and_for_action(app, client, run_jobs):
    first, second = make_person(), make_person()
    db.session.commit()
    query = {"next": "/applications", "email": second.email}
    answer = client.post("/sign-in/link", query_string=query, data={"email": [first.email, second.email]})
    assert answer.status_code == 302
    assert [message.to_address for message in db.session.scalars(select(MailMessage))] == [first.email]
    (link,) = db.session.scalars(select(OneTimeLink))
    assert (link.person_id, link.next_path) == (first.id, "/applications")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost", "X-Forwarded-Host": "evil.example"},
        {"Host": "localhost", "Forwarded": "host=evil.example;proto=https"},
        {"Host": "localhost", "X-Original-URL": "/manage", "X-Rewrite-URL": "/manage"},
    ],
    ids=str,
)
def test_row_34_headers_about_the_host_reach_neither_mail_nor_page(app, client, mail_dir: Path, run_jobs, headers):
    person = make_person()
    db.session.commit()
    answer = client.post("/sign-in/link", data={"email": person.email}, headers=headers)
    assert answer.location == "/sign-in/link-sent"
    assert run_jobs() == 1
    (mail,) = mail_dir.glob("*.eml")
    body = message_from_bytes(mail.read_bytes(), policy=policy.default).get_content()
    assert "http://localhost/link/" in body
    assert b"evil" not in mail.read_bytes()
    for path in ("/", "/sign-in", "/manage", "/no-such-page", "/home"):
        answer = client.get(path, headers=headers)
        assert "evil" not in answer.text, path
        assert "evil" not in str(answer.headers), path
