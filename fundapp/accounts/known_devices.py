"""Devices that have signed in to an account before, told by a signed cookie of their own.

Strangers who guess at an account use up the tries of strangers only: its owner, on a known device, has their own. The
cookie names no account: it holds hashes of those that were entered here, and a random name of the device.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any, Final, cast

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from fundapp.accounts.rules import fold_account

LIFE: Final = timedelta(days=180)
MAX_ACCOUNTS: Final = 10
"""Names of accounts: of a device that several people share, those who came last are known."""


def known_as(account: str) -> str:
    """Return the name of this device if an account (folded; "": any at all) was entered on it before, else ""."""
    device, accounts = _read()
    return device if not account or _hash(account) in accounts else ""


def remember(*accounts: str | None) -> None:
    """Let the answer to this request make the device known for a person's account, by each name that it has."""
    device, known = _read()
    ours = [_hash(fold_account(account)) for account in accounts if account]
    kept = [*(each for each in known if each not in ours), *ours][-MAX_ACCOUNTS:]
    value = _serializer().dumps({"device": device or secrets.token_hex(8), "accounts": kept})

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            value,
            max_age=LIFE,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    cookie = request.cookies.get(_cookie_name(), "")
    try:
        read: dict[str, Any] = _serializer().loads(cookie, max_age=int(LIFE.total_seconds()))
    except BadData:
        return "", []
    return str(read["device"]), [str(each) for each in read["accounts"]]


def _hash(account: str) -> str:
    key = cast(str, current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"known-device:" + account.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]


def _cookie_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-device")
