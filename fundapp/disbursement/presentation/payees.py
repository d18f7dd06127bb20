"""Payee details as the people of an award see them, and as those who check them do: masks, never numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import country_name, money
from fundapp.applications.queries.applicant import holds
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import currencies
from fundapp.core.numbers import cldr
from fundapp.core.workflow import Label
from fundapp.disbursement.bank_rules import ISO_COUNTRIES
from fundapp.disbursement.models import Award, PayeeCall, PayeeDetails
from fundapp.disbursement.payee_rules import CallOutcome, Hint, Hold, Known, Route
from fundapp.disbursement.presentation.letters import StatusCount
from fundapp.disbursement.queries.payees import Payee, payee_of, versions_of

USABLE: Final = "usable"
LABELS: Final[Mapping[str, Label]] = {
    Hold.NO_DETAILS: Label(_l("Not given yet"), _l("We need this from you")),
    Hold.UNCALLED: Label(_l("To be called back"), _l("We call you back about it")),
    Hold.UNAPPROVED: Label(_l("To be approved"), _l("We are checking it")),
    Hold.COOLING: Label(_l("Rests after a change"), _l("Checked: it rests for a while")),
    Hold.FROZEN: Label(_l("Frozen"), _l("Stopped")),
    USABLE: Label(_l("May be used"), _l("Checked")),
    Hold.NOT_ACCEPTED: Label(_l("Award not accepted"), _l("Accept the award first")),
    Hold.ERASED: Label(_l("Erased"), _l("Erased")),
}
KINDS: Final[Mapping[str, str]] = {
    Hold.NO_DETAILS: "wait",
    Hold.UNCALLED: "act",
    Hold.UNAPPROVED: "act",
    Hold.COOLING: "wait",
    Hold.FROZEN: "stop",
    USABLE: "good",
    Hold.NOT_ACCEPTED: "",
    Hold.ERASED: "",
}
ROUTES: Final = {
    Route.BANK: _l("Account of their own"),
    Route.HOST: _l("Account of an organisation that holds money for them"),
    Route.AGREED: _l("Another way, as agreed"),
}
HINTS: Final = {
    Hint.OTHER_NAME: _l("The account is not in the name of the organisation, as far as we can tell."),
    Hint.OTHER_CURRENCY: _l("The account is not in the currency of the award."),
    Hint.UNCHECKED: _l("No rule of ours can tell whether the number is right. Ask for it figure by figure."),
}
OUTCOMES: Final = {
    CallOutcome.CONFIRMED: _l("Confirmed"),
    CallOutcome.UNREACHED: _l("Nobody was reached"),
    CallOutcome.DENIED: _l("They did not give these details"),
}
KNOWN: Final = {Known.APPLICATION: _l("from the application"), Known.ELSEWHERE: _l("known from elsewhere")}


@dataclass(frozen=True)
class VersionShown:
    """A version of payee details. `place` is "" where it would tell who is behind a protected application."""

    number: int
    route: str
    mask: str
    place: str
    currency: str
    entered: Moment
    with_second_factor: bool
    approved: Moment | None
    approved_by: str
    hints: Sequence[str]


@dataclass(frozen=True)
class CallShown:
    """A call-back. `phone` and `note` are "" where the application is protected."""

    outcome: str
    at: Moment
    by: str
    known: str
    known_since: Moment
    phone: str
    note: str


@dataclass(frozen=True)
class OwnPayee:
    """Where the money of an award goes, as its people see it."""

    reference: str
    amount: str
    state: str
    kind: str
    is_accepted: bool
    is_frozen: bool
    is_erased: bool
    may_give: bool
    number: int
    rests_until: Moment | None
    versions: Sequence[VersionShown]


@dataclass(frozen=True)
class PayeeShown:
    """Where the money of an award goes, as those who check it see it."""

    award_id: UUID
    reference: str
    organisation: str
    amount: str
    state: str
    state_value: str
    kind: str
    number: int
    newest: VersionShown | None
    rests_until: Moment | None
    frozen: Moment | None
    frozen_by_link: bool
    reason: str
    first_lifted: Moment | None
    first_lifted_by: str
    shared: Sequence[str]
    may_act: bool
    may_approve: bool


def country_choices() -> list[tuple[str, str]]:
    """Return the countries with their names in the current language, by name."""
    return sorted(((code, country_name(code)) for code in ISO_COUNTRIES), key=lambda pair: pair[1])


def currency_choices() -> list[tuple[str, str]]:
    """Return the currencies with their names in the current language, by code."""
    names = cldr(current_language()).currencies
    return [(code, f"{code} {names[code]}" if code in names else code) for code in currencies()]


def own_payee(award: Award, now: datetime) -> OwnPayee:
    """Return where the money of an award goes, as its people see it; only those who hold the application see masks."""
    payee, call = payee_of(award), award.decision.entry.application.call
    state, may = _state(payee, now), holds(actor=current_actor(), application=award.decision.entry.application)
    return OwnPayee(
        reference=award.reference,
        amount=money(award.amount_minor, award.currency),
        state=str(LABELS[state].applicant),
        kind="act" if state == Hold.NO_DETAILS else "wait" if KINDS[state] == "act" else KINDS[state],
        is_accepted=payee.facts.is_accepted,
        is_frozen=payee.facts.is_frozen,
        is_erased=payee.facts.is_erased,
        may_give=may and payee.facts.is_accepted and not payee.facts.is_erased,
        number=0 if payee.details is None else payee.details.number,
        rests_until=_rests_until(payee, call, now),
        versions=[_version(each, call) for each in versions_of(award)] if may else [],
    )


def own_payee_of_accepted(award: Award, now: datetime) -> OwnPayee | None:
    """Return where the money of an accepted award goes, as its people see it; None of any other."""
    shown = own_payee(award, now)
    return shown if shown.is_accepted else None


def state_of(award: Award, now: datetime) -> tuple[str, str]:
    """Return the name and kind of where payee details stand, for those who see no more than that."""
    state = _state(payee_of(award), now)
    return str(LABELS[state].staff), KINDS[state]


def payees_shown(
    rows: Sequence[Payee], shared: Mapping[UUID, list[str]], call: Call, now: datetime
) -> list[PayeeShown]:
    """Return the lines of the list of awards with where their payee details stand."""
    return [payee_shown(row, shared.get(row.award.id, []), call, now) for row in rows]


def payee_shown(row: Payee, shared: Sequence[str], call: Call, now: datetime) -> PayeeShown:
    """Return an award with where its payee details stand, and what the actor can do about it."""
    actor, state, frozen = current_actor(), _state(row, now), row.freeze
    details = row.details if row.details is not None and row.details.sealed is not None else None
    acts = actor.can(P.PAYEE_APPROVE, call.id)
    hidden = row.face.is_protected
    return PayeeShown(
        award_id=row.award.id,
        reference=row.award.reference,
        organisation=row.face.name,
        amount=money(row.award.amount_minor, row.award.currency),
        state=str(LABELS[state].staff),
        state_value=state,
        kind=KINDS[state],
        number=0 if details is None else details.number,
        newest=None if details is None else _version(details, call, hides_place=hidden),
        rests_until=_rests_until(row, call, now),
        frozen=None if frozen is None else moment(frozen.frozen_at, call.time_zone),
        frozen_by_link=frozen is not None and frozen.frozen_by_id is None,
        reason="" if frozen is None or hidden else frozen.reason,
        first_lifted=_moment(None if frozen is None else frozen.first_at, call),
        first_lifted_by=frozen.first_by.name if frozen is not None and frozen.first_by is not None else "",
        shared=shared,
        may_act=acts and not row.facts.is_erased,
        may_approve=acts and row.confirmed > 0 and not row.facts.is_approved and frozen is None,
    )


def older_versions(row: Payee, call: Call) -> list[VersionShown]:
    """Return the versions that count no more, the newest first."""
    number = 0 if row.details is None else row.details.number
    return [
        _version(each, call, hides_place=row.face.is_protected)
        for each in versions_of(row.award)
        if each.number != number
    ]


def calls_shown(row: Payee, call: Call) -> list[CallShown]:
    """Return the calls about the newest version, the newest first."""
    return (
        []
        if row.details is None
        else [_call(each, call, row.face.is_protected) for each in reversed(row.details.calls)]
    )


def states_shown(rows: Sequence[PayeeShown], current: str) -> list[StatusCount]:
    """Return the filters of the list with their numbers."""
    counts = {state: sum(row.state_value == state for row in rows) for state in LABELS}
    return [
        StatusCount("", _("All"), len(rows), not current),
        *(
            StatusCount(state, str(label.staff), counts[state], current == state)
            for state, label in LABELS.items()
            if counts[state] or state not in (Hold.NOT_ACCEPTED, Hold.ERASED)
        ),
    ]


def _state(payee: Payee, now: datetime) -> str:
    holds_now = payee.holds(now)
    return holds_now[0] if holds_now else USABLE


def _rests_until(payee: Payee, call: Call, now: datetime) -> Moment | None:
    if payee.details is None or payee.details.sealed is None or payee.details.usable_from <= now:
        return None
    return moment(payee.details.usable_from, call.time_zone)


def _version(details: PayeeDetails, call: Call, *, hides_place: bool = False) -> VersionShown:
    shown: dict[str, Any] = details.shown or {}
    return VersionShown(
        number=details.number,
        route=str(ROUTES[Route(shown["route"])]) if shown else _("Erased"),
        mask=shown.get("mask", ""),
        place="" if hides_place or not shown.get("country") else country_name(shown["country"]),
        currency=shown.get("currency", ""),
        entered=moment(details.entered_at, call.time_zone),
        with_second_factor=details.with_second_factor,
        approved=_moment(details.approved_at, call),
        approved_by=details.approved_by.name if details.approved_by is not None else "",
        hints=[str(HINTS[Hint(hint)]) for hint in shown.get("hints", [])],
    )


def _call(made: PayeeCall, call: Call, is_hidden: bool) -> CallShown:
    return CallShown(
        outcome=str(OUTCOMES[made.outcome]),
        at=moment(made.called_at, call.time_zone),
        by=made.called_by.name,
        known=str(KNOWN[made.known]),
        known_since=moment(made.known_since, call.time_zone),
        phone="" if is_hidden else made.phone,
        note="" if is_hidden else made.note,
    )


def _moment(at: datetime | None, call: Call) -> Moment | None:
    return None if at is None else moment(at, call.time_zone)
