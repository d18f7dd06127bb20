"""An application as its applicant sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.identity import face_of, kept_from_reviewers, masked_names
from fundapp.applications.models import Application, ApplicationStatus, Attachment, Call, CallStatus, Submission
from fundapp.applications.presentation.files import FileShown, file_shown
from fundapp.applications.presentation.questions import AnswersShown, answers_shown
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.drafts import surroundings_of
from fundapp.applications.transitions import APPLICATION, CALL
from fundapp.applications.window import sent_back, window_of
from fundapp.core.dates import Moment, moment

_KINDS = {
    ApplicationStatus.DRAFT: "act",
    ApplicationStatus.SUBMITTED: "good",
    ApplicationStatus.ELIGIBLE: "good",
    ApplicationStatus.INELIGIBLE: "good",  # as eligible: the colour of a tag must not tell what is not out yet
    ApplicationStatus.WITHDRAWN: "",
}


@dataclass(frozen=True)
class OwnApplicationShown:
    """An application with where it stands, in the applicant's words; `status_kind` is the kind of its tag."""

    id: UUID
    call_slug: str
    call_title: Said
    name: str
    reference: str
    status: str
    status_kind: str
    is_protected: bool
    is_draft: bool
    is_decided: bool
    is_withdrawn: bool
    waits: bool
    """Whether staff asked something that is not answered, or opened something again."""
    takes_it: bool
    """Whether something of it can be sent now: all of it, or what was opened again."""
    may_write: bool
    is_changed: bool
    """Whether it was sent, and changed since without sending that."""
    closes: Moment
    saved: Moment


@dataclass(frozen=True)
class SubmissionShown:
    """One version that was sent: its number, when, and the hash that its receipt names."""

    number: int
    submitted: Moment
    content_sha256: str


def own_application_shown(application: Application, now: datetime) -> OwnApplicationShown:
    """Return what an applicant is told of an application at an instant."""
    call = application.call
    window = window_of(application, now)
    is_draft = application.status is ApplicationStatus.DRAFT
    is_decided = not is_draft and call.status is CallStatus.DECIDED
    return OwnApplicationShown(
        id=application.id,
        call_slug=call.slug,
        call_title=said(call.titles),
        name=face_of(application).name,
        reference=application.reference or "",
        status=CALL.labels[call.status].applicant if is_decided else APPLICATION.labels[application.status].applicant,
        status_kind="good" if is_decided else _KINDS[application.status],
        is_protected=application.is_protected,
        is_draft=is_draft,
        is_decided=is_decided,
        is_withdrawn=application.status is ApplicationStatus.WITHDRAWN,
        waits=_waits(application, now),
        takes_it=window.may_send,
        may_write=window.may_write,
        is_changed=application.edited_at is not None,
        closes=moment(window.closes_at or application.deadline, call.time_zone),
        saved=moment(application.saved_at, call.time_zone),
    )


def _waits(application: Application, now: datetime) -> bool:
    if application.status is ApplicationStatus.WITHDRAWN or application.call.status is CallStatus.DECIDED:
        return False
    asked = any(each.answered_at is None for each in application.clarifications)
    return asked or sent_back(application, now) is not None


def submission_shown(submission: Submission, call: Call) -> SubmissionShown:
    """Return what a receipt says of a submission."""
    return SubmissionShown(
        number=submission.number,
        submitted=moment(submission.submitted_at, call.time_zone),
        content_sha256=submission.content_sha256,
    )


def submitted_answers_shown(
    application: Application,
    *,
    mask: bool,
    for_reviewers: bool = False,
    submission: Submission | None = None,
    file_as: Callable[[Attachment], FileShown] = file_shown,
) -> list[AnswersShown]:
    """Return the answers of a version that was sent (None: the last); with `mask`, without what tells who somebody is.

    `for_reviewers`, without what is kept from them besides. What was asked is what was asked when it was sent. Never
    the working copy: what was not sent is nobody's to read.
    """
    submission = submission or application.submissions[-1]
    form, is_protected = FormDefinition.from_json(submission.form_version.definition), application.is_protected
    masked = masked_names(form, is_protected=is_protected) if mask else frozenset()
    if for_reviewers:
        masked = kept_from_reviewers(form, is_protected=is_protected, see=application.call.reviewers_see)
    # What was asked can hang on answers that are masked, so that all are looked at before some are kept back.
    surroundings = surroundings_of(application.call, submission.submitted_at, application.language)
    filling = Filling(form, clear_answers(submission), surroundings)
    return answers_shown(filling, application.attachments, application.call.currency, masked, file_as)
