"""What changes around reviews and decisions need first: the call's row locked, its list of decisions open."""

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Slate, SlateStatus
from fundapp.review.queries.line_draw import lots_are_fixed
from fundapp.review.queries.pools import scores_are_opened
from fundapp.review.queries.selection import current_slate, sees_everything


def lock_call(call: Call) -> None:
    """Make others who decide, review or plan in this call wait until this transaction ends."""
    db.session.execute(select(Call.id).where(Call.id == call.id).with_for_update())


def require_open_slate(call: Call) -> Slate | None:
    """Return the list of decisions, read afresh (None before the first decision). Call `lock_call` before.

    Raises Conflict once the list was sent for ratification.
    """
    slate = current_slate(call=call)
    if slate is not None:
        db.session.refresh(slate)
        if slate.status is not SlateStatus.OPEN:
            raise Conflict(
                _l("The list of decisions is with the ratifiers. Nothing can change unless they send it back.")
            )
    return slate


def require_reviewing(call: Call) -> None:
    """Raise Conflict once nothing about reviews may change: who reads what, and what was given, stands fast.

    That is so when the list of decisions was sent, when lots were fixed that decide among those at the line, and where
    applicants review each other when the scores were opened:
    whoever has seen the scores must not choose which of them count. Call `lock_call` before.
    """
    require_open_slate(call)
    if lots_are_fixed(call):
        raise Conflict(_l("The lots at the line are fixed, so reviews have ended: who reads what stands fast."))
    if scores_are_opened(call):
        raise Conflict(_l("The scores are open, so reviews have ended: who reads what stands fast."))


def require_sight_of_all(actor: Actor, call: Call, permission: P) -> None:
    """Raise NotAllowed for somebody who has a conflict of interest with anything on the list."""
    if not sees_everything(actor=actor, call=call):
        raise NotAllowed(
            permission,
            _l("You have a conflict of interest with something on this list. Somebody else must do this."),
        )
