"""Opening what is masked: with a written reason, and never without a trace."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.definition import Sensitivity
from fundapp.applications.identity import masked_names, submitted_form
from fundapp.applications.models import Application, Attachment, IdentityOpening
from fundapp.applications.services.protection import checked_reason
from fundapp.core.audit import record
from fundapp.core.db import db

CONTACT: Final = "contact"
"""What an opening calls the name and address of the person behind an application."""
SAID: Final = "said"
"""What it calls the words of its people outside the form: answers to questions of the staff, why it was withdrawn."""


def open_identity(*, actor: Actor, application: Application, reason: str, now: datetime) -> IdentityOpening:
    """Record that somebody sees who is behind an application: its contact, and the masked answers.

    Files are opened one by one, and payee details not at all.

    Raises RuleViolations without a reason, NotAllowed.
    """
    form = submitted_form(application)
    masked = masked_names(form, is_protected=application.is_protected)
    answers = application.submissions[-1].answers
    files = {attachment.question for attachment in application.attachments}
    order = {each.name: number for number, each in enumerate(form.questions)}
    opened = [
        key
        for key in sorted(answers, key=lambda key: order.get(name_of(key), -1))
        if key not in files
        and (question := form.question_at(key)) is not None
        and question.name in masked
        and question.sensitivity is not Sensitivity.PAYEE
    ]
    said = [SAID] if application.is_protected and has_said(application) else []
    names = [CONTACT, *said, *opened]
    return record_opening(actor=actor, application=application, names=names, reason=reason, now=now)


def has_said(application: Application) -> bool:
    """Say whether its people wrote anything outside the form."""
    answered = any(each.answered_at is not None for each in application.clarifications)
    return answered or bool(application.withdrawal_reason)


def open_file(
    *, actor: Actor, application: Application, attachment: Attachment, reason: str, now: datetime
) -> IdentityOpening:
    """Record that somebody sees a masked file. Raises RuleViolations without a reason, NotAllowed."""
    names = [attachment.question]
    return record_opening(actor=actor, application=application, names=names, reason=reason, now=now)


def record_opening(
    *, actor: Actor, application: Application, names: Sequence[str], reason: str, now: datetime
) -> IdentityOpening:
    """Record that somebody sees what has these names. Raises RuleViolations without a reason, NotAllowed."""
    actor.require(P.IDENTITY_OPEN, application.call_id)
    opening = IdentityOpening(
        application_id=application.id,
        person_id=actor.person_id,
        opened=list(names),
        reason=checked_reason(reason),
        opened_at=now,
    )
    db.session.add(opening)
    db.session.flush()
    record(
        actor=actor,
        action="identity:open",
        subject=opening,
        now=now,
        call_id=application.call_id,
        data={"application": str(application.id), "opened": list(names)},
    )
    return opening
