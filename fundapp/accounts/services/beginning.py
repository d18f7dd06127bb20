"""People who begin at once: they have neither an address nor a reference yet, and come back by their browser alone."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from fundapp.accounts.models import Person, SignInSession
from fundapp.accounts.passphrases import new_words
from fundapp.accounts.permissions import Actor, system_actor
from fundapp.accounts.secrets import new_token, token_hash
from fundapp.accounts.services.passphrases import set_passphrase
from fundapp.core.audit import record
from fundapp.core.db import db, insert_or_find
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l

SAME_BEGINNING: Final = timedelta(hours=1)
"""For how long the same button pressed again means the same beginning."""


def begin(*, browser: str, key: str, language: str, now: datetime) -> Person:
    """Return the person who begins in a browser by a button; pressing it again within SAME_BEGINNING is the same one.

    `browser` is the secret name of the browser and `key` what stood in its page: whoever has not both begins anew.
    """
    begin_key = token_hash(f"{browser}:{key}") if browser and key else ""
    known = _who_began(begin_key)
    if known is not None and now < known.created_at + SAME_BEGINNING and known.is_active:
        return known
    if known is not None or not begin_key:
        begin_key = token_hash(new_token())
    person = Person(language=language, begin_key=begin_key, created_at=now)
    kept = insert_or_find(person, lambda: _who_began(begin_key))
    if kept is person:
        record(actor=system_actor(), action="person:add", subject=person, now=now, data={"by": "beginning"})
    return kept


def keep_by_words(*, actor: Actor, person: Person, now: datetime) -> list[str]:
    """Give somebody who began without an address a reference and words; return the words, which nobody keeps.

    Raises Conflict for somebody who has a way to come back.
    """
    if person.begin_key is None:
        raise Conflict(_l("You have a way to come back already."))
    words = new_words(person.language)
    set_passphrase(person, words)
    person.begin_key = None
    # Until now their browser was all that proved who they are, so for a short while it may have new words made.
    db.session.execute(update(SignInSession).where(SignInSession.person_id == person.id).values(proved_at=now))
    record(actor=actor, action="passphrase:make", subject=person, now=now)
    return words


def _who_began(begin_key: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.begin_key == begin_key)) if begin_key else None
