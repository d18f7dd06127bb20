"""Second factors for tests: given to people, and used on pages."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp.accounts import totp
from fundapp.accounts.models import AuthenticatorApp, Passkey, Person
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services import factors
from fundapp.core.audit import record
from fundapp.core.db import db

from .authenticator import Authenticator


def give_app(person: Person) -> str:
    """Give somebody an authenticator app, of which no code was spent lately; return its secret."""
    secret = totp.new_secret()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    app = AuthenticatorApp(
        id=uuid4(),
        person_id=person.id,
        name="Phone",
        secret=secret,
        created_at=long_ago,
        confirmed_at=long_ago,
        last_step=int(long_ago.timestamp()) // totp.STEP_SECONDS,
    )
    db.session.add(app)
    record(actor=system_actor(), action="factor:add", subject=person, now=long_ago)
    db.session.flush()
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return the code that an app shows now, or `steps` of half a minute later (negative: earlier)."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def give_recovery_codes(person: Person) -> list[str]:
    """Give somebody a sheet of recovery codes."""
    return factors.make_recovery_codes(actor=system_actor(), person=person, now=datetime.now(UTC))


def add_passkey(client: FlaskClient, device: Authenticator, name: str = "Key") -> TestResponse:
    """Make a passkey on a device, through the page that a signed-in client opens."""
    page = client.get("/account/security/passkeys/new")
    data = {"name": name, "answer": device.create(passkey_options(page))}
    return client.post("/account/security/passkeys/new", data=data)


def passkey_options(page: TestResponse) -> dict[str, Any]:
    """Return what a page asks of a browser's passkeys."""
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found, page.text
    options: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return options


def passkeys_of(person: Person) -> list[Passkey]:
    return list(db.session.scalars(select(Passkey).where(Passkey.person_id == person.id)))
