"""Codes, recovery codes, devices and the sites that can have passkeys; no database."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from fundapp.accounts import passkeys, recovery, totp
from fundapp.accounts.devices import device_label
from fundapp.accounts.passkeys import Asker, PasskeyRefused, Site

from ..authenticator import Authenticator

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2020, 9, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    """Source: RFC 6238, appendix B, the last six of its eight figures."""
    at = datetime.fromtimestamp(second, UTC)
    assert totp.step_of(code, RFC_SECRET, at) == second // 30
    assert totp.step_of(code, RFC_SECRET, at + timedelta(seconds=90)) is None


def test_the_secret_is_spelled_for_typing_and_named_for_the_app() -> None:
    assert totp.spelled(RFC_SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    uri = totp.app_uri(RFC_SECRET, account="mara@sample.example", issuer="A Fund")
    assert uri == f"otpauth://totp/A%20Fund:mara%40sample.example?secret={RFC_SECRET}&issuer=A%20Fund"


def test_a_recovery_code_is_the_same_however_it_is_written_down() -> None:
    person = uuid4()
    code = "0123-4567-89AB-CDEF-GHJK-MNPQ"
    for typed in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} ", "OI23-4567-89ab-cdef-ghjk-mnpq"):
        assert recovery.looks_like_one(typed)
        assert recovery.code_hash(person, typed) == recovery.code_hash(person, code), typed
    assert recovery.code_hash(uuid4(), code) != recovery.code_hash(person, code)
    assert not recovery.looks_like_one("123456")


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0", "Firefox/Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge/Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari/iPhone"),
        ("Mozilla/5.0 (Linux; Android 13) SamsungBrowser/23.0 Chrome/115.0 Mobile", "Samsung Internet/Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36", "Chrome/Linux"),
        ("curl/8", "/"),
        ("", "/"),
    ],
)
def test_a_device_has_a_label_of_a_closed_list(user_agent: str, label: str) -> None:
    assert device_label(user_agent) == label


@pytest.mark.parametrize(
    ("base_url", "site"),
    [
        ("https://fund.example", Site("fund.example", "https://fund.example")),
        ("https://fund.example:8443", Site("fund.example", "https://fund.example:8443")),
        ("http://localhost:8000", Site("localhost", "http://localhost:8000")),
        ("http://fund.example", None),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]", None),
    ],
)
def test_passkeys_are_for_secure_addresses_with_a_name(base_url: str, site: Site | None) -> None:
    assert passkeys.site_of(base_url) == site


def test_a_question_that_was_not_made_with_our_secret_is_not_ours() -> None:
    site = Site("localhost", "http://localhost")
    theirs, ours = (Asker(site, secret, "add", "browser") for secret in ("theirs", "ours"))
    options = passkeys.registration_options(
        theirs, user_id=b"1", user_name="Mara", site_name="A Fund", known=(), now=NOW
    )
    answer = Authenticator().create(json.loads(options))
    assert passkeys.check_registration(theirs, answer, NOW).challenge_at == NOW
    with pytest.raises(PasskeyRefused):
        passkeys.check_registration(ours, answer, NOW)
