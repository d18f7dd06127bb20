"""Second factors under attack. The row numbers are explained in README.md."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from fundapp.accounts import factor_queries
from fundapp.accounts.models import FactorReset, LinkPurpose, Person, RecoveryCode
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services import proofs
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.models import Application
from fundapp.core import clock as present
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.routes import PUBLIC, declared_by
from fundapp.core.web import FundApp

from ..authenticator import Authenticator
from ..conftest import SignedIn
from ..factories import NOW, make_call, make_person, make_staff
from ..second_factors import add_passkey, code_of, give_app, give_recovery_codes, passkeys_of
from .test_sign_in_attacks import link_for, sign_in
from .world import addresses, all_rows, changed_tables, make_round

SECOND_STEP = "/sign-in/second-step"


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


def give_code(client: FlaskClient, code: str, **more: Any) -> TestResponse:
    return client.post(SECOND_STEP, data={"proof_code": code}, **more)


def mails_to(person: Person) -> list[str]:
    """Return the templates of the mails to somebody, the oldest first."""
    db.session.rollback()
    return [mail.template for mail in db.session.scalars(select(MailMessage)) if mail.to_address == person.email]


def is_in(client: FlaskClient) -> bool:
    return client.get("/home").status_code == 200


# Half signed in


def test_who_owes_a_second_factor_reaches_no_page_of_their_own(app: FundApp, signed_in: SignedIn) -> None:
    ours = make_round(app.extensions["storage"], "ours")
    manager = ours.people[Role.MANAGER]
    give_app(manager)
    client = signed_in(manager, strong=False)
    before = all_rows()
    asked = 0
    for rule in app.url_map.iter_rules():
        declared = declared_by(app.view_functions[rule.endpoint])
        if declared.permission == PUBLIC or declared.early:
            continue
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            for path in addresses(app, rule, ours.objects()):
                answer = client.open(path, method=method)
                assert answer.status_code == 302, (method, path)
                assert answer.location.startswith(f"{SECOND_STEP}?next="), (method, path)
                asked += 1
    assert asked > 50
    assert not list(changed_tables(before))


def test_who_owes_a_second_factor_is_nobody_on_public_pages(clock: Any, signed_in: SignedIn) -> None:
    clock.move_to(NOW)
    call = make_call()
    manager = make_staff(Role.MANAGER, name="Mara Half")
    give_app(manager)
    half, whole = signed_in(manager, strong=False), signed_in(manager)
    path = f"/calls/{call.slug}/start"
    assert "Your e-mail address" in half.get(path).text
    assert "Mara Half" not in half.get(path).text
    assert half.post(path).status_code == 302, "anybody begins at once"
    begun = db.session.scalars(select(Application)).one()
    assert begun.person_id != manager.id, "as somebody new, with nothing of the one who half signed in"
    assert whole.get(f"/applications/{begun.id}").status_code == 404
    assert "Mara Half" in whole.get(path).text
    assert whole.post(path).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Application).filter_by(person_id=manager.id)) == 1


def test_who_owes_a_second_factor_cannot_add_one_instead(signed_in: SignedIn) -> None:
    """Whoever has only learned the password must not be able to bring a factor of their own."""
    manager = make_staff(Role.MANAGER, password=True)
    give_app(manager)
    thief = signed_in(manager, strong=False)
    for path in ("/account/security", "/account/security/app", "/account/security/passkeys/new"):
        assert thief.get(path).location.startswith(SECOND_STEP), path
    for path in ("/account/security/app", "/account/security/app/confirm", "/account/security/passkeys/new"):
        assert thief.post(path, data={"code": "123456", "name": "x"}).location.startswith(SECOND_STEP), path
    assert factor_queries.count_factors(manager.id) == 1
    assert factor_queries.unconfirmed_app(manager.id) is None


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.APPLICANT, Role.COLLABORATOR)])
def test_roles_that_decide_or_read_much_must_choose_a_second_factor_first(signed_in: SignedIn, role: Role) -> None:
    person = make_staff(role, make_call())
    client = signed_in(person, strong=False)
    free = role in (Role.REVIEWER, Role.NOMINATOR)
    assert is_in(client) is free
    if free:
        grant_role(actor=system_actor(), person=person, role=Role.REVIEWER, now=NOW, call_id=make_call().id)
        grant_role(actor=system_actor(), person=person, role=Role.REVIEWER, now=NOW, call_id=make_call().id)
        db.session.commit()
    assert client.get("/home").location == "/account/security?next=/home"
    assert client.get("/account/security").status_code == 200


def test_row_10_a_role_given_during_a_session_asks_for_a_second_factor_at_once(signed_in: SignedIn) -> None:
    person = make_person()
    client = signed_in(person, strong=False)
    assert is_in(client)
    grant_role(actor=system_actor(), person=person, role=Role.FINANCE, now=NOW)
    db.session.commit()
    assert not is_in(client)


def test_typed_texts_are_given_back_when_the_second_factor_is_missing(signed_in: SignedIn) -> None:
    person = make_person()
    client = signed_in(person, strong=False)
    give_app(person)
    db.session.commit()
    long = "We will hold open days in six villages."
    own_form = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post("/account/password", data={"plan": long}, headers=own_form)
    assert answer.status_code == 401
    assert long in answer.text


# Codes


def test_row_27_a_code_is_good_once(app: FundApp, signed_in: SignedIn) -> None:
    person = make_person(password=True)
    secret = give_app(person)
    first, second = signed_in(person, strong=False), signed_in(person, strong=False)
    code = code_of(secret)
    assert give_code(first, code).location == "/home"
    assert give_code(second, code).status_code == 422
    assert not is_in(second)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_row_27_a_code_may_be_one_step_early_or_late(clock: Any, signed_in: SignedIn, steps: int, taken: bool) -> None:
    person = make_person()
    secret = give_app(person)
    client = signed_in(person, strong=False)
    assert (give_code(client, code_of(secret, steps=steps)).status_code == 302) is taken
    assert is_in(client) is taken


def test_row_27_an_older_code_is_dead_once_a_newer_one_was_spent(clock: Any, signed_in: SignedIn) -> None:
    person = make_person()
    secret = give_app(person)
    one, other = signed_in(person, strong=False), signed_in(person, strong=False)
    assert give_code(one, code_of(secret, steps=1)).status_code == 302
    for steps in (-1, 0, 1):
        assert give_code(other, code_of(secret, steps=steps)).status_code == 422
    clock.shift(timedelta(seconds=60))
    assert give_code(other, code_of(secret)).status_code == 302


def test_row_27_the_code_that_set_an_app_up_is_spent(signed_in: SignedIn) -> None:
    person = make_person()
    client = signed_in(person)
    assert client.post("/account/security/app").status_code == 302
    page = client.get("/account/security/app").text
    secret = "".join(re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].split())
    code = code_of(secret)
    answer = client.post("/account/security/app/confirm", data={"code": code, "name": "Phone"})
    assert answer.status_code == 200
    assert give_code(signed_in(person, strong=False), code).status_code == 422


def test_row_27_a_code_of_somebody_else_is_refused(signed_in: SignedIn) -> None:
    person, other = make_person(), make_person()
    give_app(person)
    theirs = code_of(give_app(other))
    assert give_code(signed_in(person, strong=False), theirs).status_code == 422
    their_codes = give_recovery_codes(other)
    assert give_code(signed_in(person, strong=False), their_codes[0]).status_code == 422
    assert factor_queries.recovery_codes_left(other.id) == 10


@pytest.mark.parametrize("code", ["", "0", "12345", "1234567", "١٢٣", "x" * 64, "x" * 5000, "\x00", "0" * 24])
def test_row_27_what_is_no_code_is_refused(signed_in: SignedIn, code: str) -> None:
    person = make_person()
    give_app(person)
    give_recovery_codes(person)
    assert give_code(signed_in(person, strong=False), code).status_code == 422


def test_a_code_may_be_typed_with_blanks_and_in_the_figures_of_any_script(signed_in: SignedIn) -> None:
    person = make_person()
    secret = give_app(person)
    figures = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    code = code_of(secret)
    typed = f" {code[:3]} {code[3:]}".translate(figures)
    assert give_code(signed_in(person, strong=False), typed).status_code == 302


def test_row_28_a_recovery_code_is_good_once_and_its_use_is_told(signed_in: SignedIn) -> None:
    person = make_person()
    give_app(person)
    codes = give_recovery_codes(person)
    first, second = signed_in(person, strong=False), signed_in(person, strong=False)
    before = len(mails_to(person))
    assert give_code(first, codes[0].lower().replace("-", " ")).location == "/home"
    assert len(mails_to(person)) == before + 1
    assert give_code(second, codes[0]).status_code == 422
    assert give_code(second, codes[1]).status_code == 302
    assert factor_queries.recovery_codes_left(person.id) == 8


def test_row_28_new_recovery_codes_kill_the_old_ones_and_only_hashes_are_kept(signed_in: SignedIn) -> None:
    person = make_person()
    give_app(person)
    old = give_recovery_codes(person)
    page = signed_in(person).post("/account/security/recovery-codes").text
    new = re.findall(r"<code>([0-9A-Z-]{29})</code>", page)
    assert len(set(new)) == 10
    stored = repr(all_rows())
    assert not [code for code in new if code in stored or code.replace("-", "") in stored]
    assert give_code(signed_in(person, strong=False), old[0]).status_code == 422
    assert give_code(signed_in(person, strong=False), new[0]).status_code == 302


@pytest.mark.parametrize("kind", ["app", "recovery code"])
@pytest.mark.parametrize("attempt", range(3))
def test_rows_27_and_28_of_many_who_use_one_code_at_once_one_gets_in(app: FundApp, kind: str, attempt: int) -> None:
    person = make_person()
    secret = give_app(person)
    code = code_of(secret) if kind == "app" else give_recovery_codes(person)[0]
    person_id = person.id
    db.session.commit()
    assert at_once(app, 8, lambda: give(person_id, code)) == [False] * 7 + [True]


def give(person_id: Any, code: str) -> bool:
    person = db.session.get_one(Person, person_id)
    return proofs.give_code(person=person, code=code, now=present.now()) is not None


def at_once(app: FundApp, count: int, task: Callable[[], bool]) -> list[bool]:
    """Run a task in several threads from one starting line, each in its own transaction; return what they say."""
    barrier = threading.Barrier(count, timeout=30)
    results: list[bool] = []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            result = task()
            db.session.commit()
            results.append(result)
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == count
    return sorted(results)


def test_no_count_of_codes_is_left_over(app: FundApp) -> None:
    """The number of codes on a sheet is ten, each of 120 bits."""
    person = make_person()
    codes = give_recovery_codes(person)
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes)
    assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == 10


# Ways around


def test_a_new_password_by_link_does_not_replace_the_second_factor(app: FundApp, client: FlaskClient) -> None:
    person = make_person(password=True)
    give_app(person)
    path = link_for(app, person, LinkPurpose.SET_PASSWORD)
    assert client.post(path, data={"password": "seven quiet herons 4"}).status_code == 302
    assert client.get("/home").location == f"{SECOND_STEP}?next=/home"


@pytest.mark.parametrize("way", ["password", "link"])
def test_no_first_factor_gets_in_where_a_second_one_is_owed(app: FundApp, client: FlaskClient, way: str) -> None:
    person = make_person(password=True)
    give_app(person)
    if way == "link":
        client.post(link_for(app, person))
    else:
        sign_in(client, person)
    assert client.get("/home").location == f"{SECOND_STEP}?next=/home"


def test_the_last_factor_of_somebody_who_needs_one_stays(signed_in: SignedIn) -> None:
    manager, applicant = make_staff(Role.MANAGER), make_person()
    for person, status in ((manager, 409), (applicant, 302)):
        give_app(person)
        (app,) = factor_queries.apps_of(person.id)
        client = signed_in(person)
        assert client.post(f"/account/security/factors/{app.id}/remove").status_code == status
    assert factor_queries.has_factor(manager.id)
    assert not factor_queries.has_factor(applicant.id)


def test_each_change_of_factors_is_told_and_the_others_can_be_signed_out(signed_in: SignedIn) -> None:
    person = make_person()
    client, other = signed_in(person), signed_in(person, strong=False)
    assert is_in(other)
    add_passkey(client, Authenticator())
    assert not is_in(other), "a session from before the first factor has to give it"
    assert mails_to(person) == ["sign_in_changed"]
    answer = add_passkey(client, Authenticator())
    assert answer.location == "/account/sessions"
    (first, _second) = passkeys_of(person)
    answer = client.post(f"/account/security/factors/{first.id}/remove")
    assert answer.location == "/account/sessions"
    assert mails_to(person) == ["sign_in_changed"] * 3
    assert "End all others" in client.get("/account/sessions").text


def test_nobody_names_or_removes_a_factor_of_somebody_else(signed_in: SignedIn) -> None:
    person, other = make_person(), make_person()
    give_app(other)
    (app,) = factor_queries.apps_of(other.id)
    client = signed_in(person)
    for path in (f"/account/security/factors/{app.id}", f"/account/security/factors/{app.id}/remove"):
        assert client.post(path, data={"name": "mine"}).status_code == 404
    assert factor_queries.apps_of(other.id)[0].name == "Phone"


# Lost factors


def ask_and_agree(signed_in: SignedIn, person: Person) -> tuple[FlaskClient, FlaskClient]:
    """Two administrators have somebody's factors removed; return their clients."""
    one, other = signed_in(make_staff(Role.ADMINISTRATOR)), signed_in(make_staff(Role.ADMINISTRATOR))
    assert one.post("/admin/second-steps", data={"email": person.email}).status_code == 302
    assert other.post(f"/admin/second-steps/{person.id}/confirm").status_code == 302
    return one, other


