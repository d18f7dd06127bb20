"""What administrators do with accounts: invite, close, open again, end sessions; never another's password."""

from datetime import datetime

from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.links import end_links, send_link
from fundapp.accounts.services.people import ensure_person, tell
from fundapp.accounts.services.roles import require_another_administrator
from fundapp.accounts.services.sessions import end_all_sessions
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.core.i18n import lazy_gettext as _l

HOME_PATH = "/home"


def invite_person(*, actor: Actor, email: str, name: str, language: str, secret_key: str, now: datetime) -> Person:
    """Make somebody known who will work here, and mail them a link for choosing a password if they have none.

    Roles are given apart. Raises RuleViolations for a bad address, NotAllowed.
    """
    actor.require(P.PERSON_MANAGE)
    person = ensure_person(email=email, name=name, language=language, now=now)
    record(actor=actor, action="person:invite", subject=person, now=now)
    if person.password_hash is None and person.is_active:
        send_link(person=person, purpose=LinkPurpose.SET_PASSWORD, secret_key=secret_key, now=now)
    return person


def disable_person(*, actor: Actor, person: Person, now: datetime) -> None:
    """Close an account: its sessions and links end now, and nobody signs in with it until it is opened again.

    Roles stay, so that opening it again restores them. Raises NotAllowed for one's own account, Conflict for that of
    the last administrator.
    """
    actor.require(P.PERSON_MANAGE)
    if actor.person_id == person.id:
        raise NotAllowed(P.PERSON_MANAGE, _l("Nobody closes their own account. Ask another administrator."))
    if not person.is_active:
        return
    require_another_administrator(actor=actor, person=person)
    person.is_active = False
    record(actor=actor, action="person:disable", subject=person, now=now)
    db.session.flush()
    end_all_sessions(actor=actor, person=person, now=now)
    end_links(person, now)
    tell(person, template="account_closed", path=HOME_PATH, now=now)


def enable_person(*, actor: Actor, person: Person, now: datetime) -> None:
    """Open a closed account again; the person has to sign in anew."""
    actor.require(P.PERSON_MANAGE)
    if person.is_active:
        return
    person.is_active = True
    record(actor=actor, action="person:enable", subject=person, now=now)
    db.session.flush()
    tell(person, template="account_opened", path=HOME_PATH, now=now)


def end_sessions_of(*, actor: Actor, person: Person, now: datetime) -> int:
    """Sign a person out of every browser; return how many."""
    actor.require(P.PERSON_MANAGE)
    return end_all_sessions(actor=actor, person=person, now=now)
