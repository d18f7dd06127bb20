"""Attacks at the doors: forged origins and hosts, repeated parameters, guessing, flooding."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

import fundapp
from fundapp.accounts import limits
from fundapp.accounts.models import OneTimeLink, SignInSession
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.origins import Site
from fundapp.core.web import FundApp

from ..factories import PASSWORD, make_call, make_person


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "https://localhost"},  # another scheme is another origin
    {"Origin": "http://localhost:81"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]
OURS = [
    {},
    {"Origin": "http://localhost"},
    {"Origin": "null"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


def events(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.name == "fundapp.security"]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_row_15_and_16_a_form_of_another_site_is_refused_and_noted(app: FundApp, client, caplog, headers):
    person = make_person(password=True)
    db.session.commit()
    answer = client.post("/sign-in", data={"email": person.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 400
    assert db.session.scalar(select(func.count()).select_from(SignInSession)) == 0
    assert events(caplog) == ["foreign_site" if headers.get("Sec-Fetch-Site") else "foreign_origin"]


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_row_15_a_form_of_ours_is_taken(app: FundApp, client, headers):
    person = make_person(password=True)
    db.session.commit()
    answer = client.post("/sign-in", data={"email": person.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 302


def test_row_15_looking_may_come_from_anywhere(app: FundApp, client):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.get("/sign-in", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:x", "", "[::1", "localhost@evil"]
)
def test_row_34_another_host_is_refused(app: FundApp, client, host):
    person = make_person()
    db.session.commit()
    for answer in (
        client.get("/", headers={"Host": host}),
        client.post("/sign-in/link", data={"email": person.email}, headers={"Host": host}),
    ):
        assert answer.status_code == 400
        assert "evil" not in answer.text
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 0


def test_row_34_loopback_names_are_for_a_loopback_base_address_only(app: FundApp):
    here = Site("http://127.0.0.1:8000")
    assert [here.has(host) for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "fund.example")] == [True] * 3 + [
        False
    ]
    public = Site("https://Fund.example", ("fund.example.org", "other.example:8443"))
    asked = ("fund.example", "FUND.example.org", "other.example:8443", "other.example", "fund.example:81", "localhost")
    assert [public.has(host) for host in asked] == [True, True, True, False, False, False]


def test_row_34_a_load_balancer_may_ask_for_health_under_any_name(app: FundApp, client):
    assert client.get("/health", headers={"Host": "10.0.0.7"}).text == "ok"


def test_row_8_a_parameter_of_the_address_is_given_once(app: FundApp, client, caplog):
    assert client.get("/sign-in?next=/applications&next=/manage").status_code == 400
    assert client.get("/sign-in?next=/applications").status_code == 200
    assert events(caplog) == ["repeated_parameter"]


def test_row_8_no_code_reads_the_address_and_the_form_as_one(app: FundApp):
    sources = Path(fundapp.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "request.values" in path.read_text()] == []


def guess(client, email: str, password: str = "wrong", **options) -> int:
    return client.post("/sign-in", data={"email": email, "password": password}, **options).status_code


def from_address(address: str) -> dict:
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def test_row_25_one_address_at_one_account_is_slowed(app: FundApp, client):
    person = make_person(password=True)
    db.session.commit()
    one = limits.LIMITS["sign_in"].one
    assert [guess(client, person.email) for _ in range(one + 2)] == [422] * one + [429] * 2
    answer = client.post("/sign-in", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_row_25_many_addresses_at_one_account_are_slowed_whatever_its_spelling(app: FundApp, client):
    person = make_person(password=True)
    db.session.commit()
    one = limits.LIMITS["sign_in"].one
    spellings = [person.email, person.email.upper(), f" {person.email} "]
    tried = [
        guess(app.test_client(), spellings[number % 3], **from_address(f"192.0.2.{number}"))
        for number in range(one + 1)
    ]
    assert tried == [422] * one + [429]


def test_row_25_one_address_at_many_accounts_is_slowed(app: FundApp, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", limits.Limit(15, 10, 6, 1000, account_field="email"))
    tried = [guess(client, f"person{number}@example.org") for number in range(8)]
    assert tried == [422] * 6 + [429] * 2
    assert guess(client, "person9@example.org", **from_address("192.0.2.9")) == 422
    # An address of the new kind is a whole network: its owner has as many single ones as they like.
    tried = [
        guess(client, f"p{number}@example.org", **from_address(f"2001:db8:1:2:{number:x}::1")) for number in range(7)
    ]
    assert tried == [422] * 6 + [429]


def test_row_25_everybody_together_is_slowed(app: FundApp, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", limits.Limit(15, 10, 100, 5, account_field="email"))
    tried = [guess(client, f"person{n}@example.org", **from_address(f"192.0.2.{n}")) for n in range(6)]
    assert tried == [422] * 5 + [429]


def test_row_25_the_window_ends(app: FundApp, client, clock):
    person = make_person(password=True)
    db.session.commit()
    for _ in range(limits.LIMITS["sign_in"].one + 1):
        guess(client, person.email)
    clock.shift(timedelta(minutes=16))
    assert guess(client, person.email, PASSWORD) == 302


def test_row_25_strangers_do_not_lock_out_a_device_that_signed_in_before(app: FundApp, client):
    person = make_person(password=True)
    db.session.commit()
    assert guess(client, person.email, PASSWORD) == 302  # the owner's own device
    client.post("/sign-out")
    stranger = app.test_client()
    for number in range(limits.LIMITS["sign_in"].one + 5):
        guess(stranger, person.email, **from_address(f"192.0.2.{number}"))
    assert guess(stranger, person.email, PASSWORD) == 429
    assert guess(client, person.email, PASSWORD) == 302
    # What is counted for the known device is counted too: a stolen one guesses no faster.
    client.post("/sign-out")
    tried = [guess(client, person.email) for _ in range(limits.LIMITS["sign_in"].one + 1)]
    assert tried[-1] == 429


def test_row_25_a_device_known_for_one_account_is_a_stranger_to_another(app: FundApp, client):
    mine, other = make_person(password=True), make_person(password=True)
    db.session.commit()
    assert guess(client, mine.email, PASSWORD) == 302
    client.post("/sign-out")
    one = limits.LIMITS["sign_in"].one
    for number in range(one):
        guess(app.test_client(), other.email, **from_address(f"192.0.2.{number}"))
    assert guess(client, other.email) == 429


def test_row_25_a_forged_cookie_of_a_known_device_helps_nobody(app: FundApp, client):
    person = make_person(password=True)
    db.session.commit()
    client.set_cookie("fundapp-device", "eyJkZXZpY2UiOiJ4IiwiYWNjb3VudHMiOltdfQ.abc.def")
    one = limits.LIMITS["sign_in"].one
    assert [guess(client, person.email) for _ in range(one + 1)][-1] == 429


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP"])
def test_row_26_a_forged_address_dodges_no_limit(app: FundApp, client, monkeypatch, header):
    monkeypatch.setitem(limits.LIMITS, "sign_in", limits.Limit(15, 10, 4, 1000, account_field="email"))
    tried = [guess(client, f"p{n}@example.org", headers={header: f"192.0.2.{n}"}) for n in range(5)]
    assert tried == [422] * 4 + [429]


def test_row_26_behind_one_proxy_only_its_own_entry_counts(app: FundApp, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", limits.Limit(15, 10, 4, 1000, account_field="email"))
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1, x_host=0))
    headers = [{"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.1"} for number in range(5)]
    forged = [guess(client, f"p{number}@example.org", headers=headers[number]) for number in range(5)]
    assert forged == [422] * 4 + [429]
    assert guess(client, "p9@example.org", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.2"}) == 422


def test_row_25_links_are_mailed_so_often_and_the_newest_goes_on_working(app: FundApp, client, run_jobs):
    person = make_person()
    make_call()
    db.session.commit()
    asked = [client.post("/sign-in/link", data={"email": person.email}) for _ in range(limits.MAILS.one + 3)]
    assert {answer.status_code for answer in asked} == {302}
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == limits.MAILS.one
    usable = db.session.scalars(select(OneTimeLink).where(OneTimeLink.used_at.is_(None))).all()
    assert usable
