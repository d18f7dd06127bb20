"""Sessions and fresh proofs under attack. The row numbers are explained in README.md."""

import re
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from fundapp.accounts import factor_queries
from fundapp.accounts.cli import people
from fundapp.accounts.models import SignInSession
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.core.db import db
from fundapp.core.routes import declared_by
from fundapp.core.web import FundApp

from ..authenticator import Authenticator
from ..conftest import SignedIn, actor_of
from ..factories import NOW, PASSWORD, make_call, make_person, make_staff
from ..second_factors import add_passkey, code_of, give_app, passkey_options
from .test_factor_attacks import SECOND_STEP, give_code, is_in, mails_to
from .test_sign_in_attacks import cookie_of, sign_in
from .world import addresses, all_rows, changed_tables, make_round


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


# Sessions


@pytest.mark.parametrize("way", ["second step", "fresh proof", "passkey"])
def test_row_17_each_proof_gives_a_new_token_and_ends_the_old_one(app: FundApp, signed_in: SignedIn, way: str) -> None:
    person = make_person()
    device = Authenticator()
    if way == "passkey":
        add_passkey(signed_in(person), device)
    else:
        secret = give_app(person)
    client = signed_in(person, strong=way == "fresh proof", fresh=False)
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(client))
    match way:
        case "second step":
            assert give_code(client, code_of(secret)).status_code == 302
        case "fresh proof":
            assert client.post("/account/confirm", data={"proof_code": code_of(secret)}).status_code == 302
        case "passkey":
            answer = device.get(passkey_options(client.get(SECOND_STEP)))
            assert client.post(SECOND_STEP, data={"proof_passkey": answer}).status_code == 302
    assert is_in(client)
    assert copy.get("/home").location == "/sign-in?next=/home"
    assert copy.get(SECOND_STEP).location.startswith("/sign-in")


def test_row_17_a_first_factor_that_is_chosen_gives_a_new_token(app: FundApp, signed_in: SignedIn) -> None:
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager, strong=False)
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(client))
    assert add_passkey(client, Authenticator()).status_code == 200
    assert is_in(client)
    assert copy.get("/account/security").location.startswith("/sign-in?")


def test_the_cookie_holds_a_token_and_nothing_about_the_person(signed_in: SignedIn) -> None:
    client = signed_in(make_person())
    with client.session_transaction() as cookie:
        assert set(cookie) == {"session_token"}


@pytest.mark.parametrize(
    ("role", "short", "idle", "absolute"),
    [
        (None, False, timedelta(days=7), timedelta(days=14)),
        (None, True, timedelta(minutes=15), timedelta(hours=12)),
        (Role.REVIEWER, False, timedelta(days=1), timedelta(days=7)),
        (Role.MANAGER, False, timedelta(hours=2), timedelta(hours=12)),
        (Role.MANAGER, True, timedelta(minutes=15), timedelta(hours=12)),
    ],
)
def test_row_18_a_session_ends_by_silence_and_by_age(
    app: FundApp, clock: Any, signed_in: SignedIn, role: Role | None, short: bool, idle: timedelta, absolute: timedelta
) -> None:
    person = make_staff(role, make_call()) if role else make_person()
    person.short_sessions = short
    silent, busy = signed_in(person), signed_in(person)
    clock.shift(idle - timedelta(seconds=1))
    assert is_in(silent)
    clock.shift(idle)
    assert not is_in(silent)
    busy = signed_in(person)
    copy = app.test_client()
    copy.set_cookie("fundapp", cookie_of(busy))
    spent = timedelta()
    step = idle / 2
    while spent + step < absolute:
        clock.shift(step)
        spent += step
        assert is_in(busy), spent
    clock.shift(absolute - spent)
    assert not is_in(busy)
    assert not is_in(copy)


def test_row_18_a_session_from_before_a_role_lasts_no_longer_than_the_role_lets_it(
    clock: Any, signed_in: SignedIn
) -> None:
    person = make_person()
    client = signed_in(person)
    grant_role(actor=system_actor(), person=person, role=Role.REVIEWER, now=NOW, call_id=make_call().id)
    db.session.commit()
    for _half_day in range(13):
        clock.shift(timedelta(hours=12))
        assert is_in(client)
    clock.shift(timedelta(hours=12))
    assert not is_in(client)


