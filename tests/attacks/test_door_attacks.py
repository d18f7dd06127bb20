"""Attacks at the doors: forged origins and hosts, repeated parameters, guessing, flooding."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

import fundapp
from fundapp.accounts import limits, secrets
from fundapp.accounts.models import LinkPurpose, Membership, OneTimeLink, Person, SignInSession
from fundapp.accounts.permissions import Actor, system_actor
from fundapp.accounts.secrets import link_token
from fundapp.accounts.services.administering import disable_person, enable_person
from fundapp.accounts.services.links import send_link
from fundapp.accounts.services.passphrases import make_person_without_address
from fundapp.accounts.services.passwords import change_password, set_password
from fundapp.accounts.services.sessions import end_all_sessions, end_other_sessions
from fundapp.applications.models import CallInvitation
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.origins import Site
from fundapp.core.web import FundApp

from ..conftest import actor_of
from ..factories import NOW, PASSWORD, make_application, make_call, make_person


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


def guess(client, email: str, password: str = "wrong", **options: Any) -> int:
    return int(client.post("/sign-in", data={"email": email, "password": password}, **options).status_code)


def few(*, address: int = 100, everybody: int = 1000) -> limits.Limit:
    """The limit of sign-in with other numbers."""
    return replace(limits.LIMITS["sign_in"], address=address, everybody=everybody)


def from_address(address: str) -> dict[str, Any]:
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
    monkeypatch.setitem(limits.LIMITS, "sign_in", few(address=6))
    tried = [guess(client, f"person{number}@example.org") for number in range(8)]
    assert tried == [422] * 6 + [429] * 2
    assert guess(client, "person9@example.org", **from_address("192.0.2.9")) == 422
    # An address of the new kind is a whole network: its owner has as many single ones as they like.
    tried = [
        guess(client, f"p{number}@example.org", **from_address(f"2001:db8:1:2:{number:x}::1")) for number in range(7)
    ]
    assert tried == [422] * 6 + [429]


def test_row_25_everybody_together_is_slowed(app: FundApp, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", few(everybody=5))
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
    monkeypatch.setitem(limits.LIMITS, "sign_in", few(address=4))
    tried = [guess(client, f"p{n}@example.org", headers={header: f"192.0.2.{n}"}) for n in range(5)]
    assert tried == [422] * 4 + [429]


def test_row_26_behind_one_proxy_only_its_own_entry_counts(app: FundApp, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", few(address=4))
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


def ask_for_link(app: FundApp, email: str, address: str) -> int:
    return int(app.test_client().post("/sign-in/link", data={"email": email}, **from_address(address)).status_code)


def test_row_25_other_spellings_of_an_address_push_no_link_out_of_its_mailbox(app: FundApp, mail_dir, run_jobs):
    make_person(email="p@example.org")
    db.session.commit()
    spellings = ["p@\uff45xample.org", "p@e\uff58ample.org", "P@exa\uff4dple.org", "p@example\u3002org"]
    for number in range(limits.MAILS.one + 3):
        assert ask_for_link(app, spellings[number % len(spellings)], f"192.0.2.{number}") == 302
    run_jobs()
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mail_dir.glob("*.eml")]
    assert [mail["To"] for mail in mails] == ["p@example.org"] * limits.MAILS.one
    assert ask_for_link(app, "no address", "192.0.2.99") == 422


def test_row_25_nobody_locks_out_somebody_with_a_reference_who_has_no_known_device(app: FundApp, client):
    person, words = make_person_without_address(now=NOW, language="en")
    person.short_sessions = True
    db.session.commit()

    def say(client: FlaskClient, passphrase: str, **options: Any) -> int:
        data = {"reference": person.sign_in_reference, "passphrase": passphrase}
        return int(client.post("/sign-in/passphrase", data=data, **options).status_code)

    assert say(client, " ".join(words)) == 302
    client.post("/sign-out")
    for number in range(20):
        assert say(app.test_client(), "wrong words", **from_address(f"192.0.2.{number}")) == 422
    assert say(client, " ".join(words)) == 302


def test_row_25_a_known_device_is_known_however_its_reference_is_typed(app: FundApp, client, monkeypatch):
    person, words = make_person_without_address(now=NOW, language="en")
    db.session.commit()
    reference = person.sign_in_reference or ""
    data = {"reference": reference, "passphrase": " ".join(words)}
    assert client.post("/sign-in/passphrase", data=data).status_code == 302
    client.post("/sign-out")
    monkeypatch.setitem(limits.LIMITS, "passphrase", replace(limits.LIMITS["passphrase"], device=2))
    spellings = [f"@{reference}", f"{reference[0]}@{reference[1:]}", reference.lower()]
    data = {"passphrase": "wrong words"}
    tried = [client.post("/sign-in/passphrase", data=data | {"reference": each}).status_code for each in spellings]
    assert tried == [422, 422, 429]


FLOODED = {
    "link": ("/sign-in/link", {"email": "nobody@example.org"}, 302),
    "start": ("/calls/open-call/start", {"email": "nobody@example.org"}, 302),
    "passphrase": ("/sign-in/passphrase", {"reference": "2222-2222", "passphrase": "wrong"}, 422),
    "passkey": ("/sign-in/passkey", {"proof_passkey": "{}"}, 422),
}


@pytest.mark.parametrize("way", FLOODED)
def test_row_25_a_flood_of_strangers_shuts_no_way_in_and_is_noted_once(app: FundApp, caplog, monkeypatch, way):
    make_call(slug="open-call")
    db.session.commit()
    assert limits.LIMITS[way].everybody == 0
    monkeypatch.setitem(limits.LIMITS, way, replace(limits.LIMITS[way], alarm=3))
    path, data, status = FLOODED[way]
    for number in range(6):
        assert events(caplog).count("limit_alarm") == (number > 3)
        answer = app.test_client().post(path, data=data, **from_address(f"192.0.2.{number}"))
        assert answer.status_code == status
    (noted,) = [record for record in caplog.records if record.message == "limit_alarm"]
    assert noted.refs["limit"] == way


def test_row_25_a_whole_site_of_ipv6_is_slowed_later_than_one_network_of_it(app: FundApp, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "sign_in", few(address=1))

    def tried(networks: range, site: str) -> list[int]:
        return [guess(app.test_client(), f"{n}@example.org", **from_address(f"{site}:{n:x}::1")) for n in networks]

    assert tried(range(limits.SITE_TIMES + 1), "2001:db8:1") == [422] * limits.SITE_TIMES + [429]
    assert tried(range(1), "2001:db8:2") == [422]


def test_row_25_a_known_device_may_use_passkeys_while_its_network_is_flooded(app: FundApp, client, monkeypatch):
    person = make_person(password=True)
    db.session.commit()
    assert guess(client, person.email, PASSWORD) == 302
    client.post("/sign-out")
    monkeypatch.setitem(limits.LIMITS, "passkey", replace(limits.LIMITS["passkey"], address=1))
    data = {"proof_passkey": "{}"}
    stranger = app.test_client()
    assert [stranger.post("/sign-in/passkey", data=data).status_code for _ in range(2)] == [422, 429]
    assert client.post("/sign-in/passkey", data=data).status_code == 422


def test_row_25_the_present_password_is_guessed_so_often_wherever_from(app: FundApp, signed_in):
    person, other = make_person(password=True), make_person(password=True)
    thief, one = signed_in(person), limits.LIMITS["factor"].one
    data = {"current": "wrong password here", "password": "seven calm rivers run"}
    tried = [
        thief.post("/account/password", data=data, **from_address(f"192.0.2.{number}")).status_code
        for number in range(one + 1)
    ]
    assert tried == [422] * one + [429]
    assert signed_in(other).post("/account/password", data=data).status_code == 422


def test_row_25_new_words_are_made_so_often_wherever_from(app: FundApp, signed_in):
    person, _words = make_person_without_address(now=NOW, language="en")
    client, one = signed_in(person), limits.LIMITS["factor"].one
    tried = [
        client.post("/account/passphrase", **from_address(f"192.0.2.{number}")).status_code for number in range(one + 1)
    ]
    assert tried == [200] * one + [429]


def links_in(mail_dir: Path) -> dict[str, str]:
    """Return the newest address link of each mail, by the mail's receiver."""
    found = {}
    for path in sorted(mail_dir.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if match := re.search(r"http://localhost(/address/\w+)", mail.get_content()):
            found[mail["To"]] = match[1]
    return found


NEW = "new@example.org"


@pytest.fixture
def changed(app: FundApp, signed_in, mail_dir: Path, run_jobs):
    """Somebody whose address was changed by whoever has their session; returns person, their client, both links."""
    person = make_person()
    old = person.email
    thief = signed_in(person)
    assert thief.post("/account/address", data={"email": NEW}).status_code == 302
    run_jobs()
    assert person.email == old  # nothing yet
    confirm = links_in(mail_dir)[NEW]
    assert app.test_client().get(confirm).status_code == 200
    assert person.email == old
    assert app.test_client().post(confirm).status_code == 302
    run_jobs()
    db.session.expire_all()
    assert person.email == NEW
    return person, old, thief, confirm, links_in(mail_dir)[old]


def test_row_36_a_change_of_address_needs_a_fresh_proof(app: FundApp, signed_in, clock):
    person = make_person()
    client = signed_in(person, fresh=False)
    answer = client.post("/account/address", data={"email": NEW})
    assert answer.status_code == 401
    assert client.get("/account/address").status_code == 302
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 0


def test_row_36_the_old_address_can_undo_the_change_for_three_days_and_throws_everybody_out(app: FundApp, changed):
    person, old, thief, confirm, undo = changed
    assert thief.get("/home").status_code == 200
    assert app.test_client().post(confirm).status_code == 410  # once
    assert app.test_client().get(undo).status_code == 200
    assert person.email == NEW  # looking undoes nothing
    assert app.test_client().post(undo).status_code == 302
    db.session.expire_all()
    assert person.email == old
    assert thief.get("/home").status_code == 302
    assert app.test_client().post(undo).status_code == 410


def test_row_36_a_thief_who_signs_in_again_does_not_end_the_way_back(
    app: FundApp, changed, client, signed_in, run_jobs
):
    person, old, _thief, _confirm, undo = changed
    client.post("/sign-in/link", data={"email": NEW})
    client.post("/sign-in/link", data={"email": old})  # there is no account of that address now
    assert signed_in(person).get("/home").status_code == 200
    assert app.test_client().post(undo).status_code == 302
    db.session.expire_all()
    assert person.email == old


def test_row_36_an_account_made_with_the_old_address_meanwhile_does_not_block_the_way_back(
    app: FundApp, changed, client
):
    person, old, _thief, _confirm, undo = changed
    squatter = make_person(email=old)
    db.session.commit()
    assert app.test_client().post(undo).status_code == 302
    db.session.expire_all()
    assert (person.email, squatter.email) == (old, "")


def test_row_36_after_three_days_the_change_stands(app: FundApp, changed, clock):
    person, _old, _thief, _confirm, undo = changed
    clock.shift(timedelta(hours=72, seconds=1))
    assert app.test_client().post(undo).status_code == 410
    assert person.email == NEW


def test_row_36_an_address_of_somebody_else_is_neither_taken_nor_told_apart(
    app: FundApp, signed_in, run_jobs, mail_dir
):
    mine, other = make_person(), make_person()
    client = signed_in(mine)
    taken, free = (client.post("/account/address", data={"email": email}) for email in (other.email, NEW))
    assert (taken.status_code, taken.location) == (free.status_code, free.location)
    run_jobs()
    assert set(links_in(mail_dir)) == {NEW}
    sent = [(mail.to_address, mail.template) for mail in db.session.scalars(select(MailMessage))]
    assert sorted(sent) == sorted(
        [
            (NEW, "confirm_address"),
            (other.email, "address_taken"),
            (mine.email, "address_asked"),
            (mine.email, "address_asked"),
        ]
    )


THIRD = "third@example.org"


def confirm_link(thief: FlaskClient, email: str, mail_dir: Path, run_jobs) -> str:
    """Ask for a new address as whoever has the session; return the link that its mailbox got."""
    assert thief.post("/account/address", data={"email": email}).status_code == 302
    run_jobs()
    return links_in(mail_dir)[email]


def test_row_36_the_present_address_is_told_when_a_change_is_asked_for(app: FundApp, signed_in, mail_dir, run_jobs):
    person = make_person()
    confirm_link(signed_in(person), NEW, mail_dir, run_jobs)
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mail_dir.glob("*.eml")]
    (told,) = (mail.get_content() for mail in mails if mail["To"] == person.email)
    assert "asked to change" in told
    assert "http://localhost/account/security" in told
    assert NEW not in told


