"""The lists of a call beside its applications: what each can be narrowed and sorted by, and what is taken away of it.

Who asked, who nominated and how to reach them stand in no table: they may be at risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import and_, case, exists, func, select
from sqlalchemy.orm import contains_eager, selectinload

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    Enquiry,
    EnquiryCause,
    Nomination,
    Nominee,
    TableImport,
)
from fundapp.applications.queries.entering import about_call
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.listing import Choice, Filter, Listing, Order

R = TypeVar("R")

CAUSES: Final = {
    EnquiryCause.ELIGIBILITY: _l("An answer to the first questions"),
    EnquiryCause.BARRED: _l("The list of organisations that may not apply"),
    EnquiryCause.INVITATION: _l("The call is by invitation"),
}

INVITATION_STATES: Final = {
    "unsent": _l("No link mailed yet"),
    "mailed": _l("Link mailed"),
    "begun": _l("Begun"),
    "sent": _l("Sent an application"),
}


@dataclass(frozen=True)
class NomineeRow:
    """Somebody who was nominated, and whether they were invited."""

    nominee: Nominee
    is_invited: bool

    @property
    def nominations(self) -> Sequence[Nomination]:
        """Return all nominations, the first one first."""
        return self.nominee.nominations

    @property
    def name(self) -> str:
        """Return the name of the first nomination that has one."""
        return next((each.name for each in self.nominations if each.name), "")


@dataclass(frozen=True)
class InvitationRow:
    """A personal invitation and what became of it: unsent, mailed, begun or sent."""

    invitation: CallInvitation
    state: str


def enquiries(*, actor: Actor, call: Call) -> Listing[Enquiry]:
    """Return the list of what was asked about a call: what waits for an answer first, the oldest of it first."""
    return Listing(
        rows=select(Enquiry).where(about_call(actor, call)),
        row=_itself,
        filters={
            "state": Filter(
                _l("State"),
                {
                    "open": Choice(_l("Open"), Enquiry.answered_at.is_(None)),
                    "answered": Choice(_l("Answered"), Enquiry.answered_at.is_not(None)),
                    "let_in": Choice(_l("May apply"), Enquiry.let_in_at.is_not(None)),
                },
            ),
            "cause": Filter(
                _l("What stood in the way"),
                {cause.value: Choice(label, Enquiry.cause == cause) for cause, label in CAUSES.items()},
            ),
            "language": Filter(
                _l("Language"),
                {code: Choice(language_name(code), Enquiry.language == code) for code in call.languages},
            ),
        },
        orders={
            "waiting": Order(_l("What waits first"), (Enquiry.answered_at.is_not(None), Enquiry.asked_at)),
            "asked": Order(_l("When it was asked"), (Enquiry.asked_at,)),
            "answered": Order(_l("When it was answered"), (Enquiry.answered_at,)),
        },
        last=(Enquiry.id,),
        texts=lambda each: (each.text, each.answer, each.email),
        columns={
            "call": lambda _each: call.slug,
            "cause": lambda each: each.cause.value,
            "questions": lambda each: "; ".join(each.questions),
            "language": lambda each: each.language,
            "asked_at": lambda each: each.asked_at,
            "answered_at": lambda each: each.answered_at,
            "let_in_at": lambda each: each.let_in_at,
        },
    )


def nominees(*, call: Call) -> Listing[NomineeRow]:
    """Return the list of those who were nominated for a call, each with its nominations; the first one first."""
    number = (
        select(func.count(Nomination.id))
        .where(Nomination.nominee_id == Nominee.id)
        .correlate(Nominee)
        .scalar_subquery()
    )
    is_invited = exists().where(CallInvitation.nominee_id == Nominee.id)
    return Listing(
        rows=select(Nominee, is_invited).where(Nominee.call_id == call.id).options(selectinload(Nominee.nominations)),
        row=NomineeRow,
        filters={
            "state": Filter(
                _l("State"),
                {"invited": Choice(_l("Invited"), is_invited), "open": Choice(_l("Not invited yet"), ~is_invited)},
            ),
            "times": Filter(
                _l("How often"),
                {"once": Choice(_l("Nominated once"), number == 1), "more": Choice(_l("More than once"), number > 1)},
            ),
        },
        orders={
            "first": Order(_l("When the first nomination came"), (Nominee.created_at,)),
            "times": Order(_l("How often they were nominated"), (number,), falls=True),
            "name": Order(_l("Name"), text=lambda each: each.name),
        },
        last=(Nominee.created_at, Nominee.id),
        texts=lambda each: (text for one in each.nominations for text in (one.name, one.contact, one.why)),
        columns={
            "call": lambda _each: call.slug,
            "name": lambda each: each.name,
            "nominations": lambda each: len(each.nominations),
            "first_made_at": lambda each: each.nominations[0].made_at if each.nominations else None,
            "last_made_at": lambda each: each.nominations[-1].made_at if each.nominations else None,
            "invited": lambda each: "yes" if each.is_invited else "no",
        },
    )


def invitations(*, call: Call) -> Listing[InvitationRow]:
    """Return the list of a call's personal invitations, with what became of each, in the order of their making."""
    is_used = and_(Application.id == CallInvitation.application_id, Application.erased_at.is_(None))
    is_unused, is_draft = Application.id.is_(None), Application.status == ApplicationStatus.DRAFT
    is_mailed = CallInvitation.link_sent_at.is_not(None)
    states = {
        "unsent": and_(is_unused, ~is_mailed),
        "mailed": and_(is_unused, is_mailed),
        "begun": is_draft,
        "sent": and_(~is_unused, ~is_draft),
    }
    state = case(*((condition, name) for name, condition in states.items()))
    return Listing(
        rows=select(CallInvitation, state).outerjoin(Application, is_used).where(CallInvitation.call_id == call.id),
        row=InvitationRow,
        filters={
            "state": Filter(_l("State"), {name: Choice(INVITATION_STATES[name], each) for name, each in states.items()})
        },
        orders={
            "made": Order(_l("When the invitation was made"), (CallInvitation.created_at,)),
            "mailed": Order(_l("When the link was mailed"), (CallInvitation.link_sent_at,)),
            "name": Order(_l("Name"), text=lambda each: each.invitation.organisation_name or each.invitation.email),
        },
        last=(CallInvitation.created_at, CallInvitation.id),
        texts=lambda each: (each.invitation.organisation_name, each.invitation.email),
        columns={
            "call": lambda _each: call.slug,
            "organisation": lambda each: each.invitation.organisation_name,
            "email": lambda each: each.invitation.email,
            "made_at": lambda each: each.invitation.created_at,
            "mailed_at": lambda each: each.invitation.link_sent_at,
            "state": lambda each: each.state,
        },
    )


