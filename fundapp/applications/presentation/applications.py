"""An application as its applicant sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fundapp.applications.identity import face_of, masked_names, submitted_form
from fundapp.applications.models import Application, ApplicationStatus, Attachment, Call, CallStatus, Submission
from fundapp.applications.presentation.files import FileShown, file_shown
from fundapp.applications.presentation.questions import AnswersShown, answers_shown
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.rules import Opening, opening
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.transitions import APPLICATION, CALL
from fundapp.core.dates import Moment, moment

_KINDS = {
    ApplicationStatus.DRAFT: "act",
    ApplicationStatus.SUBMITTED: "good",
    ApplicationStatus.ELIGIBLE: "good",
    ApplicationStatus.INELIGIBLE: "",
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
    takes_it: bool
    closes: Moment
    saved: Moment


@dataclass(frozen=True)
class SubmissionShown:
    """When something was sent, and the hash that its receipt names."""

    submitted: Moment
    content_sha256: str


def own_application_shown(application: Application, now: datetime) -> OwnApplicationShown:
    """Return what an applicant is told of an application at an instant."""
    call = application.call
    state = opening(opens_at=call.opens_at, closes_at=application.deadline, now=now)
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
        takes_it=state is Opening.OPEN,
        closes=moment(application.deadline, call.time_zone),
        saved=moment(application.saved_at, call.time_zone),
    )


def submission_shown(submission: Submission, call: Call) -> SubmissionShown:
    """Return what a receipt says of a submission."""
    return SubmissionShown(
        submitted=moment(submission.submitted_at, call.time_zone), content_sha256=submission.content_sha256
    )


def submitted_answers_shown(
    application: Application, *, mask: bool, file_as: Callable[[Attachment], FileShown] = file_shown
) -> list[AnswersShown]:
    """Return the answers as they were sent last; with `mask`, those that tell who somebody is are hidden."""
    submission = application.submissions[-1]
    form = submitted_form(application)
    masked = masked_names(form, is_protected=application.is_protected) if mask else frozenset()
    answers = clear_answers(submission, without=masked)
    return answers_shown(form, answers, application.attachments, application.call.currency, masked, file_as)
