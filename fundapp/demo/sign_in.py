"""How visitors of the demo sign in: staff by a password and a code, reviewers by a password, applicants by a link."""

from datetime import datetime
from typing import NamedTuple

import pyotp
from sqlalchemy import select

from fundapp.accounts.factor_queries import apps_of
from fundapp.accounts.links import link_url
from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.permissions import needs_second_factor, system_actor
from fundapp.accounts.queries import actor_of
from fundapp.accounts.services import factors
from fundapp.accounts.services.links import send_link
from fundapp.accounts.services.passwords import set_password
from fundapp.applications.models import Application, Call
from fundapp.core.db import db
from fundapp.demo.samples import ensure_staff
from fundapp.review.models import Reviewer


class SignIn(NamedTuple):
    """Somebody who can sign in, and with what."""

    role: str
    email: str
    how: str
    second_step: "SecondStep | None" = None


class SecondStep(NamedTuple):
    """What staff give besides the password: a code of an app that was told the secret, or one of the codes."""

    secret: str
    codes: list[str]


def sample_reviewer(call: Call) -> Person:
    """Return the reviewer of a call whose readings are left to visitors: the first by address."""
    found = select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.call_id == call.id)
    return min(db.session.scalars(found), key=lambda person: person.email)


def let_in(call: Call, *, password: str, secret_key: str, now: datetime) -> list[SignIn]:
    """Give the sample's staff and one reviewer the password, and one applicant a new link."""
    staff = ensure_staff(now)
    found = []
    for role, person in (
        ("manager", staff.manager),
        ("ratifier", staff.ratifier),
        ("auditor", staff.auditor),
        ("administrator", staff.administrator),
        ("reviewer", sample_reviewer(call)),
    ):
        if person.password_hash is None:
            set_password(actor=system_actor(), person=person, password=password, now=now)
        found.append(SignIn(role, person.email, password, _second_step(person, now)))
    applicant = _first_applicant(call)
    link = send_link(person=applicant, purpose=LinkPurpose.SIGN_IN, secret_key=secret_key, now=now)
    return [*found, SignIn("applicant", applicant.email, link_url(str(link.id)))]


def _second_step(person: Person, now: datetime) -> SecondStep | None:
    """Give somebody whose role needs it an app for codes, once, and new recovery codes each time."""
    actor = actor_of(person)
    if not needs_second_factor(actor.grants):
        return None
    apps = apps_of(person.id)
    if not apps:
        app = factors.start_app(actor=actor, person=person, now=now)
        code = pyotp.TOTP(app.secret).at(now)
        apps = [factors.confirm_app(actor=actor, person=person, code=code, name="Sample phone", now=now)]
    codes = factors.make_recovery_codes(actor=actor, person=person, now=now, tell=False)
    return SecondStep(apps[0].secret, codes)


def _first_applicant(call: Call) -> Person:
    found = select(Person).join(Application, Application.person_id == Person.id).where(Application.call_id == call.id)
    return db.session.scalars(found.order_by(Application.reference).limit(1)).one()
