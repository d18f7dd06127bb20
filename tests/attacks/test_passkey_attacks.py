"""Passkeys under attack."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..authenticator import Authenticator
from ..conftest import SignedIn
from ..factories import make_person
from ..second_factors import add_passkey, give_app, passkey_options, passkeys_of
from .test_factor_attacks import SECOND_STEP, is_in
from .test_sign_in_attacks import cookie_of


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def keyed(signed_in: SignedIn) -> tuple[Person, Authenticator]:
    """Somebody with a passkey, and the device that holds it."""
    person, device = make_person(), Authenticator()
    assert add_passkey(signed_in(person), device).status_code == 200
    return person, device


def test_a_passkey_alone_signs_in_when_it_made_sure_who_holds_it(
    client: FlaskClient, keyed: tuple[Person, Authenticator]
) -> None:
    _person, device = keyed
    options = passkey_options(client.get("/sign-in"))
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []
    unsure = device.get(options, verified=False)
    assert client.post("/sign-in/passkey", data={"proof_passkey": unsure}).status_code == 422
    sure = device.get(passkey_options(client.get("/sign-in")))
    assert client.post("/sign-in/passkey", data={"proof_passkey": sure}).location == "/home"
    assert is_in(client)


@pytest.mark.parametrize("counts", [True, False])
def test_an_answer_is_good_once(app: FundApp, client: FlaskClient, signed_in: SignedIn, counts: bool) -> None:
    device = Authenticator(counts=counts)
    add_passkey(signed_in(make_person()), device)
    older = device.get(passkey_options(client.get("/sign-in")))
    newer = device.get(passkey_options(client.get("/sign-in")))
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(client))
    assert client.post("/sign-in/passkey", data={"proof_passkey": newer}).status_code == 302
    for answer in (newer, older):
        assert copy.post("/sign-in/passkey", data={"proof_passkey": answer}).status_code == 422


def test_an_answer_to_a_question_to_another_browser_is_refused(
    app: FundApp, client: FlaskClient, signed_in: SignedIn, keyed: tuple[Person, Authenticator]
) -> None:
    person, device = keyed
    options = passkey_options(app.test_client().get("/sign-in"))
    client.get("/sign-in")
    assert client.post("/sign-in/passkey", data={"proof_passkey": device.get(options)}).status_code == 422
    one, other = signed_in(person, strong=False), signed_in(person, strong=False)
    for_one = passkey_options(one.get(SECOND_STEP))
    assert other.post(SECOND_STEP, data={"proof_passkey": device.get(for_one)}).status_code == 422
    assert one.post(SECOND_STEP, data={"proof_passkey": device.get(for_one)}).status_code == 302


def test_an_answer_to_a_question_for_adding_a_passkey_proves_nothing(
    signed_in: SignedIn, keyed: tuple[Person, Authenticator]
) -> None:
    person, device = keyed
    client = signed_in(person)
    for_adding = passkey_options(client.get("/account/security/passkeys/new"))
    answer = device.get({**for_adding, "rpId": for_adding["rp"]["id"]})
    assert client.post("/account/confirm", data={"proof_passkey": answer}).status_code == 422
    for_proving = passkey_options(client.get("/account/confirm"))
    assert client.post("/account/confirm", data={"proof_passkey": device.get(for_proving)}).status_code == 302


def test_an_answer_given_to_a_false_site_is_refused(
    client: FlaskClient, signed_in: SignedIn, keyed: tuple[Person, Authenticator]
) -> None:
    person, device = keyed
    device.origin = "http://fund.example"
    answer = device.get(passkey_options(client.get("/sign-in")))
    assert client.post("/sign-in/passkey", data={"proof_passkey": answer}).status_code == 422
    false = Authenticator("http://fund.example")
    assert add_passkey(signed_in(person), false).status_code == 422
    assert len(passkeys_of(person)) == 1


def test_a_passkey_of_somebody_else_or_of_a_closed_account_is_refused(
    client: FlaskClient, signed_in: SignedIn, keyed: tuple[Person, Authenticator]
) -> None:
    person, device = keyed
    other = make_person()
    give_app(other)
    add_passkey(signed_in(other), Authenticator())
    browser = signed_in(other, strong=False)
    answer = device.get(passkey_options(browser.get(SECOND_STEP)))
    assert browser.post(SECOND_STEP, data={"proof_passkey": answer}).status_code == 422
    person.is_active = False
    db.session.commit()
    answer = device.get(passkey_options(client.get("/sign-in")))
    assert client.post("/sign-in/passkey", data={"proof_passkey": answer}).status_code == 422


def test_a_copied_passkey_is_noticed_by_its_count(
    app: FundApp, client: FlaskClient, keyed: tuple[Person, Authenticator]
) -> None:
    _person, device = keyed
    (key,) = device.keys.values()
    answer = device.get(passkey_options(client.get("/sign-in")))
    assert client.post("/sign-in/passkey", data={"proof_passkey": answer}).status_code == 302
    key.count = 0
    thief = app.test_client()
    answer = device.get(passkey_options(thief.get("/sign-in")))
    assert thief.post("/sign-in/passkey", data={"proof_passkey": answer}).status_code == 422


@pytest.mark.parametrize(("waited", "status"), [(timedelta(minutes=29, seconds=59), 302), (timedelta(minutes=30), 422)])
def test_a_question_can_be_answered_for_half_an_hour(
    clock: Any, client: FlaskClient, keyed: tuple[Person, Authenticator], waited: timedelta, status: int
) -> None:
    _person, device = keyed
    clock.shift(timedelta(seconds=1))
    options = passkey_options(client.get("/sign-in"))
    clock.shift(waited)
    assert client.post("/sign-in/passkey", data={"proof_passkey": device.get(options)}).status_code == status


@pytest.mark.parametrize(
    "answer",
    ["", "x", "[]", "{}", "null", '{"id": 5}', '{"id": "x"}', '{"id": "KEY"}', '{"id": "KEY", "response": 7}']
    + [
        '{"id": "KEY", "response": {"clientDataJSON": "' + data + '"}}'
        for data in ("x", "e30", "W10", "eyJjaGFsbGVuZ2UiOiAxfQ")
    ]
    + ["[" * 19_000, "9" * 30_000],
)
def test_whatever_is_no_answer_is_refused(
    client: FlaskClient, keyed: tuple[Person, Authenticator], answer: str
) -> None:
    _person, device = keyed
    client.get("/sign-in")
    typed = answer.replace("KEY", next(iter(device.keys)))
    assert client.post("/sign-in/passkey", data={"proof_passkey": typed}).status_code == 422
