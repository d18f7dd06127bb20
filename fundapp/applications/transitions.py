"""The status tables of calls and applications."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.applications.models import Application, ApplicationStatus, CallStatus
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition


def _before_decision(application: Application) -> str | None:
    """Letters and notices of a decided call are out: what they say must not change behind them."""
    if application.call.status is CallStatus.DECIDED:
        return _l("This call is decided. Eligibility can't be changed any more.")
    return None


def _not_decided(application: Application) -> str | None:
    """Once decisions are out, there is nothing left to take back or to send again."""
    if application.call.status is CallStatus.DECIDED:
        return _l("This call is decided. What you sent can't be changed or taken back any more.")
    return None


_IN_THE_CALL: Final = (ApplicationStatus.SUBMITTED, ApplicationStatus.ELIGIBLE, ApplicationStatus.INELIGIBLE)


CALL: Final = Machine(
    name="call",
    statuses=CallStatus,
    transitions=(
        Transition("publish", frozenset({CallStatus.DRAFT}), CallStatus.PUBLISHED, P.CALL_WRITE),
        Transition("decide", frozenset({CallStatus.PUBLISHED}), CallStatus.DECIDED, P.DECISION_RELEASE),
    ),
    labels={
        CallStatus.DRAFT: Label(_l("Draft"), _l("Not announced yet")),
        CallStatus.PUBLISHED: Label(_l("Published"), _l("Announced")),
        CallStatus.DECIDED: Label(_l("Decided"), _l("Decided")),
    },
)

APPLICATION: Final = Machine(
    name="application",
    statuses=ApplicationStatus,
    transitions=(
        Transition(
            "submit",
            frozenset({ApplicationStatus.DRAFT}),
            ApplicationStatus.SUBMITTED,
            P.APPLICATION_WRITE,
        ),
        Transition(  # a new version of the whole: whoever checked the one before has to look again
            "send_again",
            frozenset({*_IN_THE_CALL, ApplicationStatus.WITHDRAWN}),
            ApplicationStatus.SUBMITTED,
            P.APPLICATION_WRITE,
            guard=_not_decided,
        ),
        *(  # what staff asked for changes nothing about where it stands
            Transition("answer_reopening", frozenset({status}), status, P.APPLICATION_WRITE, guard=_not_decided)
            for status in _IN_THE_CALL
        ),
        Transition(
            "withdraw",
            frozenset(_IN_THE_CALL),
            ApplicationStatus.WITHDRAWN,
            P.APPLICATION_WRITE,
            guard=_not_decided,
        ),
        Transition(
            "mark_eligible",
            frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.INELIGIBLE}),
            ApplicationStatus.ELIGIBLE,
            P.ELIGIBILITY_DECIDE,
            guard=_before_decision,
        ),
        Transition(
            "mark_ineligible",
            frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.ELIGIBLE}),
            ApplicationStatus.INELIGIBLE,
            P.ELIGIBILITY_DECIDE,
            guard=_before_decision,
        ),
    ),
    labels={
        ApplicationStatus.DRAFT: Label(_l("Draft"), _l("Not sent yet")),
        ApplicationStatus.SUBMITTED: Label(_l("Submitted"), _l("Sent: we are checking it")),
        ApplicationStatus.ELIGIBLE: Label(_l("Eligible"), _l("Checked: you will hear from us")),
        ApplicationStatus.INELIGIBLE: Label(_l("Not eligible"), _l("Checked: you will hear from us")),
        ApplicationStatus.WITHDRAWN: Label(_l("Withdrawn"), _l("Withdrawn by you")),
    },
)
