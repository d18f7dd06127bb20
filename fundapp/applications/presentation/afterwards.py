"""What staff see of an application after it was sent: versions, questions, what is open again, mail that came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.identity import called, face_of
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallStatus,
    Clarification,
    Reopening,
    Stage,
)
from fundapp.applications.presentation.applications import SubmissionShown, submission_shown
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.standing import ReopenedShown, reopened_shown
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.queries.applicant import holders_of
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext


@dataclass(frozen=True)
class StaffQuestionShown:
    """A question that staff asked; `is_masked`: there is an answer, which has to be opened."""

    question: str
    for_reviewers: bool
    asked: Moment
    answer: str
    answered: Moment | None
    is_masked: bool


@dataclass(frozen=True)
class AfterSendingShown:
    """Everything that happened to an application since it was sent first, and what the actor can do about it now."""

    versions: Sequence[SubmissionShown]
    questions: Sequence[StaffQuestionShown]
    reopened: Sequence[ReopenedShown]
    returned_mail: str
    withdrawn: Moment | None
    withdrawal_reason: str
    reason_is_masked: bool
    may_ask: bool
    has_open: bool


@dataclass(frozen=True)
class AskedForPapersShown:
    """An application that was asked for papers, with what came of it."""

    url: str
    name: str
    state: str
    kind: str
    closes: Moment


@dataclass(frozen=True)
class StageLink:
    """A stage of a call, with the page of its papers; the one that is shown `is_here`."""

    title: Said
    url: str
    is_here: bool


@dataclass(frozen=True)
class PapersShown:
    """The form for further papers of a stage ([]: none yet), and who was asked."""

    stages: Sequence[StageLink]
    """All stages of the call; [] where it has only one."""
    questions: Sequence[Said]
    for_reviewers: bool
    asked: Sequence[AskedForPapersShown]


def after_sending_shown(application: Application, actor: Actor, now: datetime) -> AfterSendingShown:
    """Return what happened to a sent application, for staff."""
    zone = application.call.time_zone
    is_running = application.status is not ApplicationStatus.WITHDRAWN and (
        application.call.status is not CallStatus.DECIDED
    )
    reason = application.withdrawal_reason if application.status is ApplicationStatus.WITHDRAWN else ""
    return AfterSendingShown(
        versions=[submission_shown(each, application.call) for each in reversed(application.submissions)],
        questions=[_question_shown(each, application) for each in application.clarifications],
        reopened=[reopened_shown(each, zone, application, now) for each in reversed(application.reopenings)],
        returned_mail=_returned_mail(application),
        withdrawn=moment(application.withdrawn_at, zone) if application.withdrawn_at else None,
        withdrawal_reason="" if application.is_protected else reason,
        reason_is_masked=application.is_protected and bool(reason),
        may_ask=is_running and actor.can(P.APPLICATION_ASK, application.call_id),
        has_open=any(each.is_open(now) for each in application.reopenings),
    )


def papers_shown(stage: Stage, asked: Sequence[Reopening], now: datetime) -> PapersShown:
    """Return the form for further papers of a stage, and who was asked for them."""
    call, version = stage.call, stage.papers
    questions = FormDefinition.from_json(version.definition).questions if version else ()
    links = [
        StageLink(
            said(each.titles or {"": each.code}),
            url_for("applications.papers", slug=call.slug, stage=each.code),
            is_here=each.id == stage.id,
        )
        for each in call.stages
    ]
    return PapersShown(
        stages=links if len(links) > 1 else [],
        questions=[said_unanswered(each.label) for each in questions if each.takes_answer],
        for_reviewers=any(not each.hidden_from_reviewers for each in questions),
        asked=[_asked_shown(each, call, now) for each in asked],
    )


def _question_shown(clarification: Clarification, application: Application) -> StaffQuestionShown:
    zone, at = application.call.time_zone, clarification.answered_at
    return StaffQuestionShown(
        question=clarification.question,
        for_reviewers=clarification.for_reviewers,
        asked=moment(clarification.asked_at, zone),
        answer="" if application.is_protected else clarification.answer,
        answered=moment(at, zone) if at else None,
        is_masked=application.is_protected and at is not None,
    )


def _asked_shown(reopening: Reopening, call: Call, now: datetime) -> AskedForPapersShown:
    application = reopening.application
    if reopening.submission_id is not None:
        state, kind = _("Sent"), "good"
    elif reopening.is_open(now):
        state, kind = _("Waiting for them"), "wait"
    else:
        state, kind = _("Not sent"), "stop"
    return AskedForPapersShown(
        url=url_for("applications.managed_application", application_id=application.id),
        name=called(face_of(application)),
        state=state,
        kind=kind,
        closes=moment(reopening.closes_at, call.time_zone),
    )


def _returned_mail(application: Application) -> str:
    """Say that mail to people of an application does not arrive, and never to which address."""
    people = holders_of(application)
    missed = sum(1 for person in people if person.mail_returned_at is not None)
    if not missed:
        return ""
    return ngettext(
        "Mail to %(num)s of %(all)s people of this application does not arrive.",
        "Mail to %(num)s of %(all)s people of this application does not arrive.",
        missed,
        all=len(people),
    )
