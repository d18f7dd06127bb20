"""Reminders of awards that go out by themselves: the reconciler finds them, the outbox keeps each one, once."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from fundapp.core import outbox
from fundapp.core.db import db
from fundapp.core.outbox import Finish, JobKind
from fundapp.disbursement.models import Award
from fundapp.disbursement.queries.reminders import waiting_reminders
from fundapp.disbursement.services.offers import remind_when_due

REMIND_KIND: Final = "offer:remind"
"""The outbox work that reminds the people of one award."""


def look_for_reminders(now: datetime) -> None:
    """Write the work of each reminder that waits: one for an award and the instant since which it does."""
    for award_id, since in list(waiting_reminders(now)):
        key = f"{REMIND_KIND}:{award_id}:{since.isoformat()}"
        try:
            with db.session.begin_nested():
                outbox.enqueue(kind=REMIND_KIND, subject_id=award_id, now=now, dedup_key=key)
        except IntegrityError:
            continue  # another reconciler wrote it at this moment


def remind_job() -> JobKind:
    """Return the outbox work that reminds of an award, unless somebody answered or was told of it meanwhile."""

    def work(award_id: UUID) -> Finish:
        def finish(now: datetime) -> None:
            remind_when_due(award=db.session.get_one(Award, award_id), now=now)

        return finish

    def gave_up(_award_id: UUID, _now: datetime, _error: str) -> None:
        """The award waits on its people's page all the same, and a person can remind them."""

    return JobKind(name=REMIND_KIND, work=work, gave_up=gave_up)
