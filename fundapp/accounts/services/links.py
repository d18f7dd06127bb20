"""Mail one-time links, and spend them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import update

from fundapp.accounts import queries
from fundapp.accounts.models import LinkPurpose, OneTimeLink, Person
from fundapp.accounts.rules import checked_email, safe_next_path
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.core import mail
from fundapp.core.db import db

LINK_LIFE: Final = {
    LinkPurpose.SIGN_IN: timedelta(hours=24),
    LinkPurpose.SET_PASSWORD: timedelta(days=14),
}


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


def end_links(person: Person, now: datetime) -> None:
    """End all links of a person that were not spent."""
    db.session.execute(
        update(OneTimeLink).where(OneTimeLink.person_id == person.id, OneTimeLink.used_at.is_(None)).values(used_at=now)
    )
