"""Protection and openings in words: what was done, by whom, and what can be done now."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.definition import Sensitivity
from fundapp.applications.identity import face_of, masked_names, submitted_form
from fundapp.applications.models import Application, Attachment, ProtectionChange, ProtectionStep
from fundapp.applications.presentation.applications import submitted_answers_shown
from fundapp.applications.presentation.questions import AnswerShown, said_unanswered
from fundapp.applications.presentation.texts import Said
from fundapp.applications.queries.protection import changes_of, openings_of
from fundapp.applications.sealed_answers import sent_files
from fundapp.applications.services.protection import LOWER_WITHIN, waiting_request
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

STEPS = {
    ProtectionStep.RAISED: _l("Protected by somebody who looks after the call"),
    ProtectionStep.RAISED_BY_APPLICANT: _l("Protected by the applicants themselves"),
    ProtectionStep.RAISED_WITH_CALL: _l("Protected because the call is"),
    ProtectionStep.LOWERING_ASKED: _l("One person asked to end the protection"),
    ProtectionStep.LOWERED: _l("A second person confirmed: the protection ended"),
}


@dataclass(frozen=True)
class StepShown:
    """One step about the protection of an application; `by` is "" where the step itself says who."""

    words: str
    by: str
    reason: str
    at: Moment


@dataclass(frozen=True)
class ProtectionShown:
    """How an application is protected, and what the actor can do about it now."""

    steps: Sequence[StepShown]
    may_raise: bool
    may_ask: bool
    may_confirm: bool
    waits_for_another: bool
    confirm_before: Moment | None


@dataclass(frozen=True)
class OpeningShown:
    """Who looked at what is masked, when and why."""

    by: str
    reason: str
    at: Moment


@dataclass(frozen=True)
class MaskedFile:
    """A file that has to be opened; `label` is its question."""

    id: UUID
    label: Said


def protection_shown(application: Application, actor: Actor, now: datetime) -> ProtectionShown:
    """Return how an application is protected, for staff."""
    waiting = waiting_request(application, now)
    may_lower = application.is_protected and actor.can(P.PROTECTION_LOWER, application.call_id)
    asked_by_actor = waiting is not None and waiting.by_id == actor.person_id
    return ProtectionShown(
        steps=[_step_shown(change, application.call.time_zone) for change in changes_of(application)],
        may_raise=actor.can(P.PROTECTION_RAISE, application.call_id)
        and (not application.is_protected or waiting is not None),
        may_ask=may_lower and waiting is None,
        may_confirm=may_lower and waiting is not None and not asked_by_actor,
        waits_for_another=asked_by_actor,
        confirm_before=ends_before(application, now),
    )


def ends_before(application: Application, now: datetime) -> Moment | None:
    """Return until when a second person can end the protection, if somebody asked for that."""
    waiting = waiting_request(application, now)
    return moment(waiting.at + LOWER_WITHIN, application.call.time_zone) if waiting is not None else None


def openings_shown(application: Application, actor: Actor) -> list[OpeningShown]:
    """Return who opened the identity of an application, the latest first: for those who may read histories."""
    if not actor.can(P.HISTORY_READ, application.call_id):
        return []
    return [
        OpeningShown(
            by=opening.person.name or _("Somebody without a name") if opening.person else _("The command line"),
            reason=opening.reason,
            at=moment(opening.opened_at, application.call.time_zone),
        )
        for opening in openings_of(application)
    ]


def identity_shown(application: Application) -> list[AnswerShown]:
    """Return the masked answers of an application in clear, for a page that was asked for once.

    Files are opened one by one, and payee details not at all: the web holds no key to them.
    """
    masked = masked_names(submitted_form(application), is_protected=application.is_protected)
    return [
        answer
        for section in submitted_answers_shown(application, mask=False)
        for answer in section.answers
        if answer.question.name in masked
        and answer.attachment is None
        and answer.question.sensitivity is not Sensitivity.PAYEE
    ]


def masked_files(application: Application) -> list[MaskedFile]:
    """Return the files of an application that have to be opened, without their names."""
    form = submitted_form(application)
    masked = masked_names(form, is_protected=application.is_protected)
    return [
        MaskedFile(attachment.id, said_unanswered(question.label))
        for attachment in sent_files(application)
        if name_of(attachment.question) in masked and (question := form.question_at(attachment.question)) is not None
    ]


def neutral_filename(application: Application, attachment: Attachment) -> str:
    """Return a name for a file that says nothing of what its owner called it."""
    suffix = mimetypes.guess_extension(attachment.content_type) or ""
    return f"file-{face_of(application).reference}-{attachment.id.hex[:4]}{suffix}"


def _step_shown(change: ProtectionChange, zone: str) -> StepShown:
    names_itself = change.step in (ProtectionStep.RAISED_BY_APPLICANT, ProtectionStep.RAISED_WITH_CALL)
    return StepShown(
        words=str(STEPS[change.step]),
        by="" if names_itself or change.by is None else change.by.name,
        reason=change.reason,
        at=moment(change.at, zone),
    )
