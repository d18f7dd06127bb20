"""An applicant takes an application back: here, because the list of decisions has a say in it."""

from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application
from fundapp.applications.queries.applicant import may_send
from fundapp.applications.transitions import APPLICATION
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.services.calls import lock_call, require_open_slate

MAX_REASON_CHARACTERS: Final = 1000


def withdraw_application(*, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Take an application back: nobody reads, scores or decides it any more, and what was sent stays kept.

    Questions that were open for correction or papers are closed. Raises NotAllowed for somebody who may only write,
    RuleViolations for a reason that is too long, Conflict once the list of decisions was sent for ratification, and
    InvalidTransition for what was not sent, is withdrawn already, or is decided.
    """
    actor.require(P.APPLICATION_WRITE)
    if not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can withdraw it."))
    if len(reason) > MAX_REASON_CHARACTERS:
        message = _l("Use at most %(count)s characters.", count=MAX_REASON_CHARACTERS)
        raise RuleViolations([Problem(message, field="reason")])
    if application.submitted_at is None:  # before any lock: whoever sends it just now locks the rest in another order
        raise InvalidTransition(_l("This application was not sent. You can simply leave it, or erase it."))
    lock_call(application.call)
    try:
        require_open_slate(application.call)
    except Conflict as error:
        message = _l(
            "Decisions about this call are being confirmed just now, so nothing can be withdrawn. Please write to us."
        )
        raise Conflict(message) from error
    apply_transition(
        APPLICATION,
        application,
        "withdraw",
        actor=actor,
        now=now,
        evidence={
            "withdrawn_at": now,
            "withdrawal_reason": reason.strip(),
            "eligibility_reason": "",
            "eligibility_by_id": None,
            "eligibility_at": None,
        },
        data={"reference": application.reference},
    )
    for reopening in application.reopenings:
        reopening.closed_at = reopening.closed_at or now
    db.session.flush()
