"""The calls that machines may read: announced, open to everybody and no samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from fundapp.applications.models import Call, CallStatus
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotFound

SHOWN_CHANGES: Final = ("call:load", "call:write", "call:publish", "call:extend", "call:close_early", "call:decide")
"""The recorded changes after which the public page of a call may say something else."""


@dataclass(frozen=True)
class OpenCall:
    """A call as machines read it. `id` is made for them alone, from the call's own, and stays."""

    id: UUID
    call: Call
    changed_at: datetime


def public_id(call: Call) -> UUID:
    """Return the id under which the public knows a call: always the same, and no other table holds it."""
    return uuid5(call.id, "public")


def open_calls() -> Sequence[OpenCall]:
    """Return the calls to which everybody could, can or will be able to apply, the last changed first."""
    calls = db.session.scalars(
        select(Call)
        .where(Call.status != CallStatus.DRAFT, ~Call.invitation_only, ~Call.is_sample)
        .options(joinedload(Call.programme))
    ).all()
    changes = changed_at(calls)
    found = [OpenCall(public_id(call), call, changes[call.id]) for call in calls]
    return sorted(found, key=lambda each: (each.changed_at, each.id), reverse=True)


def open_call(call_id: UUID) -> OpenCall:
    """Return one of them by its public id. Raises NotFound."""
    found = next((each for each in open_calls() if each.id == call_id), None)
    if found is None:
        raise NotFound
    return found


def changed_at(calls: Sequence[Call]) -> dict[UUID, datetime]:
    """Return when the public page of each call last changed."""
    changes = db.session.execute(
        select(AuditEntry.object_id, func.max(AuditEntry.at).label("at"))
        .where(
            AuditEntry.object_type == Call.__tablename__,
            AuditEntry.object_id.in_([call.id for call in calls]),
            AuditEntry.action.in_(SHOWN_CHANGES),
        )
        .group_by(AuditEntry.object_id)
    )
    return {call.id: call.created_at for call in calls} | {row.object_id: row.at for row in changes}