def test_row_36_a_second_change_does_not_end_the_way_back(app: FundApp, changed, mail_dir, run_jobs):
    person, old, thief, _confirm, undo = changed
    assert app.test_client().post(confirm_link(thief, THIRD, mail_dir, run_jobs)).status_code == 302
    run_jobs()
    to_thief = links_in(mail_dir)[NEW]
    assert app.test_client().post(undo).status_code == 302
    db.session.expire_all()
    assert person.email == old
    # The way back to the thief's first address is no way any more.
    assert app.test_client().post(to_thief).status_code == 410
    db.session.expire_all()
    assert person.email == old


def test_row_36_the_first_address_has_the_last_word(app: FundApp, changed, mail_dir, run_jobs):
    person, old, thief, _confirm, undo = changed
    assert app.test_client().post(confirm_link(thief, THIRD, mail_dir, run_jobs)).status_code == 302
    run_jobs()
    assert app.test_client().post(links_in(mail_dir)[NEW]).status_code == 302
    assert app.test_client().post(undo).status_code == 302
    db.session.expire_all()
    assert person.email == old


def test_row_36_a_link_confirms_nothing_once_the_address_is_another(app: FundApp, changed, mail_dir, run_jobs):
    person, old, thief, _confirm, _undo = changed
    waiting = confirm_link(thief, THIRD, mail_dir, run_jobs)
    person.email = old  # by whatever way
    record(actor=system_actor(), action="person:change", subject=person, now=NOW)
    db.session.commit()
    assert app.test_client().post(waiting).status_code == 409
    db.session.expire_all()
    assert person.email == old


