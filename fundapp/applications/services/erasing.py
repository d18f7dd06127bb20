"""Erase what people wrote in an application: its numbers, dates and decisions stay."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ConflictOfInterest, IdentityOpening, ProtectionChange
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.sealing import destroy, record_of

ERASED = "—"
"""Stands where a reason was that the database requires."""


def blank_application(*, actor: Actor, application: Application, now: datetime) -> list[str]:
    """Erase texts, answers and files' rows, and destroy the data keys; return the stored files that it pointed to."""
    files = [attachment.sha256 for attachment in application.attachments]
    for attachment in list(application.attachments):
        db.session.delete(attachment)
    for submission in application.submissions:
        submission.answers = {}
    for conflict in db.session.scalars(
        select(ConflictOfInterest).where(ConflictOfInterest.application_id == application.id)
    ):
        conflict.reason = ""
    changes = db.session.scalars(select(ProtectionChange).where(ProtectionChange.application_id == application.id))
    openings = db.session.scalars(select(IdentityOpening).where(IdentityOpening.application_id == application.id))
    for row in (*changes, *openings):
        row.reason = ERASED
    application.answers = {}
    application.organisation_name = application.organisation_key = ""
    application.organisation = None
    application.title = application.country = application.region = ""
    if application.eligibility_reason:
        application.eligibility_reason = ERASED
    application.erased_at = now
    db.session.flush()
    destroy(record_of(application), now)
    record(
        actor=actor,
        action="application:erase",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"files": len(files), "submissions": len(application.submissions)},
    )
    return files
