"""Where an application stands, in its people's words: never who reads it, nor how many.

Until decisions are out, nothing tells whether it fits the call: people hear that with everybody else, from the letters.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from fundapp.accounts.models import Person
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application, ApplicationStatus, CallStatus, Reopening, ReopeningKind
from fundapp.applications.presentation.applications import SubmissionShown, submission_shown
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.texts import Said
from fundapp.applications.window import sent_back, window_of
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _

DONE, NOW, LATER = "done", "now", "later"
HIDDEN_LETTERS = "•••"


@dataclass(frozen=True)
class StepShown:
    """One step on the way of an application. `state` is DONE, NOW or LATER; `at` where a time is known."""

    title: str
    words: str
    state: str
    at: Moment | None = None


@dataclass(frozen=True)
class AskedShown:
    """A question of the staff with its answer ("": none yet)."""

    number: int
    question: str
    for_reviewers: bool
    asked: Moment
    answer: str
    answered: Moment | None
    url: str


@dataclass(frozen=True)
class ReopenedShown:
    """What of an application was opened again, and until when; `labels` are its questions."""

    is_papers: bool
    message: str
    closes: Moment
    labels: list[Said]
    is_open: bool
    is_answered: bool


@dataclass(frozen=True)
class StandingShown:
    """Everything that its people are told of an application that was sent, what waits for them first."""

    steps: list[StepShown]
    versions: list[SubmissionShown]
    waiting: list[AskedShown]
    answered: list[AskedShown]
    reopened: ReopenedShown | None
    only_reads: bool
    may_change: bool
    may_withdraw: bool
    refusal: str


def standing_shown(application: Application, now: datetime, *, writes: bool, holds: bool) -> StandingShown:
    """Return what somebody of a sent application is told of it at an instant: who writes in it, who holds it."""
    window, running = window_of(application, now), sent_back(application, now)
    zone = application.call.time_zone
    asked = asked_shown(application)
    is_over = application.call.status is CallStatus.DECIDED or application.status is ApplicationStatus.WITHDRAWN
    return StandingShown(
        steps=_steps(application),
        versions=[submission_shown(each, application.call) for each in reversed(application.submissions)],
        waiting=[] if is_over else [each for each in asked if each.answered is None],
        answered=[each for each in asked if each.answered is not None],
        reopened=reopened_shown(running, zone, application, now) if running and not is_over else None,
        only_reads=not writes,
        may_change=window.may_send and writes,
        may_withdraw=not is_over and holds,
        refusal=str(window.refusal),
    )


def asked_shown(application: Application) -> list[AskedShown]:
    """Return what staff asked about an application, with the answers, the first one first."""
    zone = application.call.time_zone
    return [
        AskedShown(
            number=each.number,
            question=each.question,
            for_reviewers=each.for_reviewers,
            asked=moment(each.asked_at, zone),
            answer=each.answer,
            answered=moment(each.answered_at, zone) if each.answered_at else None,
            url=url_for("applications.own_question", application_id=application.id, number=each.number),
        )
        for each in application.clarifications
    ]


def reopened_shown(reopening: Reopening, zone: str, application: Application, now: datetime) -> ReopenedShown:
    """Return what was opened again of an application."""
    form = FormDefinition.from_json(application.form_version.definition)
    return ReopenedShown(
        is_papers=reopening.kind is ReopeningKind.PAPERS,
        message=reopening.message,
        closes=moment(reopening.closes_at, zone),
        labels=[said_unanswered(each.label) for each in form.questions if each.name in reopening.questions],
        is_open=reopening.is_open(now),
        is_answered=reopening.submission_id is not None,
    )


def address_trouble(person: Person) -> str:
    """Return the address to which mail does not arrive, as its owner knows it and nobody else ("": all is well)."""
    if person.mail_returned_at is None or not person.email:
        return ""
    name, _at, domain = person.email.rpartition("@")
    return f"{name[:1]}{HIDDEN_LETTERS}@{domain}"


def _steps(application: Application) -> list[StepShown]:
    call, status = application.call, application.status
    zone = call.time_zone
    first = application.submissions[0].submitted_at
    received = StepShown(_("Received"), _("It is kept, and cannot get lost any more."), DONE, moment(first, zone))
    if status is ApplicationStatus.WITHDRAWN:
        words = _("You took it back. Nobody reads it or decides about it.")
        at = moment(application.withdrawn_at, zone) if application.withdrawn_at else None
        return [received, StepShown(_("Withdrawn"), words, DONE, at)]
    is_decided = call.status is CallStatus.DECIDED
    is_checked = status is not ApplicationStatus.SUBMITTED or is_decided
    checked_at = moment(application.eligibility_at, zone) if application.eligibility_at else None
    read = StepShown(
        _("Read"),
        _("Peers read and score what fits the call, each alone."),
        DONE if is_decided else NOW if is_checked else LATER,
    )
    return [
        received,
        StepShown(_("Checked"), _("We look whether it fits the call."), DONE if is_checked else NOW, checked_at),
        *([] if is_decided and status is ApplicationStatus.INELIGIBLE else [read]),
        StepShown(
            _("Decided"),
            _("You will hear from us, whatever is decided."),
            DONE if is_decided else LATER,
            moment(call.decided_at, zone) if call.decided_at else None,
        ),
    ]
