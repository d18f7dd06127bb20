"""Passwords that somebody would guess."""

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.models import LinkPurpose
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..factories import PASSWORD, make_call, make_person
from .test_sign_in_attacks import link_for, sign_in


@pytest.fixture
def client(app: FundApp) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiop12",
        "111111111111",
        "iloveyou2020",
        "abcabcabcabc",
        "0123456789abcdef",
        "grassrootsjustice2020",
        "Amina Sample 2020!",
        "LandRightsFund2020",
        "fundapp-fundapp",
    ],
)
def test_a_password_that_others_would_try_first_is_refused(app: FundApp, client: FlaskClient, password: str) -> None:
    make_call(titles={"en": "Land Rights Fund"})
    person = make_person("Amina Sample")
    path = link_for(app, person, LinkPurpose.SET_PASSWORD)
    answer = client.post(path, data={"password": password})
    assert answer.status_code == 422
    assert "This is easy to guess" in answer.text


@pytest.mark.parametrize(
    "password", ["w" + "atermelon-" * 6 + "7", "كلمة سر طويلة جدا", "ALL CAPS ARE FINE TOO", "x7" * 3 + " odd herons"]
)
def test_any_long_and_odd_password_is_taken(app: FundApp, client: FlaskClient, password: str) -> None:
    person = make_person()
    path = link_for(app, person, LinkPurpose.SET_PASSWORD)
    assert client.post(path, data={"password": password}).status_code == 302


def test_all_common_passwords_that_are_long_enough_are_refused() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    from fundapp.accounts.password_rules import MIN_PASSWORD_CHARACTERS, password_problems

    common = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= MIN_PASSWORD_CHARACTERS]
    assert len(common) > 50
    assert not [each for each in common if not password_problems(each)]


def test_a_hash_of_older_settings_is_made_anew_at_sign_in(client: FlaskClient) -> None:
    from argon2 import PasswordHasher

    person = make_person(password=True)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    person.password_hash = weak
    db.session.commit()
    assert client.post("/sign-in", data={"email": person.email, "password": "not the one at all"}).status_code == 422
    assert person.password_hash == weak
    assert sign_in(client, person).status_code == 302
    db.session.expire_all()
    assert person.password_hash != weak
    assert "argon2id$v=19$m=65536,t=3,p=4" in (person.password_hash or "")
