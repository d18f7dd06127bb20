"""Signing in by password and by mailed link, and out again."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.models import SignInSession
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.links import LINK_LIFE
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..factories import PASSWORD, make_call, make_person, make_staff


def mailed_link(mail_dir: Path) -> str:
    """Return the path of the link in the only mail of the folder."""
    (mail,) = mail_dir.glob("*.eml")
    body = message_from_bytes(mail.read_bytes(), policy=policy.default).get_content()
    found = re.search(r"http://localhost(/link/\w+)", body)
    assert found
    return found.group(1)


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


def sessions() -> int:
    return db.session.query(SignInSession).count()


def test_right_password_opens_a_session_and_sign_out_ends_it_for_a_copied_cookie(client, app):
    person = make_person(password=True)
    db.session.commit()
    answer = client.post("/sign-in", data={"email": person.email.upper(), "password": PASSWORD})
    assert answer.location == "/home"
    copy = app.test_client()
    copy.set_cookie("fundapp", client.get_cookie("fundapp").value)
    assert copy.post("/sign-out").status_code == 302
    assert sessions() == 0
    assert client.get("/home").location.startswith("/sign-in")


@pytest.mark.parametrize(("email", "password"), [("known", "wrong"), ("unknown@example.org", PASSWORD)])
def test_wrong_password_and_unknown_address_are_answered_alike(client, email, password):
    person = make_person(password=True)
    db.session.commit()
    address = person.email if email == "known" else email
    answer = client.post("/sign-in", data={"email": address, "password": password})
    assert answer.status_code == 422
    assert "This address and password do not belong together." in answer.text
    assert address in answer.text, "what was typed is kept"
    assert sessions() == 0


def test_a_mailed_link_is_spent_by_its_button_once_and_not_by_looking(client, app, mail_dir, run_jobs):
    person = make_person()
    db.session.commit()
    assert client.post("/sign-in/link", data={"email": person.email}).location == "/sign-in/link-sent"
    assert run_jobs() == 1
    link = mailed_link(mail_dir)
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200
    assert sessions() == 0
    assert client.post(link).location == "/home"
    assert client.get("/home").status_code == 200
    stranger = app.test_client()
    assert stranger.post(link).status_code == 410
    assert sessions() == 1


def test_an_unknown_address_gets_the_same_answer_and_reads_by_mail_that_there_is_no_account(client, mail_dir, run_jobs):
    answer = client.post("/sign-in/link", data={"email": "nobody@example.org"})
    assert answer.location == "/sign-in/link-sent"
    assert run_jobs() == 1
    (mail,) = mail_dir.iterdir()
    assert "/link/" not in mail.read_text()


def test_an_old_link_is_refused(client, mail_dir, run_jobs, clock):
    person = make_person()
    db.session.commit()
    client.post("/sign-in/link", data={"email": person.email})
    run_jobs()
    link = mailed_link(mail_dir)
    clock.shift(max(LINK_LIFE.values()))
    assert client.post(link).status_code == 410


def test_the_mail_names_nobody(client, mail_dir, run_jobs):
    person = make_person("Fatima Canary")
    db.session.commit()
    client.post("/sign-in/link", data={"email": person.email})
    run_jobs()
    (mail,) = mail_dir.glob("*.eml")
    assert b"Canary" not in mail.read_bytes()


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil", "javascript:x"]
)
def test_after_signing_in_nobody_is_sent_to_another_site(client, path):
    person = make_person(password=True)
    db.session.commit()
    answer = client.post("/sign-in", query_string={"next": path}, data={"email": person.email, "password": PASSWORD})
    assert answer.location in ("/home", "/%09/evil")


@pytest.mark.parametrize(
    ("role", "path"), [(Role.MANAGER, "/manage"), (Role.AUDITOR, "/home"), (Role.REVIEWER, "/home"), (None, "/home")]
)
def test_whoever_runs_calls_begins_with_them(app, role, path):
    call = make_call()
    person = make_staff(role, call, password=True) if role else make_person(password=True)
    db.session.commit()
    sent = {"email": person.email, "password": PASSWORD}
    assert app.test_client().post("/sign-in", data=sent).location == path
    assert app.test_client().post("/sign-in?next=/calls/x", data=sent).location == "/calls/x"
