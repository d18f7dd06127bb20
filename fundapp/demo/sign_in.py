"""How visitors of the demo sign in: staff and reviewers by a password, applicants by a link as in their mail."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from fundapp.accounts.links import link_url
from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.permissions import system_actor
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
        ("reviewer", sample_reviewer(call)),
    ):
        if person.password_hash is None:
            set_password(actor=system_actor(), person=person, password=password, now=now)
        found.append(SignIn(role, person.email, password))
    applicant = _first_applicant(call)
    link = send_link(person=applicant, purpose=LinkPurpose.SIGN_IN, secret_key=secret_key, now=now)
    return [*found, SignIn("applicant", applicant.email, link_url(str(link.id)))]


def _first_applicant(call: Call) -> Person:
    found = select(Person).join(Application, Application.person_id == Person.id).where(Application.call_id == call.id)
    return db.session.scalars(found.order_by(Application.reference).limit(1)).one()