def test_looking_at_pages_keeps_a_session_awake_without_a_write_for_each(clock: Any, signed_in: SignedIn) -> None:
    client = signed_in(make_person())
    session = db.session.scalars(select(SignInSession)).one()
    opened = session.seen_at
    for minutes, seen in ((4, 0), (1, 5), (4, 5), (1, 10)):
        clock.shift(timedelta(minutes=minutes))
        assert is_in(client)
        db.session.expire_all()
        assert session.seen_at == opened + timedelta(minutes=seen)
        db.session.rollback()


def test_a_page_does_not_wait_for_who_is_writing(clock: Any, signed_in: SignedIn) -> None:
    client = signed_in(make_person())
    session = db.session.scalars(select(SignInSession)).one()
    opened = session.seen_at
    db.session.rollback()
    clock.shift(timedelta(minutes=6))
    with db.engine.connect() as writer:
        writer.execute(update(SignInSession).values(device="held"))
        assert is_in(client)
        writer.rollback()
    db.session.expire_all()
    assert session.seen_at == opened, "it was not the moment to write that"
    db.session.rollback()
    assert is_in(client)
    db.session.expire_all()
    assert session.seen_at == opened + timedelta(minutes=6)


def test_nobody_ends_a_session_of_somebody_else(signed_in: SignedIn) -> None:
    person, other = make_person(), make_person()
    client, theirs = signed_in(person), signed_in(other)
    (session,) = db.session.scalars(select(SignInSession).filter_by(person_id=other.id))
    assert client.post(f"/account/sessions/{session.id}/end").status_code == 404
    assert client.post("/account/sessions/end-others").status_code == 302
    assert is_in(theirs)


def test_whoever_runs_the_service_ends_the_sessions_of_one_or_of_everybody(app: FundApp, signed_in: SignedIn) -> None:
    one, other, third = (signed_in(make_person(email=f"{name}@sample.example")) for name in ("one", "other", "third"))

    def sign_out(*arguments: str) -> str:
        return CliRunner().invoke(people, ["sign-out", *arguments], obj=lambda: app, catch_exceptions=False).output

    assert sign_out("one@sample.example") == "1 sessions are ended\n"
    assert [is_in(client) for client in (one, other, third)] == [False, True, True]
    assert "name an address" in sign_out()
    assert sign_out("--everybody") == "2 sessions are ended\n"
    assert [is_in(client) for client in (one, other, third)] == [False, False, False]


def test_a_new_password_ends_the_other_sessions_and_needs_the_present_one(app: FundApp, signed_in: SignedIn) -> None:
    person = make_person(password=True)
    client, other = signed_in(person), signed_in(person)
    new = "seven quiet herons 4"
    wrong = client.post("/account/password", data={"current": "not the one at all", "password": new})
    assert wrong.status_code == 422
    assert is_in(other)
    data = {"current": PASSWORD, "password": new}
    assert client.post("/account/password", data=data).location == "/account/security"
    assert is_in(client)
    assert not is_in(other)
    assert mails_to(person) == ["sign_in_changed"]
    assert sign_in(app.test_client(), person).status_code == 422


# Fresh proofs


def test_row_20_a_stolen_session_does_nothing_that_needs_a_fresh_proof(app: FundApp, signed_in: SignedIn) -> None:
    ours = make_round(app.extensions["storage"], "ours", closed=True)
    people = [ours.people[role] for role in (Role.MANAGER, Role.ADMINISTRATOR)]
    for person in people:
        give_app(person)
    thieves = [signed_in(person, fresh=False) for person in people]
    before = all_rows()
    asked = 0
    for rule in app.url_map.iter_rules():
        declared = declared_by(app.view_functions[rule.endpoint])
        for person, thief in zip(people, thieves, strict=True):
            if not declared.fresh or not actor_of(person).can(declared.permission or ""):
                continue
            for path in addresses(app, rule, ours.objects()):
                if "POST" in (rule.methods or ()):
                    answer = thief.post(path, data={"reason": "because"})
                    assert answer.status_code == 401, path
                    assert "Confirm that it is you" in answer.text, path
                else:
                    assert thief.get(path).location.startswith("/account/confirm?next="), path
                asked += 1
    assert asked > 5
    assert not list(changed_tables(before))


