"""What managers decide about applications: eligibility."""

from datetime import datetime

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call
from fundapp.applications.transitions import APPLICATION
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