def imports(*, call: Call) -> Listing[TableImport]:
    """Return the list of tables that were given for a call, the newest first."""
    is_done = TableImport.finished_at.is_not(None) & TableImport.failure.is_(None)
    return Listing(
        rows=select(TableImport)
        .join(TableImport.begun_by)
        .where(TableImport.call_id == call.id)
        .options(contains_eager(TableImport.begun_by)),
        row=_itself,
        filters={
            "state": Filter(
                _l("State"),
                {
                    "going": Choice(_l("At work"), TableImport.finished_at.is_(None)),
                    "taken": Choice(_l("Taken"), is_done & TableImport.takes),
                    "looked": Choice(_l("Only looked at"), is_done & ~TableImport.takes),
                    "stopped": Choice(_l("Stopped"), TableImport.failure.is_not(None)),
                },
            ),
            "problems": Filter(
                _l("Problems"),
                {
                    "some": Choice(_l("With problems"), TableImport.problems > 0),
                    "none": Choice(_l("Without problems"), TableImport.problems == 0),
                },
            ),
        },
        orders={
            "newest": Order(_l("The newest first"), (TableImport.begun_at,), falls=True),
            "rows": Order(_l("Number of rows"), (TableImport.rows,), falls=True),
            "name": Order(_l("Name of the file"), text=lambda each: each.filename),
        },
        last=(TableImport.begun_at, TableImport.id),
        texts=lambda each: (each.filename, _called(each.begun_by)),
        columns={
            "call": lambda _each: call.slug,
            "file": lambda each: each.filename,
            "begun_by": lambda each: _called(each.begun_by),
            "begun_at": lambda each: each.begun_at,
            "finished_at": lambda each: each.finished_at,
            "takes": lambda each: "yes" if each.takes else "no",
            "as_drafts": lambda each: "yes" if each.as_drafts else "no",
            "rows": lambda each: each.rows,
            "rows_done": lambda each: each.rows_done,
            "taken": lambda each: each.taken,
            "unchanged": lambda each: each.unchanged,
            "refused": lambda each: each.refused,
            "problems": lambda each: each.problems,
            "failure": lambda each: each.failure.value if each.failure else None,
        },
    )


def _itself(row: R) -> R:
    return row


def _called(person: Person) -> str:
    return person.name or person.email
