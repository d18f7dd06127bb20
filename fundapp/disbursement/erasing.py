"""Erase letters: that there was one, of which kind and when, stays."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.disbursement.models import Letter


def blank_letters(*, actor: Actor, application: Application, now: datetime) -> list[str]:
    """Erase the contents of an application's letters; return the stored files that they pointed to."""
    files = []
    for letter in db.session.scalars(select(Letter).where(Letter.application_id == application.id)):
        if letter.stored_as is not None:
            letter.content = {}
            files.append(letter.stored_as)
        files += [superseded.stored_as for superseded in letter.superseded]
        record(actor=actor, action="letter:erase", subject=letter, now=now, call_id=application.call_id)
    return files
