"""Calls and applications as those who look after them see them, with the next thing to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from fundapp.accounts.call_names import CallName
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.applications.next_steps import NextStep, Whom, step
from fundapp.applications.presentation.calls import CallShown, call_shown
from fundapp.applications.presentation.texts import Said, money, said
from fundapp.applications.queries.managing import SENT, counts_by_status, every_call
from fundapp.applications.transitions import APPLICATION
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import localised, ngettext

STATUS_KINDS: Mapping[ApplicationStatus, str] = {
    ApplicationStatus.DRAFT: "",
    ApplicationStatus.SUBMITTED: "act",
    ApplicationStatus.ELIGIBLE: "good",
    ApplicationStatus.INELIGIBLE: "stop",
    ApplicationStatus.WITHDRAWN: "",
}


@dataclass(frozen=True)
class LinkShown:
    """A place to go, and why."""

    url: str
    title: str
    hint: str = ""
    tag: str = ""
    kind: str = ""


@dataclass(frozen=True)
class ManagedCallShown:
    """A call with its numbers."""

    shown: CallShown
    drafts: int
    sent: int
    unchecked: int
    eligible: int
    ineligible: int


@dataclass(frozen=True)
class FilterShown:
    """A way to look at a part of the list, with how many there are."""

    url: str
    label: str
    number: int
    is_current: bool


@dataclass(frozen=True)
class SentApplicationShown:
    """An application as staff read it."""

    id: UUID
    reference: str
    name: str
    is_protected: bool
    title: str
    call_title: Said
    list_url: str
    status: str
    status_kind: str
    requested: str
    categories: list[Said]
    may_decide: bool
    may_open: bool
    may_protect: bool
    may_read_history: bool
    may_see_panel: bool
    eligibility_reason: str
    eligibility_by: str
    eligibility_at: Moment | None


def named_calls() -> list[CallName]:
    """Return the names of every call, for those who give roles."""
    return [CallName(call.id, call.slug, localised(call.titles)) for call in every_call()]


def managed_call_shown(call: Call, counts: Mapping[ApplicationStatus, int], now: datetime) -> ManagedCallShown:
    """Return a call with its numbers at an instant."""
    return ManagedCallShown(
        shown=call_shown(call, now),
        drafts=counts[ApplicationStatus.DRAFT],
        sent=sum(counts[status] for status in SENT),
        unchecked=counts[ApplicationStatus.SUBMITTED],
        eligible=counts[ApplicationStatus.ELIGIBLE],
        ineligible=counts[ApplicationStatus.INELIGIBLE],
    )


def pages_of_call(call: Call, actor: Actor) -> list[LinkShown]:
    """Return the pages of a call that the actor may open, in the order of the work."""
    pages = [
        (
            P.CALL_WRITE,
            "applications.call_settings",
            _("What the call says"),
            _("Texts, dates, money, criteria, form."),
        ),
        (P.CALL_READ, "applications.call_roles", _("People and their roles"), _("Who manages, reviews, confirms.")),
        (P.APPLICATION_READ, "applications.managed_applications", _("Applications"), _("Read, search, check.")),
        (P.APPLICATION_ASK, "applications.papers", _("Further papers"), _("Asked of the shortlist only.")),
        (P.APPLICANT_INVITE, "applications.call_invitations", _("Invitations"), _("Who may apply, by personal link.")),
        (P.APPLICANT_INVITE, "applications.enquiries", _("Questions before an application"), _("Answer, and let in.")),
        (P.APPLICANT_INVITE, "applications.nominees", _("Nominations"), _("Who was named, and who is invited.")),
        (P.PANEL_READ, "review.reviewers", _("Reviewers"), _("Who they are, and how far they are.")),
        (P.PANEL_READ, "review.manage_pools", _("Two pools"), _("The draw, and who finished their reviews.")),
        (P.PANEL_READ, "review.assignment", _("Assignment"), _("Who reads what, without conflicts.")),
        (P.TALLY_READ, "review.stages", _("Stages"), _("Which entries stand where, and which go on.")),
        (P.TALLY_READ, "review.tally", _("Scores"), _("Means, adjusted scores, ranks, and how sure they are.")),
        (
            P.CALIBRATION_READ,
            "review.calibration_page",
            _("Readers' scores"),
            _("Who is strict, and how far they agree."),
        ),
        (P.SLATE_READ, "review.finalists", _("Finalists"), _("Who they are, and what everybody reads of them.")),
        (P.SLATE_READ, "review.managed_vote", _("Public vote"), _("Its rules, how many voted, and what came of it.")),
        (P.DECISION_VOTE, "review.votes", _("Votes of the chairs"), _("Approve what is proposed, row by row.")),
        (P.TALLY_READ, "review.terms", _("Terms of the selection"), _("Which score leads, rules, pots, who ratifies.")),
        (P.SLATE_READ, "review.selection", _("Selection"), _("Decisions within the budget.")),
        (P.DECISION_RATIFY, "review.ratification", _("Ratification"), _("A second person confirms.")),
        (P.APPLICATION_READ, "retention.keeping", _("What is kept"), _("Until when, and what was asked to be erased.")),
        (
            P.SLATE_READ,
            "disbursement.reserve",
            _("The reserve"),
            _("Who moves up when money is free, and who decided."),
        ),
        (P.LETTERS_READ, "disbursement.letter_templates", _("Letter templates"), _("What letters say.")),
        (P.LETTERS_READ, "disbursement.letters", _("Letters"), _("The release, and what became of each letter.")),
        (P.LETTERS_READ, "disbursement.reports", _("Reports"), _("Which are due, late or here, and which are asked.")),
        (P.LETTERS_READ, "disbursement.offers", _("Answers to awards"), _("Accepted, asked, refused or overdue.")),
        (P.PAYEE_READ, "disbursement.payees", _("Where money goes"), _("Account details: to call back, to approve.")),
        (P.SCREENING_READ, "disbursement.screening", _("Lists of sanctions"), _("Names like those on a list.")),
        (P.FUNDS_READ, "disbursement.funds", _("Funds"), _("Whose money it is, and which awards it pays.")),
        (P.PAYMENTS_READ, "disbursement.payments", _("Payments"), _("Instalments, payment files, what arrived.")),
        (P.HISTORY_READ, "history.of_call", _("History"), _("What was done, when and by whom.")),
        (
            P.DECISION_EXPORT,
            "disbursement.exports",
            _("Take out tables"),
            _("Decisions and scores, named or not."),
        ),
        (P.DECISION_EXPORT, "disbursement.exports", _("Take out tables"), _("Decisions and scores, named or not.")),
        (P.IDENTITY_OPEN, "disbursement.contacts", _("Contacts as a table"), _("With a reason; each one is recorded.")),
    ]
    return [
        LinkShown(url_for(endpoint, slug=call.slug), title, hint)
        for permission, endpoint, title, hint in pages
        if actor.can(permission, call.id) and (call.is_impartial or endpoint != "review.manage_pools")
    ]


def sent_application_shown(application: Application, actor: Actor, decider: str) -> SentApplicationShown:
    """Return an application for staff; `decider` is who decided on eligibility ("" while nobody did)."""
    call, face = application.call, face_of(application)
    requested = next((entry.requested_minor for entry in application.entries if entry.requested_minor), None)
    return SentApplicationShown(
        id=application.id,
        reference=face.reference,
        name=face.name,
        is_protected=face.is_protected,
        title=face.title,
        call_title=said(call.titles),
        list_url=url_for("applications.managed_applications", slug=call.slug),
        status=APPLICATION.labels[application.status].staff,
        status_kind=STATUS_KINDS[application.status],
        requested=money(requested, call.currency) if requested is not None else "",
        categories=[said(entry.category.titles) for entry in application.entries if entry.category],
        may_decide=actor.can(P.ELIGIBILITY_DECIDE, call.id) and application.status is not ApplicationStatus.WITHDRAWN,
        may_open=actor.can(P.IDENTITY_OPEN, call.id),
        may_protect=actor.can(P.PROTECTION_RAISE, call.id),
        may_read_history=actor.can(P.HISTORY_READ, call.id),
        may_see_panel=actor.can(P.PANEL_READ, call.id),
        eligibility_reason=application.eligibility_reason,
        eligibility_by=decider,
        eligibility_at=moment(application.eligibility_at, call.time_zone) if application.eligibility_at else None,
    )


def steps_of_checking(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, list[NextStep]]:
    """Return the checks of eligibility that wait, and the drafts that applicants can still send."""
    counts = counts_by_status(actor=actor, calls=calls)
    return {
        call.id: _checks(actor, call, counts[call.id]) + _drafts(actor, call, counts[call.id], now) for call in calls
    }


def _checks(actor: Actor, call: Call, counts: Mapping[ApplicationStatus, int]) -> list[NextStep]:
    unchecked = counts[ApplicationStatus.SUBMITTED]
    if not unchecked:
        return []
    return step(
        actor,
        call,
        _to_check(unchecked),
        "applications.managed_applications",
        does=P.ELIGIBILITY_DECIDE,
        sees=P.CALL_READ,
        status=ApplicationStatus.SUBMITTED,
    )


def _drafts(actor: Actor, call: Call, counts: Mapping[ApplicationStatus, int], now: datetime) -> list[NextStep]:
    drafts = counts[ApplicationStatus.DRAFT]
    if not drafts or now >= call.closes_at:
        return []
    words = ngettext("%(num)s draft is not sent yet", "%(num)s drafts are not sent yet", drafts)
    return step(actor, call, words, "applications.managed_call", does=None, sees=P.CALL_READ, whom=Whom.APPLICANTS)


def _to_check(unchecked: int) -> str:
    return ngettext(
        "Check whether %(num)s application is eligible",
        "Check whether %(num)s applications are eligible",
        unchecked,
    )
