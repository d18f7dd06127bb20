"""The money of a call: what is promised never passes what there is, whoever acts at once."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update

from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l


def move_commitment(*, call_id: UUID, delta_minor: int) -> None:
    """Add to (or take from) what a call has promised, in minor units of its currency.

    One conditional UPDATE: the database decides, so two people cannot both take the last money. Raises Conflict when
    less is left than asked for.
    """
    if delta_minor == 0:
        return
    result = db.session.execute(
        update(Call)
        .where(
            Call.id == call_id,
            Call.committed_minor + delta_minor <= Call.budget_minor,
            Call.committed_minor + delta_minor >= 0,
        )
        .values(committed_minor=Call.committed_minor + delta_minor)
    )
    if cast(CursorResult[Any], result).rowcount != 1:
        raise Conflict(_l("This is more than the money that is left in the budget. Nothing was changed."))
    db.session.refresh(db.session.get_one(Call, call_id), ["committed_minor"])


def left_minor(call_id: UUID) -> int:
    """Return the money of a call that is not promised yet, in minor units of its currency."""
    return db.session.scalars(select(Call.budget_minor - Call.committed_minor).where(Call.id == call_id)).one()
