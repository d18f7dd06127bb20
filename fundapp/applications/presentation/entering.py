"""What comes before an application, as pages show it: groups of calls, nominations, first questions, drafts to keep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import Field

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.session_rules import APPLICANT
from fundapp.applications.form_engine.definition import Question
from fundapp.applications.forms.answering import field_name
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    Enquiry,
)
from fundapp.applications.next_steps import NextStep, step
from fundapp.applications.presentation.calls import CallShown, call_shown
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.texts import Said
from fundapp.applications.queries.entering import open_enquiries
from fundapp.applications.queries.listings import CAUSES, INVITATION_STATES, InvitationRow, NomineeRow
from fundapp.applications.rules import Opening
from fundapp.applications.services.earlier import offered
from fundapp.applications.services.nominating import nominations_opening
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext


@dataclass(frozen=True)
class GroupShown:
    """Calls that stand alike, under one heading."""

    title: str
    calls: list[CallShown]


@dataclass(frozen=True)
class NominationsShown:
    """When a call takes nominations: a time of its own beside that for applications."""

    opens: Moment
    closes: Moment
    is_open: bool
    is_upcoming: bool


@dataclass(frozen=True)
class FirstFieldShown:
    """One of the first questions with its field."""

    field: Field
    label: Said
    hint: Said


@dataclass(frozen=True)
class EnquiryShown:
    """A question to a person. `causes` say what stood in the way."""

    id: UUID
    text: str
    cause: str
    questions: list[Said]
    asked: Moment
    has_address: bool
    answer: str
    answered: Moment | None
    is_let_in: bool
    let_in_reason: str


@dataclass(frozen=True)
class NominationShown:
    """One nomination, as those who look after the call read it."""

    id: UUID
    name: str
    contact: str
    why: str
    nominator: str
    nominator_contact: str
    may_be_named: bool
    made: Moment


@dataclass(frozen=True)
class NomineeShown:
    """Somebody who was nominated, with all nominations; `email` is a way to reach them, where there is one."""

    id: UUID
    name: str
    email: str
    nominations: list[NominationShown]
    is_invited: bool


@dataclass(frozen=True)
class InvitationShown:
    """A personal invitation and what became of it."""

    id: UUID
    email: str
    organisation: str
    state: str
    state_kind: str
    sent: Moment | None
    is_used: bool


_STATE_KINDS = {"unsent": "act", "mailed": "wait", "begun": "wait", "sent": "good"}


def calls_grouped(calls: list[Call], now: datetime) -> list[GroupShown]:
    """Return calls by where they stand: open, soon, closed; groups without a call are left out."""
    shown = [call_shown(call, now) for call in calls]
    groups = [
        GroupShown(_("Open now"), [call for call in shown if call.is_open]),
        GroupShown(_("Open soon"), [call for call in shown if call.is_upcoming]),
        GroupShown(_("Closed"), [call for call in shown if not call.is_open and not call.is_upcoming]),
    ]
    return [group for group in groups if group.calls]


def nominations_shown(call: Call, now: datetime) -> NominationsShown | None:
    """Return when a call takes nominations; None where it takes none."""
    state = nominations_opening(call, now)
    if state is None or call.nominations_open_at is None or call.nominations_close_at is None:
        return None
    return NominationsShown(
        opens=moment(call.nominations_open_at, call.time_zone),
        closes=moment(call.nominations_close_at, call.time_zone),
        is_open=state is Opening.OPEN,
        is_upcoming=state is Opening.NOT_YET,
    )


def first_fields_shown(questions: Iterable[Question], form: FlaskForm) -> list[FirstFieldShown]:
    """Return the fields of the first questions, in the order of the form. Each has to be answered."""
    shown = [
        FirstFieldShown(form[field_name(each.name)], said_unanswered(each.label), said_unanswered(each.hint))
        for each in questions
    ]
    for each in shown:
        each.field.flags.required = True
    return shown


def kept_until(person: Person, call: Call) -> Moment:
    """Return until when a browser can come back to what was begun in it without an address."""
    return moment(person.created_at + APPLICANT.absolute, call.time_zone)


def enquiry_shown(enquiry: Enquiry, call: Call, questions: Sequence[Question]) -> EnquiryShown:
    """Return a question with its answer; `questions` are the call's first ones."""
    return EnquiryShown(
        id=enquiry.id,
        text=enquiry.text,
        cause=str(CAUSES[enquiry.cause]),
        questions=[said_unanswered(each.label) for each in questions if each.name in enquiry.questions],
        asked=moment(enquiry.asked_at, call.time_zone),
        has_address=bool(enquiry.email),
        answer=enquiry.answer,
        answered=moment(enquiry.answered_at, call.time_zone) if enquiry.answered_at else None,
        is_let_in=enquiry.let_in_at is not None,
        let_in_reason=enquiry.let_in_reason,
    )