def test_row_38_one_administrator_alone_removes_nothing(clock: Any, signed_in: SignedIn) -> None:
    person = make_staff(Role.MANAGER, password=True)
    give_app(person)
    admin = signed_in(make_staff(Role.ADMINISTRATOR))
    assert admin.post("/admin/second-steps", data={"email": person.email}).status_code == 302
    assert admin.post("/admin/second-steps", data={"email": person.email}).status_code == 422
    assert admin.post(f"/admin/second-steps/{person.id}/confirm").status_code == 403
    clock.shift(timedelta(days=3))
    client = signed_in(person, strong=False)
    assert client.post("/sign-in/start-again").status_code == 404
    assert factor_queries.has_factor(person.id)


def test_row_38_nobody_asks_or_agrees_for_themselves(signed_in: SignedIn) -> None:
    admin, colleague = make_staff(Role.ADMINISTRATOR), make_staff(Role.ADMINISTRATOR)
    give_app(admin)
    ours, theirs = signed_in(admin), signed_in(colleague)
    assert ours.post("/admin/second-steps", data={"email": admin.email}).status_code == 403
    assert theirs.post("/admin/second-steps", data={"email": admin.email}).status_code == 302
    assert ours.post(f"/admin/second-steps/{admin.id}/confirm").status_code == 403


