"""Announce a call: from then on everybody can read it."""

from datetime import datetime

from sqlalchemy import exists, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, CallInvitation
from fundapp.applications.transitions import CALL
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition


def require_for_new_calls(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may make calls: with the permission in every call, not in some alone."""
    if actor.calls_with(P.CALL_WRITE) is not None:
        raise NotAllowed(P.CALL_WRITE, _l("New calls are made by somebody who manages every call."))


def announce(*, actor: Actor, call: Call, now: datetime) -> None:
    """Announce a call that says all it has to. Raises RuleViolations for one by invitation that invites nobody."""
    if problems := invitation_problems(call):
        raise RuleViolations(problems)
    apply_transition(CALL, call, "publish", actor=actor, now=now, call_id=call.id)


def invitation_problems(call: Call) -> list[Problem]:
    """Return what is wrong where a call is by invitation, nobody is invited, and no nominations can change that."""
    if not call.invitation_only or call.nominations_open_at is not None:
        return []
    if db.session.scalar(select(exists().where(CallInvitation.call_id == call.id))):
        return []
    message = _l("A call by invitation needs a list of invitations.")
    return [Problem(message, field="call.invitations", place="call.toml, key call.invitations")]