def test_what_was_typed_is_done_once_the_proof_is_right(signed_in: SignedIn) -> None:
    person = make_person()
    secret = give_app(person)
    client = signed_in(person, fresh=False)
    (app,) = factor_queries.apps_of(person.id)
    path = f"/account/security/factors/{app.id}"
    kept = {"name": 'Old "phone" <b>', "more": ["one", "two"]}
    page = client.post(path, data=kept)
    assert page.status_code == 401
    assert "Old &#34;phone&#34; &lt;b&gt;" in page.text
    assert page.text.count('name="more"') == 2
    wrong = client.post(path, data={**kept, "proof_code": "000000"})
    assert wrong.status_code == 401
    assert "This code is not right" in wrong.text
    assert "Old &#34;phone&#34;" in wrong.text
    assert client.post(path, data={**kept, "proof_code": code_of(secret)}).status_code == 302
    db.session.expire_all()
    assert app.name == 'Old "phone" <b>'
    assert is_in(client)


def test_a_page_that_comes_with_a_new_session_has_a_form_that_works(app: FundApp, signed_in: SignedIn) -> None:
    client = signed_in(make_person(password=True), fresh=False)
    path = "/account/address"
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        first = {"csrf_token": form_token(client.get("/home")), "email": "no address", "proof_password": PASSWORD}
        refused = client.post(path, data=first)
        assert refused.status_code == 422, "the proof is right, the address is not"
        again = client.post(path, data={"csrf_token": form_token(refused), "email": "new@example.org"})
        assert again.status_code == 302
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def form_token(answer: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def test_without_a_factor_the_password_is_the_fresh_proof(signed_in: SignedIn) -> None:
    person = make_person(password=True)
    client = signed_in(person, fresh=False)
    assert client.post("/account/security/app").status_code == 401
    assert client.get("/account/security/passkeys/new").location.startswith("/account/confirm?next=")
    wrong = client.post("/account/confirm", data={"proof_password": "not the one at all"})
    assert wrong.status_code == 422
    right = client.post("/account/confirm?next=/account/security", data={"proof_password": PASSWORD})
    assert right.location == "/account/security"
    assert client.post("/account/security/app").status_code == 302


def test_a_proof_that_was_given_with_a_refused_form_is_spent_all_the_same(signed_in: SignedIn) -> None:
    person = make_person()
    secret = give_app(person)
    client = signed_in(person, fresh=False)
    (app,) = factor_queries.apps_of(person.id)
    path = f"/account/security/factors/{app.id}"
    code = code_of(secret)
    assert client.post(path, data={"name": "", "proof_code": code}).status_code == 422
    assert client.post(path, data={"name": "Fresh now"}).status_code == 302
    other = signed_in(person, fresh=False)
    assert other.post(path, data={"name": "x", "proof_code": code}).status_code == 401


def test_wrong_codes_are_limited_wherever_they_are_typed(signed_in: SignedIn) -> None:
    person, other = make_person(), make_person()
    secret, theirs = give_app(person), give_app(other)
    client = signed_in(person, fresh=False)
    half, not_me = signed_in(person, strong=False), signed_in(other, strong=False)
    (app,) = factor_queries.apps_of(person.id)
    path = f"/account/security/factors/{app.id}"
    statuses = [client.post(path, data={"name": "x", "proof_code": "000000"}).status_code for _ in range(10)]
    assert statuses == [401] * 10
    answer = client.post(path, data={"name": "Kept name", "proof_code": code_of(secret)})
    assert answer.status_code == 429
    assert 'value="Kept name"' in answer.text
    assert give_code(half, code_of(secret)).status_code == 429
    assert give_code(not_me, code_of(theirs)).status_code == 302


# Devices


def test_a_device_that_is_new_is_told_but_not_the_first_one(app: FundApp) -> None:
    person = make_person(password=True)
    db.session.commit()
    phone = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
    desk = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
    for agent, mails in ((phone, []), (phone, []), (desk, ["new_device"]), (desk, ["new_device"])):
        sign_in(app.test_client(), person, headers={"User-Agent": agent})
        assert mails_to(person) == mails
    labels = set(db.session.scalars(select(SignInSession.device)))
    assert labels == {"Firefox/Android", "Chrome/Windows"}


def test_nothing_of_what_a_browser_calls_itself_is_kept(client: FlaskClient) -> None:
    person = make_person(password=True)
    db.session.commit()
    sign_in(client, person, headers={"User-Agent": "<script>alert(1)</script> Firefox/1 secret-build-77 Android"})
    stored = repr(all_rows())
    assert "Firefox/Android" in stored
    assert "secret-build" not in stored
    assert "alert(1)" not in stored
