"""Erase what people wrote in an application: its numbers, dates and decisions stay."""

from datetime import datetime

from sqlalchemy import delete, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import (
    Application,
    ConflictOfInterest,
    IdentityOpening,
    ProtectionChange,
    SealedAnswer,
    Upload,
)
from fundapp.applications.services.forgetting import forget_around
from fundapp.core.audit import record
from fundapp.core.db import db

ERASED = "—"
"""Stands where a reason was that the database requires."""


def blank_application(*, actor: Actor, application: Application, now: datetime) -> list[str]:
    """Erase texts, answers and files' rows; return the stored files that they pointed to.

    Whoever calls this destroys the application's data keys, once everything that they seal is blank.
    """
    files = [attachment.stored_as for attachment in application.attachments]
    files += [attachment.copy_stored_as for attachment in application.attachments if attachment.copy_stored_as]
    for attachment in list(application.attachments):
        db.session.delete(attachment)
    for upload in db.session.scalars(select(Upload).where(Upload.application_id == application.id)):
        files += [part.stored_as for part in upload.parts]
        db.session.delete(upload)
    db.session.execute(delete(SealedAnswer).where(SealedAnswer.application_id == application.id))
    for submission in application.submissions:
        submission.answers = {}
    for translation in application.translations:
        translation.text = ""
    for conflict in db.session.scalars(
        select(ConflictOfInterest).where(ConflictOfInterest.application_id == application.id)
    ):
        conflict.reason = conflict.end_reason = ""
    changes = db.session.scalars(select(ProtectionChange).where(ProtectionChange.application_id == application.id))
    openings = db.session.scalars(select(IdentityOpening).where(IdentityOpening.application_id == application.id))
    for change in changes:
        change.reason = ERASED
    for opening in openings:
        opening.reason = ERASED
        record(actor=actor, action="opening:erase", subject=opening, now=now, call_id=application.call_id)
    forget_around(actor=actor, application=application, now=now)
    for clarification in application.clarifications:
        clarification.question = clarification.answer = ""
    for reopening in application.reopenings:
        reopening.message = ""
    application.withdrawal_reason = ""
    application.party_facts.clear()
    application.answers = {}
    application.organisation_name = application.organisation_key = ""
    application.organisation = None
    application.title = application.country = application.region = ""
    if application.eligibility_reason:
        application.eligibility_reason = ERASED
    if application.closes_at_reason:
        application.closes_at_reason = ERASED
    if application.set_aside_reason:
        application.set_aside_reason = ERASED
    application.erased_at = now
    record(
        actor=actor,
        action="application:erase",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"files": len(files), "submissions": len(application.submissions)},
    )
    return files