def nominee_shown(row: NomineeRow, call: Call) -> NomineeShown:
    """Return who was nominated, under the name of the first nomination."""
    contacts = [each.contact for each in row.nominations]
    return NomineeShown(
        id=row.nominee.id,
        name=row.name,
        email=next((contact for contact in contacts if "@" in contact and " " not in contact), ""),
        nominations=[
            NominationShown(
                id=each.id,
                name=each.name,
                contact=each.contact,
                why=each.why,
                nominator=each.nominator_name,
                nominator_contact=each.nominator_contact,
                may_be_named=each.may_be_named,
                made=moment(each.made_at, call.time_zone),
            )
            for each in row.nominations
        ],
        is_invited=row.is_invited,
    )


def invitation_shown(row: InvitationRow, call: Call) -> InvitationShown:
    """Return an invitation and what became of it."""
    invitation = row.invitation
    return InvitationShown(
        id=invitation.id,
        email=invitation.email,
        organisation=invitation.organisation_name,
        state=str(INVITATION_STATES[row.state]),
        state_kind=_STATE_KINDS[row.state],
        sent=moment(invitation.link_sent_at, call.time_zone) if invitation.link_sent_at else None,
        is_used=row.state in ("begun", "sent"),
    )


@dataclass(frozen=True)
class BeginningShown:
    """What there is to do at the beginning of a draft: keep it, and use what was written in an earlier application."""

    must_be_kept: bool
    has_earlier: bool


def beginning_shown(application: Application) -> BeginningShown:
    """Return what there is to do at the beginning of a draft; of what was sent, nothing."""
    if application.status is not ApplicationStatus.DRAFT:
        return BeginningShown(must_be_kept=False, has_earlier=False)
    return BeginningShown(
        must_be_kept=application.person.begin_key is not None,
        has_earlier=offered(application) is not None,
    )


@dataclass(frozen=True)
class OfferShown:
    """A draft that waits to be taken over; `organisations` are those of the reader that have none in its call."""

    id: UUID
    call_title: Said
    begun: Moment
    organisations: list[tuple[UUID, str]]
    has_another: bool
    """One of the reader's organisations has an application in this call already."""


def steps_of_answering(actor: Actor, calls: Sequence[Call], _now: datetime) -> Mapping[UUID, list[NextStep]]:
    """Return the questions before an application that wait for an answer."""
    waiting = open_enquiries(actor=actor, calls=calls)
    return {
        call.id: step(
            actor,
            call,
            ngettext(
                "Answer %(num)s question of somebody who may not apply",
                "Answer %(num)s questions of people who may not apply",
                waiting[call.id],
            ),
            "applications.enquiries",
            does=P.APPLICANT_INVITE,
            sees=P.APPLICANT_INVITE,
        )
        for call in calls
        if call.id in waiting
    }


def begun_at(application: Application) -> Moment:
    """Return when an application was begun."""
    return moment(application.started_at, application.call.time_zone)
