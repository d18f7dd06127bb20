"""A later deadline for one application, with a reason that its people read."""

from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, Call, CallStatus
from fundapp.applications.queries.applicant import holders_of
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_REASON_CHARACTERS: Final = 1000


def give_later_deadline(
    *, actor: Actor, application: Application, closes_at: datetime, reason: str, now: datetime
) -> None:
    """Let one application be sent until a later instant (exclusive) than all others; tell its people there is news.

    Raises RuleViolations unless it lies after both the application's present deadline and now, without a reason, and
    once the call is decided; NotAllowed.
    """
    actor.require(P.CALL_EXTEND, application.call_id)
    call = application.call
    db.session.refresh(call, with_for_update={"of": Call, "read": True})
    db.session.refresh(application, ["closes_at", "version"], with_for_update={"of": Application})
    before = application.deadline
    problems = []
    if call.status is CallStatus.DECIDED:
        problems.append(Problem(_l("This call is decided. No deadline can be moved any more.")))
    if closes_at <= before:
        problems.append(Problem(_l("The new deadline must be later than the one it has now."), field="closes_on"))
    elif closes_at <= now:
        problems.append(Problem(_l("The new deadline must be in the future."), field="closes_on"))
    if not reason.strip():
        problems.append(Problem(_l("Say why this application gets more time."), field="reason"))
    elif len(reason) > MAX_REASON_CHARACTERS:
        problems.append(Problem(_l("Use at most %(count)s characters.", count=MAX_REASON_CHARACTERS), field="reason"))
    if problems:
        raise RuleViolations(problems)
    application.closes_at = closes_at
    application.closes_at_reason = reason.strip()
    record(
        actor=actor,
        action="application:extend",
        subject=application,
        now=now,
        call_id=call.id,
        data={"reference": application.reference, "from": before.isoformat(), "to": closes_at.isoformat()},
    )
    for person in holders_of(application):
        tell(person, template="news", path=f"/applications/{application.id}", now=now)
    db.session.flush()
