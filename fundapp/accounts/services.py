"""What people can do about accounts: be made known, sign in, sign out, be given a role."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update

from fundapp.accounts import queries
from fundapp.accounts.models import (
    LinkPurpose,
    Membership,
    OneTimeLink,
    Organisation,
    Person,
    RoleGrant,
    SignInSession,
)
from fundapp.accounts.permissions import Actor, Role
from fundapp.accounts.rules import checked_email, fold_organisation_name, password_problems, safe_next_path
from fundapp.accounts.secrets import hash_password, link_token, new_token, password_matches, token_hash
from fundapp.core import mail
from fundapp.core.audit import record
from fundapp.core.db import db, insert_or_find
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

SESSION_LIFE: Final = timedelta(days=14)
"""Long, because forms are long and connections are bad; signing out ends it at once."""
LINK_LIFE: Final = {
    LinkPurpose.SIGN_IN: timedelta(hours=24),
    LinkPurpose.SET_PASSWORD: timedelta(days=14),
}


def ensure_person(*, email: str, now: datetime, name: str = "", language: str = "en") -> Person:
    """Return the person with this address, made if unknown. Raises RuleViolations for a bad address.

    An existing person's name and language are theirs: they are not changed here.
    """
    address = checked_email(email)
    known = queries.person_by_email(address)
    if known is not None:
        return known
    person = Person(email=address, name=name, language=language, created_at=now)
    return insert_or_find(person, lambda: queries.person_by_email(address))


def ensure_organisation(*, name: str, now: datetime) -> Organisation:
    """Return the organisation with this name (case and spacing folded), made if unknown."""
    known = queries.organisation_by_name(name)
    if known is not None:
        return known
    organisation = Organisation(name=name, name_key=fold_organisation_name(name), created_at=now)
    return insert_or_find(organisation, lambda: queries.organisation_by_name(name))


def ensure_membership(*, person: Person, organisation: Organisation, now: datetime) -> None:
    """Make a person belong to an organisation."""

    def find() -> Membership | None:
        return db.session.scalar(
            select(Membership).where(Membership.person_id == person.id, Membership.organisation_id == organisation.id)
        )

    if find() is None:
        insert_or_find(Membership(person_id=person.id, organisation_id=organisation.id, created_at=now), find)


def grant_role(*, actor: Actor, person: Person, role: Role, now: datetime, call_id: UUID | None = None) -> None:
    """Give a person a role, everywhere or in one call; giving it twice changes nothing.

    The caller's use case checks the permission (inviting a reviewer, running the command line).
    """
    known = db.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.person_id == person.id, RoleGrant.role == role, RoleGrant.call_id.is_not_distinct_from(call_id)
        )
    )
    if known is None:
        db.session.add(RoleGrant(person_id=person.id, role=role, call_id=call_id, granted_at=now))
        record(
            actor=actor,
            action="role:grant",
            subject=person,
            now=now,
            call_id=call_id,
            data={"role": role.value},
        )
        db.session.flush()


def set_password(*, actor: Actor, person: Person, password: str, now: datetime) -> None:
    """Set a person's password, and end all their sessions and links. Raises RuleViolations."""
    if problems := password_problems(password):
        raise RuleViolations(problems)
    person.password_hash = hash_password(password)
    db.session.execute(delete(SignInSession).where(SignInSession.person_id == person.id))
    _end_links(person, now)
    record(actor=actor, action="password:set", subject=person, now=now)
    db.session.flush()


def sign_in_with_password(*, email: str, password: str, now: datetime) -> str | None:
    """Return a new session's token, or None; an unknown address costs the same work as a wrong password."""
    person = queries.person_by_email(email)
    matches = password_matches(password, person.password_hash if person else None)
    if person is None or not matches or not person.is_active:
        return None
    return open_session(person=person, now=now)


def send_link(
    *, person: Person, purpose: LinkPurpose, secret_key: str, now: datetime, next_path: str = "", language: str = ""
) -> OneTimeLink:
    """Mail a one-time link. The token is derived from the link's id, so only its hash is kept."""
    link = OneTimeLink(
        id=uuid4(),
        person_id=person.id,
        purpose=purpose,
        next_path=safe_next_path(next_path),
        created_at=now,
        expires_at=now + LINK_LIFE[purpose],
        token_hash="",
    )
    link.token_hash = token_hash(link_token(secret_key, link.id))
    db.session.add(link)
    mail.queue_mail(
        to_address=person.email,
        language=language or person.language,
        template="set_password" if purpose is LinkPurpose.SET_PASSWORD else "sign_in",
        data={"link_id": str(link.id)},
        now=now,
    )
    return link


def tell(person: Person, *, template: str, path: str, now: datetime) -> None:
    """Mail a person, in their language, that something waits at `path`; never what it is."""
    mail.queue_mail(to_address=person.email, language=person.language, template=template, data={"path": path}, now=now)


def request_sign_in(*, email: str, secret_key: str, now: datetime, next_path: str = "", language: str = "en") -> None:
    """Mail a sign-in link if the address is known and active; say nothing either way.

    Raises RuleViolations for something that is no address at all.
    """
    person = queries.person_by_email(checked_email(email))
    if person is not None and person.is_active:
        send_link(
            person=person,
            purpose=LinkPurpose.SIGN_IN,
            secret_key=secret_key,
            now=now,
            next_path=next_path,
            language=language,
        )


def spend_link(*, token: str, now: datetime, password: str | None = None) -> tuple[str, str]:
    """Spend a link once, and with it all others of its person; return (session token, next path).

    A set-password link takes the new password along. Raises Conflict when the link was spent, replaced or has
    expired, and RuleViolations for a bad password, after which the caller rolls back and nothing is spent.
    """
    link = queries.usable_link(token, now)
    if link is None:
        raise Conflict(_l("This link was used already, or it is too old. Ask for a new one."))
    spent = db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeLink.id)
    ).scalar()
    if spent is None:
        raise Conflict(_l("This link was used already, or it is too old. Ask for a new one."))
    person = link.person
    actor = queries.actor_of(person)
    _end_links(person, now)
    if link.purpose is LinkPurpose.SET_PASSWORD:
        set_password(actor=actor, person=person, password=password or "", now=now)
    record(actor=actor, action="link:spend", subject=link, now=now, data={"purpose": link.purpose.value})
    return open_session(person=person, now=now), link.next_path


def sign_out(*, token: str) -> None:
    """End the session of a cookie's token."""
    db.session.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash(token)))


def open_session(*, person: Person, now: datetime) -> str:
    """Open a session for a person who has proved who they are; return the token for their cookie."""
    token = new_token()
    db.session.add(
        SignInSession(token_hash=token_hash(token), person_id=person.id, created_at=now, expires_at=now + SESSION_LIFE)
    )
    record(actor=queries.actor_of(person), action="session:open", subject=person, now=now)
    db.session.flush()
    return token


def _end_links(person: Person, now: datetime) -> None:
    db.session.execute(
        update(OneTimeLink).where(OneTimeLink.person_id == person.id, OneTimeLink.used_at.is_(None)).values(used_at=now)
    )