def disable_and_enable(*, actor: Actor, person: Person, now: datetime) -> None:
    disable_person(actor=actor, person=person, now=now)
    enable_person(actor=actor, person=person, now=now)


ENDS = {
    "sign out everywhere": lambda person, now: end_other_sessions(actor=actor_of(person), keep=None, now=now),
    "the fund signs them out": lambda person, now: end_all_sessions(actor=system_actor(), person=person, now=now),
    "a mailed link sets a password": lambda person, now: set_password(
        actor=actor_of(person), person=person, password="meadow lantern 47 quiet", now=now
    ),
    "a new password": lambda person, now: change_password(
        actor=actor_of(person),
        person=person,
        current=PASSWORD,
        password="meadow lantern 47 quiet",
        keep=uuid4(),
        now=now,
    ),
    "closed and opened again": lambda person, now: disable_and_enable(actor=system_actor(), person=person, now=now),
}


@pytest.mark.parametrize("way", ENDS)
def test_row_36_whoever_throws_a_thief_out_also_ends_the_change_that_waits(
    app: FundApp, signed_in, mail_dir, run_jobs, way
):
    person = make_person(password=True)
    old = person.email
    waiting = confirm_link(signed_in(person), NEW, mail_dir, run_jobs)
    ENDS[way](person, datetime.now(UTC))
    db.session.commit()
    assert app.test_client().post(waiting).status_code == 410
    db.session.expire_all()
    assert person.email == old


