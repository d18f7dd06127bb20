"""What staff read about what they asked of applications that were sent."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ApplicationStatus, Entry, Reopening, Stage
from fundapp.applications.scope import in_work, visible_to
from fundapp.core.db import db


def shortlist(*, actor: Actor, stage: Stage) -> list[Application]:
    """Return the eligible applications in a stage that the actor may see, by reference: who can be asked for papers."""
    return list(
        db.session.scalars(
            select(Application)
            .where(
                Application.entries.any(Entry.stage_id == stage.id),
                Application.status == ApplicationStatus.ELIGIBLE,
                in_work(),
                visible_to(actor),
            )
            .options(
                joinedload(Application.form_version),
                selectinload(Application.entries),
                selectinload(Application.reopenings),
            )
            .order_by(Application.reference)
        )
    )


def asked_for_papers(*, actor: Actor, stage: Stage) -> list[Reopening]:
    """Return who was asked for the papers of a stage, by reference, the newest request last."""
    return list(
        db.session.scalars(
            select(Reopening)
            .join(Reopening.application)
            .where(Reopening.stage_id == stage.id, visible_to(actor))
            .options(joinedload(Reopening.application))
            .order_by(Application.reference, Reopening.number)
        )
    )
