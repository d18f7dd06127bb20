"""Mail one-time links and the codes that go with them, and end them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import update

from fundapp.accounts import queries
from fundapp.accounts.models import LinkPurpose, OneTimeLink, Person
from fundapp.accounts.rules import checked_email, safe_next_path
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.accounts.services.people import write_to, write_to_address
from fundapp.core.db import db

LINK_LIFE: Final = {
    LinkPurpose.SIGN_IN: timedelta(hours=24),
    LinkPurpose.SET_PASSWORD: timedelta(days=14),
    LinkPurpose.CONFIRM_ADDRESS: timedelta(hours=24),
    LinkPurpose.REVERT_ADDRESS: timedelta(hours=72),
}
TEMPLATES: Final = {
    LinkPurpose.SIGN_IN: "sign_in",
    LinkPurpose.SET_PASSWORD: "set_password",
    LinkPurpose.CONFIRM_ADDRESS: "confirm_address",
    LinkPurpose.REVERT_ADDRESS: "revert_address",
}
ENDED_BY_SIGN_IN: Final = (LinkPurpose.SIGN_IN, LinkPurpose.SET_PASSWORD)
"""A way back to one's own address outlives a thief's sign-in."""


def send_link(
    *,
    person: Person,
    purpose: LinkPurpose,
    secret_key: str,
    now: datetime,
    next_path: str = "",
    language: str = "",
    browser: str = "",
    address: str = "",
) -> OneTimeLink:
    """Mail a one-time link to a person, or to another `address`; an older one for the same purpose ends, but none that
    undoes a change of address: whoever changes it twice must not end the owner's way back.

    Token and code are derived from the link's id: only a hash of the token is kept. `browser` is the name of the one
    that asked ("": none did); the code works in that one alone.
    """
    link = OneTimeLink(
        id=uuid4(),
        person_id=person.id,
        purpose=purpose,
        next_path=safe_next_path(next_path),
        created_at=now,
        expires_at=now + LINK_LIFE[purpose],
        token_hash="",
        browser_hash=token_hash(browser) if browser else None,
    )
    link.token_hash = token_hash(link_token(secret_key, link.id))
    if purpose is not LinkPurpose.REVERT_ADDRESS:
        _end(person, now, (purpose,))
    db.session.add(link)
    data = {"link_id": str(link.id), "has_code": bool(browser)}
    if address:
        write_to_address(address, template=TEMPLATES[purpose], data=data, now=now, language=language or person.language)
    else:
        write_to(person, template=TEMPLATES[purpose], data=data, now=now, language=language)
    return link


def request_sign_in(
    *, email: str, secret_key: str, now: datetime, next_path: str = "", language: str = "en", browser: str = ""
) -> None:
    """Mail a sign-in link if the address belongs to an open account, else a mail that says there is none.

    Whoever asks learns nothing: both cost the same and answer alike. Raises RuleViolations for something that is no
    address at all.
    """
    address = checked_email(email)
    person = queries.person_by_email(address)
    if person is None or not person.is_active:
        write_to_address(address, template="no_account", data={"path": "/"}, now=now, language=language)
        return
    send_link(
        person=person,
        purpose=LinkPurpose.SIGN_IN,
        secret_key=secret_key,
        now=now,
        next_path=next_path,
        language=language,
        browser=browser,
    )


def end_links(person: Person, now: datetime) -> None:
    """End all links with which a person could sign in."""
    _end(person, now, ENDED_BY_SIGN_IN)


def end_pending_changes(person: Person, now: datetime) -> None:
    """End the link that would still confirm a new address: whoever asked for it may be the one who is thrown out."""
    _end(person, now, (LinkPurpose.CONFIRM_ADDRESS,))


def _end(person: Person, now: datetime, purposes: tuple[LinkPurpose, ...]) -> None:
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.person_id == person.id, OneTimeLink.purpose.in_(purposes), OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )
