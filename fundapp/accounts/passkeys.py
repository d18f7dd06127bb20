"""Passkeys: what a browser is asked, and whether its answer is right. No database, no web.

The question (challenge) is random, and carries when, for what and for which browser it was made, under the server's
secret: nothing needs to be kept of questions that nobody answers. Who answers one spends it (services.proofs).

Source: Web Authentication level 2 (W3C), sections 7.1 and 7.2, done by the webauthn library.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_LIFE: Final = timedelta(minutes=30)
"""A page may be open for a while before its button is pressed; each question is answered once all the same."""
MAX_ANSWER_CHARACTERS: Final = 20_000
_RANDOM_BYTES: Final = 16
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 32
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CREDENTIAL_ID: Final = re.compile(r"[\w-]{1,1400}\Z", re.ASCII)


class PasskeyRefused(Exception):
    """The answer is not one to a question of ours, or not by the passkey that it names."""


@dataclass(frozen=True)
class Site:
    """For whom passkeys are made: a host name and the one origin that pages are served from."""

    host: str
    origin: str


@dataclass(frozen=True)
class Asker:
    """Who asks what: the site, its secret, what the answer is for, and the browser that is asked."""

    site: Site
    secret_key: str
    purpose: str
    browser: str


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey that was just made."""

    credential_id: str
    public_key: bytes
    sign_count: int
    challenge_at: datetime


@dataclass(frozen=True)
class Answer:
    """What a right answer says."""

    sign_count: int
    challenge_at: datetime
    is_user_verified: bool


def site_of(base_url: str) -> Site | None:
    """Return the site at an address; None where browsers make no passkeys: without a host name or without TLS."""
    address = urlsplit(base_url)
    host = address.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        is_safe = address.scheme == "https" or host == "localhost"
        return Site(host, f"{address.scheme}://{address.netloc}") if host and is_safe else None
    return None


def registration_options(
    asker: Asker, *, user_id: bytes, user_name: str, site_name: str, known: Sequence[str], now: datetime
) -> str:
    """Return, as JSON, what a browser needs to make a passkey; `known` credentials are not made twice."""
    options = generate_registration_options(
        rp_id=asker.site.host,
        rp_name=site_name,
        user_id=user_id,
        user_name=user_name,
        challenge=_new_challenge(asker, now),
        exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(options)


def authentication_options(asker: Asker, *, known: Sequence[str], verify_user: bool, now: datetime) -> str:
    """Return, as JSON, what a browser needs to use a passkey: one of the `known`, or (none) any for this site."""
    options = generate_authentication_options(
        rp_id=asker.site.host,
        challenge=_new_challenge(asker, now),
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED
        if verify_user
        else UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(options)


def credential_id_of(response: str) -> str:
    """Return which passkey an answer names, before anything of it is believed. Raises PasskeyRefused."""
    credential_id = _read(response).get("id")
    if not isinstance(credential_id, str) or not _CREDENTIAL_ID.match(credential_id):
        raise PasskeyRefused("no credential is named")
    return credential_id


def check_registration(asker: Asker, response: str, now: datetime) -> NewPasskey:
    """Return the passkey that an answer brings. Raises PasskeyRefused."""
    challenge, asked_at = _challenge_in(asker, response, now)
    try:
        verified = verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=asker.site.host,
            expected_origin=asker.site.origin,
        )
    except Exception as error:  # whatever the library stumbles over in bytes from outside, the answer is no
        raise PasskeyRefused(type(error).__name__) from error
    return NewPasskey(
        credential_id=bytes_to_base64url(verified.credential_id),
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        challenge_at=asked_at,
    )


def check_authentication(
    asker: Asker, response: str, *, public_key: bytes, sign_count: int, verify_user: bool, now: datetime
) -> Answer:
    """Return what an answer by this passkey says. Raises PasskeyRefused."""
    challenge, asked_at = _challenge_in(asker, response, now)
    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=asker.site.host,
            expected_origin=asker.site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=verify_user,
        )
    except Exception as error:  # whatever the library stumbles over in bytes from outside, the answer is no
        raise PasskeyRefused(type(error).__name__) from error
    return Answer(sign_count=verified.new_sign_count, challenge_at=asked_at, is_user_verified=verified.user_verified)


def _new_challenge(asker: Asker, now: datetime) -> bytes:
    body = secrets.token_bytes(_RANDOM_BYTES) + ((now - _EPOCH) // _MICROSECOND).to_bytes(_TIME_BYTES)
    return body + _mac(asker, body)


def _mac(asker: Asker, body: bytes) -> bytes:
    message = b"\0".join([b"passkey", asker.purpose.encode(), asker.browser.encode(), body])
    return hmac.digest(asker.secret_key.encode(), message, hashlib.sha256)


def _challenge_in(asker: Asker, response: str, now: datetime) -> tuple[bytes, datetime]:
    """Return the question that was answered, and when it was asked; only one of ours, and not too old."""
    inner = _read(response).get("response")
    encoded = inner.get("clientDataJSON") if isinstance(inner, dict) else None
    try:
        client_data = json.loads(base64url_to_bytes(str(encoded)))
        challenge = base64url_to_bytes(client_data["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PasskeyRefused("no question is named") from error
    body, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    if len(body) != _RANDOM_BYTES + _TIME_BYTES or not hmac.compare_digest(mac, _mac(asker, body)):
        raise PasskeyRefused("not a question of ours")
    asked_at = _EPOCH + int.from_bytes(body[_RANDOM_BYTES:]) * _MICROSECOND
    if not asked_at <= now < asked_at + CHALLENGE_LIFE:
        raise PasskeyRefused("too old")
    return challenge, asked_at


def _read(response: str) -> dict[str, object]:
    if len(response) > MAX_ANSWER_CHARACTERS:
        raise PasskeyRefused("too long")
    try:
        read = json.loads(response)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused("not JSON") from error
    if not isinstance(read, dict):
        raise PasskeyRefused("not an answer")
    return read


def _described(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]
