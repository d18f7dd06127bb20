"""Ratifying a list that others decided, or sending it back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Decision, Slate
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_sight_of_all
from fundapp.review.transitions import SLATE


def ratify_slate(*, actor: Actor, slate: Slate, now: datetime) -> None:
    """Ratify a list that others decided and sent.

    Raises NotAllowed for whoever sent it or decided anything on it, and for somebody in conflict with anything on it.
    """
    _require_second_person(actor, slate)
    apply_transition(
        SLATE,
        slate,
        "ratify",
        actor=actor,
        now=now,
        call_id=slate.call_id,
        evidence={"ratified_by_id": actor.person_id, "ratified_at": now},
    )
    _tell_proposer(slate.proposed_by_id, f"/manage/{slate.call.slug}", now)


def send_back_slate(*, actor: Actor, slate: Slate, reason: str, now: datetime) -> None:
    """Send the list back to those who decide, with the reason. Raises RuleViolations without one, NotAllowed."""
    _require_second_person(actor, slate)
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    proposer_id = slate.proposed_by_id
    apply_transition(
        SLATE,
        slate,
        "send_back",
        actor=actor,
        now=now,
        call_id=slate.call_id,
        evidence={
            "proposed_by_id": None,
            "proposed_at": None,
            "tally": {},
            "return_reason": reason.strip(),
        },
    )
    _tell_proposer(proposer_id, f"/manage/{slate.call.slug}/selection", now)


def _require_second_person(actor: Actor, slate: Slate) -> None:
    call = db.session.get_one(Call, slate.call_id)
    actor.require(P.DECISION_RATIFY, call.id)
    lock_call(call)
    db.session.refresh(slate)
    decided = db.session.scalar(
        select(func.count())
        .select_from(Decision)
        .where(Decision.slate_id == slate.id, Decision.decided_by_id == actor.person_id)
    )
    if decided or slate.proposed_by_id == actor.person_id:
        raise NotAllowed(P.DECISION_RATIFY, _l("You decided or sent this list. Somebody else must look at it."))
    require_sight_of_all(actor, call, P.DECISION_RATIFY)


def _tell_proposer(person_id: UUID | None, path: str, now: datetime) -> None:
    if person_id is not None:
        tell(db.session.get_one(Person, person_id), template="news", path=path, now=now)
