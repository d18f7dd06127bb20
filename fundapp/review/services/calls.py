"""What every change around decisions needs first: the call's row locked, and its list of decisions open."""

from sqlalchemy import select

from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Slate, SlateStatus
from fundapp.review.queries.selection import current_slate


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
