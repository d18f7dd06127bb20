"""Spend a one-time link: the person has proved that the mailbox is theirs."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update

from fundapp.accounts import queries
from fundapp.accounts.models import LinkPurpose, OneTimeLink
from fundapp.accounts.services.links import end_links
from fundapp.accounts.services.passwords import set_password
from fundapp.accounts.services.sessions import open_session
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l


def spend_link(
    *, token: str, now: datetime, password: str | None = None, words: Iterable[str] = (), device: str = ""
) -> tuple[str, str]:
    """Spend a link once, and with it all others of its person; return (session token, next path).

    A set-password link takes the new password along, and `words` that make a bad one. Raises Conflict when the link
    was spent, replaced or has expired, and RuleViolations for a bad password, after which the caller rolls back and
    nothing is spent.
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
    end_links(person, now)
    if link.purpose is LinkPurpose.SET_PASSWORD:
        set_password(actor=actor, person=person, password=password or "", now=now, words=words)
    record(actor=actor, action="link:spend", subject=link, now=now, data={"purpose": link.purpose.value})
    return open_session(person=person, now=now, device=device), link.next_path