def test_row_38_the_person_is_told_and_starts_again_after_a_day(clock: Any, app: FundApp, signed_in: SignedIn) -> None:
    person = make_staff(Role.MANAGER, password=True)
    give_app(person)
    codes = give_recovery_codes(person)
    db.session.commit()
    before = mails_to(person)
    ask_and_agree(signed_in, person)
    assert mails_to(person) == [*before, "factor_reset"]
    stale = signed_in(person)
    clock.shift(timedelta(hours=24) - timedelta(seconds=1))
    early = app.test_client()
    sign_in(early, person)
    assert early.post("/sign-in/start-again").status_code == 404
    assert "Start again" not in early.get(SECOND_STEP).text
    clock.shift(timedelta(seconds=1))
    assert "Start again" in early.get(SECOND_STEP).text
    assert early.post("/sign-in/start-again").location == "/account/security"
    assert not factor_queries.has_factor(person.id)
    assert not is_in(stale)
    assert early.get("/home").location.startswith("/account/security")
    assert add_passkey(early, Authenticator()).status_code == 200
    assert is_in(early)
    assert give_code(signed_in(person, strong=False), codes[0]).status_code == 422
    assert early.post("/sign-in/start-again").status_code == 404


def test_row_38_whoever_still_has_the_factor_stops_it_by_using_it(clock: Any, signed_in: SignedIn) -> None:
    person = make_staff(Role.MANAGER)
    secret = give_app(person)
    ask_and_agree(signed_in, person)
    assert give_code(signed_in(person, strong=False), code_of(secret)).status_code == 302
    clock.shift(timedelta(hours=25))
    assert signed_in(person, strong=False).post("/sign-in/start-again").status_code == 404
    assert factor_queries.has_factor(person.id)
    assert db.session.scalars(select(FactorReset)).one().stopped_at is not None


def test_row_38_the_database_itself_wants_two_people_and_the_delay(signed_in: SignedIn) -> None:
    from sqlalchemy.exc import IntegrityError

    person = make_staff(Role.MANAGER)
    give_app(person)
    ask_and_agree(signed_in, person)
    reset = db.session.scalars(select(FactorReset)).one()
    for values in (
        {"confirmed_by_id": reset.requested_by_id},
        {"confirmed_by_id": person.id},
        {"done_at": reset.confirmed_at},
        {"confirmed_at": None},
    ):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(update(FactorReset).values(values).execution_options(synchronize_session=False))
