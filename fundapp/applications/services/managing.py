"""What managers decide about applications and calls: eligibility, and a later deadline."""

from collections.abc import Mapping
from datetime import datetime

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call, CallStatus, DeadlineExtension
from fundapp.applications.transitions import APPLICATION
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition


def mark_eligible(*, actor: Actor, application: Application, now: datetime, reason: str = "") -> None:
    """Let an application go on to the reviewers. Raises InvalidTransition and NotAllowed."""
    _decide_eligibility("mark_eligible", actor, application, reason, now)


def mark_ineligible(*, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Stop an application before review, with the reason that its notice gives.

    Raises RuleViolations without a reason, InvalidTransition and NotAllowed.
    """
    if not reason.strip():
        raise RuleViolations([Problem(_l("Say why this application is not eligible."), field="reason")])
    _decide_eligibility("mark_ineligible", actor, application, reason, now)


def extend_deadline(
    *, actor: Actor, call: Call, closes_at: datetime, reasons: Mapping[str, str], now: datetime
) -> DeadlineExtension:
    """Move a call's deadline later for everyone; `reasons` says why, by language, to the public.

    `closes_at` is an aware instant, exclusive. Raises RuleViolations (field closes_on) unless it lies after both the
    present deadline and now, and when the call is decided.
    """
    actor.require(P.CALL_EXTEND, call.id)
    db.session.refresh(call, with_for_update={"of": Call})
    if call.status is CallStatus.DECIDED:
        raise RuleViolations([Problem(_l("This call is decided. Its deadline can't be moved any more."))])
    if closes_at <= call.closes_at:
        raise RuleViolations([Problem(_l("The new deadline must be later than the present one."), field="closes_on")])
    if closes_at <= now:
        raise RuleViolations([Problem(_l("The new deadline must be in the future."), field="closes_on")])
    extension = DeadlineExtension(
        call_id=call.id,
        closed_at_before=call.closes_at,
        closes_at=closes_at,
        reasons=dict(reasons),
        extended_by_id=actor.person_id,
        extended_at=now,
    )
    db.session.add(extension)
    call.closes_at = closes_at
    db.session.flush()
    record(
        actor=actor,
        action="call:extend",
        subject=call,
        now=now,
        call_id=call.id,
        data={
            "extension": str(extension.id),
            "from": extension.closed_at_before.isoformat(),
            "to": closes_at.isoformat(),
        },
    )
    db.session.flush()
    return extension


def _decide_eligibility(event: str, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    db.session.refresh(application.call, with_for_update={"of": Call, "read": True})  # not decided meanwhile
    apply_transition(
        APPLICATION,
        application,
        event,
        actor=actor,
        now=now,
        call_id=application.call_id,
        evidence={
            "eligibility_reason": reason.strip(),
            "eligibility_by_id": actor.person_id,
            "eligibility_at": now,
        },
        data={"reference": application.reference},
    )
