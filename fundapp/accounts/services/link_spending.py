"""Spend a one-time link or its code: the person has proved that the mailbox is theirs."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update

from fundapp.accounts import queries
from fundapp.accounts.models import LinkPurpose, OneTimeLink
from fundapp.accounts.secrets import link_code, token_hash
from fundapp.accounts.services.passwords import set_password
from fundapp.accounts.services.returned_mail import mail_arrived
from fundapp.accounts.services.sessions import open_session
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l

CODE_LIFE: Final = timedelta(minutes=10)
CODE_TRIES: Final = 3
"""Of a hundred million codes; asking for a new mail gives three more, and mails are limited too."""
SIGN_IN_PURPOSES: Final = (LinkPurpose.SIGN_IN, LinkPurpose.SET_PASSWORD)


def spend_link(
    *, token: str, now: datetime, password: str | None = None, words: Iterable[str] = (), device: str = ""
) -> tuple[str, str]:
    """Spend a link once, and with it all others of its person; return (session token, next path).

    A set-password link takes the new password along, and `words` that make a bad one. Raises Conflict when the link
    was spent, replaced or has expired, and RuleViolations for a bad password, after which the caller rolls back and
    nothing is spent.
    """
    link = queries.usable_link(token, now, *SIGN_IN_PURPOSES)
    if link is None:
        raise Conflict(_l("This link was used already, or it is too old. Ask for a new one."))
    spend(link, now)
    if link.purpose is LinkPurpose.SET_PASSWORD:
        actor = queries.actor_of(link.person)
        set_password(actor=actor, person=link.person, password=password or "", now=now, words=words)
    return open_session(person=link.person, now=now, device=device), link.next_path


def spend_code(*, browser: str, code: str, secret_key: str, now: datetime, device: str = "") -> tuple[str, str] | None:
    """Spend the link that this browser asked for by its code; return (session token, next path).

    None for a wrong code, which counts as a try of that link: the caller keeps that, whatever it answers.
    """
    link = right_link(browser=browser, code=code, purpose=LinkPurpose.SIGN_IN, secret_key=secret_key, now=now)
    if link is None:
        return None
    spend(link, now)
    return open_session(person=link.person, now=now, device=device), link.next_path


def right_link(*, browser: str, code: str, purpose: LinkPurpose, secret_key: str, now: datetime) -> OneTimeLink | None:
    """Return the open link whose code was typed in the browser that asked for it; count a wrong try otherwise."""
    figures = "".join(each for each in code if each.isdecimal() and each.isascii())
    links = (
        queries.links_asked_in(token_hash(browser), purpose, since=now - CODE_LIFE, now=now, max_tries=CODE_TRIES)
        if browser
        else []
    )
    right = [link for link in links if hmac.compare_digest(link_code(secret_key, link.id), figures)]
    if right:
        return right[0]
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id.in_([link.id for link in links]))
        .values(code_tries=OneTimeLink.code_tries + 1)
    )
    return None


def spend(link: OneTimeLink, now: datetime) -> None:
    """Spend a link that was found usable. Raises Conflict when somebody else was faster."""
    spent = db.session.scalar(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeLink.id)
    )
    if spent is None:
        raise Conflict(_l("This link was used already, or it is too old. Ask for a new one."))
    mail_arrived(link.person)
    actor = queries.actor_of(link.person)
    record(actor=actor, action="link:spend", subject=link, now=now, data={"purpose": link.purpose.value})