def test_row_36_undoing_a_change_ends_the_next_that_waits(app: FundApp, changed, mail_dir, run_jobs):
    person, old, thief, _confirm, undo = changed
    waiting = confirm_link(thief, THIRD, mail_dir, run_jobs)
    assert app.test_client().post(undo).status_code == 302
    assert app.test_client().post(waiting).status_code == 410
    db.session.expire_all()
    assert person.email == old


def test_row_36_signing_in_elsewhere_leaves_a_change_that_waits(app: FundApp, signed_in, mail_dir, run_jobs):
    person = make_person()
    waiting = confirm_link(signed_in(person), NEW, mail_dir, run_jobs)
    signed_in(person)
    assert app.test_client().post(waiting).status_code == 302
    db.session.expire_all()
    assert person.email == NEW


def test_row_31_a_token_of_one_purpose_opens_no_other_door(app: FundApp, client, changed):
    person, _old, _thief, _confirm, _undo = changed
    secret = app.config["SECRET_KEY"]
    paths = dict.fromkeys((LinkPurpose.SIGN_IN, LinkPurpose.SET_PASSWORD), "link")
    paths |= dict.fromkeys((LinkPurpose.CONFIRM_ADDRESS, LinkPurpose.REVERT_ADDRESS), "address")
    assert set(paths) == set(LinkPurpose)
    for purpose, path in paths.items():
        link = send_link(person=person, purpose=purpose, secret_key=secret, now=datetime.now(UTC), address=NEW)
        db.session.commit()
        wrong = "address" if path == "link" else "link"
        token = link_token(secret, link.id)
        for door in (f"/{wrong}/{token}", f"/invitations/{link.id}"):
            assert client.get(door).status_code in (404, 410, 302)
            assert client.post(door, data={"password": PASSWORD}).status_code in (404, 410, 302)
        db.session.refresh(link)
        assert link.used_at is None, purpose
    assert client.get("/home").status_code == 302


