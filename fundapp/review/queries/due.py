"""Until when reviews are wanted."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from fundapp.applications.models import ReviewPhase
from fundapp.core.db import db


def due_at(stage_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return the instant at which scoring ends in each of these stages, where the call says so."""
    rows = db.session.execute(
        select(ReviewPhase.stage_id, func.min(ReviewPhase.ends_at))
        .where(ReviewPhase.stage_id.in_(stage_ids), ReviewPhase.may_score)
        .group_by(ReviewPhase.stage_id)
    )
    return dict(rows.all())
