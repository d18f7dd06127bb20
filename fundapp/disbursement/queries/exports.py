"""What is read about tables that are made in the background: one's own, and whether one may still have them."""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import ExportJob

KEPT_DAYS: Final = 7
"""So many days after it was asked for, a table that was made in the background is deleted."""


def own_exports(*, actor: Actor, call: Call) -> list[ExportJob]:
    """Return the tables of a call that the actor asked for, the newest first."""
    return list(
        db.session.scalars(
            select(ExportJob)
            .where(ExportJob.call_id == call.id, ExportJob.asked_by_id == actor.person_id)
            .order_by(ExportJob.asked_at.desc(), ExportJob.id)
        )
    )


def own_export(*, actor: Actor, call: Call, export_id: UUID) -> ExportJob:
    """Return a table of a call that the actor asked for. Raises NotFound."""
    found = db.session.scalar(
        select(ExportJob).where(
            ExportJob.id == export_id, ExportJob.call_id == call.id, ExportJob.asked_by_id == actor.person_id
        )
    )
    if found is None:
        raise NotFound
    return found


def seen_sha256(*, actor: Actor, call: Call, until: datetime) -> str:
    """Return a hash of what the actor may see of the applications that were there at an instant, and in which roles.

    It is another one once a conflict of interest, a protection, an erasure or a role comes or goes. What came later
    never changes it.
    """
    found = db.session.execute(
        select(Application.id, Application.is_protected, Application.erased_at.is_not(None)).where(
            Application.call_id == call.id, Application.started_at <= until, visible_to(actor)
        )
    )
    lines = sorted(f"{each_id} {is_protected:d} {is_erased:d}" for each_id, is_protected, is_erased in found)
    return hashlib.sha256("\n".join([*actor.roles_in(call.id), *lines]).encode()).hexdigest()