def test_row_37_an_invitation_opens_for_its_address_only(app: FundApp, signed_in, mail_dir, run_jobs):
    application = make_application(make_call())
    invited, other = make_person(), make_person()
    holder = signed_in(application.person)
    data = {"email": invited.email, "role": "applicant"}
    assert holder.post(f"/applications/{application.id}/people/invite", data=data).status_code == 302
    run_jobs()
    (mail,) = mail_dir.glob("*.eml")
    text = message_from_bytes(mail.read_bytes(), policy=policy.default).get_content()
    door = re.search(r"http://localhost(/invitations/\S+)", text)
    assert door
    assert "/link/" not in text  # whoever it is forwarded to gets no session by it
    for stranger in (signed_in(other), holder):
        assert stranger.get(door[1]).status_code == 404
        assert stranger.post(door[1]).status_code == 404
    assert app.test_client().post(door[1]).status_code in (302, 401)
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 1
    assert signed_in(invited).post(door[1]).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 2


def test_row_37_an_account_that_exists_joins_nothing_without_its_owner(app: FundApp, signed_in):
    application, other = make_application(make_call()), make_application(make_call())
    holder = signed_in(application.person)
    data = {"email": other.person.email, "role": "applicant"}
    assert holder.post(f"/applications/{application.id}/people/invite", data=data).status_code == 302
    owner = signed_in(other.person)
    assert owner.get(f"/applications/{application.id}").status_code == 404
    assert holder.get(f"/applications/{other.id}").status_code == 404


WAYS = {
    "link": ("/sign-in/link", lambda email: {"email": email}),
    "start": ("/calls/open-call/start", lambda email: {"email": email}),
    "start by invitation": ("/calls/invited-call/start", lambda email: {"email": email}),
    "password": ("/sign-in", lambda email: {"email": email, "password": "wrong password here"}),
    "passphrase": ("/sign-in/passphrase", lambda email: {"reference": email, "passphrase": "wrong words"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_row_21_every_way_in_answers_alike_whoever_asks(app: FundApp, monkeypatch, way):
    make_call(slug="open-call")
    invited = make_call(slug="invited-call", invitation_only=True)
    closed = make_person("Closed Sample", password=True)
    closed.is_active = False
    protected = make_person(password=True)
    make_application(make_call(), person=protected, is_protected=True, pseudonym="quiet river")
    owner = make_person(password=True)
    db.session.add(CallInvitation(call_id=invited.id, email=owner.email, organisation_name="", created_at=NOW))
    without, _words = make_person_without_address(now=NOW, language="en")
    shut, _words = make_person_without_address(now=NOW, language="en")
    shut.is_active = False
    accounts = [owner.email, closed.email, protected.email, "nobody@example.org"]
    if way == "passphrase":
        accounts = [without.sign_in_reference or "", shut.sign_in_reference or "", "2222-2222", owner.email]
    db.session.commit()
    work: list[str] = []
    secrets.password_matches("warm", None)  # the hash of nobody is made once in a process
    check = secrets._hasher.verify
    monkeypatch.setattr(secrets, "_hasher", SpyOnHasher(check, work))
    path, fields = WAYS[way]
    seen = set()
    for account in accounts:
        before = db.session.scalar(select(func.count()).select_from(MailMessage)) or 0
        work.clear()
        answer = app.test_client().post(path, data=fields(account))
        mails = (db.session.scalar(select(func.count()).select_from(MailMessage)) or 0) - before
        page = re.sub(r"[\w-]{6,}\.[\w-]+\.[\w-]+|[\w-]{60,}", "TOKEN", answer.text).replace(account, "ACCOUNT")
        headers = {name for name, _value in answer.headers} - {"Content-Length"}
        seen.add((answer.status_code, page, frozenset(headers), answer.location, len(work), mails))
    assert len(seen) == 1, seen


class SpyOnHasher:
    """Counts what argon2 is asked to do."""

    def __init__(self, check, work: list[str]) -> None:
        self._check, self._work = check, work

    def verify(self, *given):
        self._work.append("verify")
        return self._check(*given)

    def hash(self, *_given):
        raise AssertionError("no way in makes a hash")
