"""Instalments and payments, as those who plan and pay see them, and as the people of an award do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.applications.queries.applicant import holds
from fundapp.core.dates import Moment, moment
from fundapp.core.dates import day as day_written
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money
from fundapp.disbursement.models import Award, Payment
from fundapp.disbursement.payee_rules import Hold
from fundapp.disbursement.payment_picture import PARTS, BarPart, bar_of
from fundapp.disbursement.payment_rules import OVER, PAID, PaymentStatus, Standing, may_approve
from fundapp.disbursement.presentation.payees import LABELS as PAYEE_LABELS
from fundapp.disbursement.queries.payees import Payee
from fundapp.disbursement.queries.payments import AwardPlan, InstalmentRow, plan_of
from fundapp.disbursement.transitions import PAYMENT

STANDINGS: Final = {
    Standing.WAITS: (_l("Waits"), "wait"),
    Standing.PLANNED: (_l("To be approved"), "act"),
    Standing.APPROVED: (_l("Approved"), "act"),
    Standing.IN_FILE: (_l("In a payment file"), "wait"),
    Standing.RELEASED: (_l("Released to the bank"), "wait"),
    Standing.SENT: (_l("Sent"), "wait"),
    Standing.RECEIVED: (_l("Received"), "good"),
}
PAYMENT_KINDS: Final = {
    PaymentStatus.PREPARED: "wait",
    PaymentStatus.RELEASED: "wait",
    PaymentStatus.SENT: "wait",
    PaymentStatus.RECEIVED: "good",
    PaymentStatus.RETURNED: "stop",
    PaymentStatus.CANCELLED: "",
}


@dataclass(frozen=True)
class SumsShown:
    """What of some awards is received, sent, approved and planned, written with the currency, and as a bar."""

    received: str
    sent: str
    approved: str
    planned: str
    whole: str
    bar: Sequence[BarPart]


@dataclass(frozen=True)
class AwardShown:
    """An award with what became of its money."""

    award_id: UUID
    reference: str
    organisation: str
    sums: SumsShown
    has_plan: bool


@dataclass(frozen=True)
class PaymentShown:
    """One payment of an instalment."""

    id: UUID
    state: str
    kind: str
    sent: Moment | None
    received: Moment | None
    returned: Moment | None
    reason: str
    is_over: bool
    may_receive: bool
    may_return: bool


@dataclass(frozen=True)
class InstalmentShown:
    """One instalment, with what the reader can do about it."""

    id: UUID
    version: int
    number: int
    amount: str
    waits_for: str
    due: str
    state: str
    kind: str
    planned_by: str
    met: Moment | None
    met_by: str
    approved: Moment | None
    approved_by: str
    payments: Sequence[PaymentShown]
    may_meet: bool
    may_approve: bool
    needs_another: bool
    may_take_back: bool


@dataclass(frozen=True)
class PlanShown:
    """An award with its instalments."""

    award_id: UUID
    reference: str
    organisation: str
    amount: str
    currency: str
    kept: str
    is_accepted: bool
    is_funded: bool
    may_plan: bool
    all_kept: bool
    sums: SumsShown
    instalments: Sequence[InstalmentShown]


@dataclass(frozen=True)
class OwnInstalment:
    """An instalment as the people of its award see it."""

    number: int
    amount: str
    waits_for: str
    due: str
    state: str
    kind: str
    payment_id: UUID | None
    may_confirm: bool


def sums_shown(plans: Sequence[AwardPlan], currency: str) -> SumsShown:
    """Return what became of the money of awards in one currency; what no plan names is in no part of the bar."""
    whole = sum(plan.award.amount_minor for plan in plans)
    found = [plan.sums() for plan in plans]
    amounts = [sum(each[standing] for each in found for standing in part) for part in PARTS]
    received, sent, approved, planned = (money(each, currency) for each in amounts)
    return SumsShown(received, sent, approved, planned, money(whole, currency), bar_of(amounts, whole))


def awards_shown(plans: Sequence[AwardPlan]) -> list[AwardShown]:
    """Return the awards of a call with what became of their money."""
    return [
        AwardShown(
            award_id=plan.award.id,
            reference=plan.award.reference,
            organisation=plan.face.name,
            sums=sums_shown([plan], plan.award.currency),
            has_plan=bool(plan.rows),
        )
        for plan in plans
    ]


def totals_shown(plans: Sequence[AwardPlan]) -> list[tuple[str, SumsShown]]:
    """Return what became of the money of awards, by currency."""
    currencies = sorted({plan.award.currency for plan in plans})
    return [(each, sums_shown([plan for plan in plans if plan.award.currency == each], each)) for each in currencies]


def plan_shown(plan: AwardPlan, call: Call) -> PlanShown:
    """Return an award with its instalments, and what the reader can do."""
    may = current_actor().can(P.PAYMENT_PLAN, call.id) and plan.erased_at is None
    return PlanShown(
        award_id=plan.award.id,
        reference=plan.award.reference,
        organisation=plan.face.name,
        amount=money(plan.award.amount_minor, plan.award.currency),
        currency=plan.award.currency,
        kept=money(plan.kept_minor, plan.award.currency) if plan.kept_minor else "",
        is_accepted=plan.is_accepted,
        is_funded=plan.award.is_funded,
        may_plan=may and plan.is_accepted and plan.kept_minor < plan.award.amount_minor,
        all_kept=plan.kept_minor == plan.award.amount_minor,
        sums=sums_shown([plan], plan.award.currency),
        instalments=[_instalment(row, plan, call, may=may) for row in plan.rows],
    )


def plan_data(plan: AwardPlan) -> dict[str, Any]:
    """Return what the form of a plan is filled in with: what is planned and can change; else all in one instalment."""
    data: dict[str, Any] = {"seen": plan.seen}
    open_rows = [row.instalment for row in plan.rows if not row.is_kept]
    for place, each in enumerate(open_rows):
        data[f"amount-{place}"] = str(Money(each.amount_minor, plan.award.currency).decimal)
        data[f"waits-{place}"] = each.waits_for
        data[f"due-{place}"] = each.due_on
    if not plan.rows:
        data["amount-0"] = str(Money(plan.award.amount_minor, plan.award.currency).decimal)
    return data


def ready_shown(plans: Sequence[AwardPlan], payees: Sequence[Payee], now: datetime) -> list[tuple[str, str]]:
    """Return the instalments that can go into a payment file: id, and words."""
    usable = {payee.award.id for payee in payees if not payee.holds(now)}
    return [
        (str(row.instalment.id), _line(row, plan))
        for plan, row in _approved(plans)
        if plan.award.id in usable and plan.award.is_funded
    ]


def held_shown(plans: Sequence[AwardPlan], payees: Sequence[Payee], now: datetime) -> list[tuple[str, str]]:
    """Return the approved instalments that cannot be paid now: words, and why."""
    holding = {payee.award.id: payee.holds(now) for payee in payees}
    found = []
    for plan, row in _approved(plans):
        holds_now = holding.get(plan.award.id, [Hold.NOT_ACCEPTED])
        reasons = [str(PAYEE_LABELS[hold].staff) for hold in holds_now]
        if not plan.award.is_funded:
            reasons.append(_("Funds do not give all of it yet"))
        if reasons:
            found.append((_line(row, plan), " · ".join(reasons)))
    return found


def own_instalments(award: Award) -> list[OwnInstalment]:
    """Return the instalments of an award as its people see them; only those who hold it confirm."""
    plan = plan_of(award)
    may = holds(actor=current_actor(), application=award.decision.entry.application)
    return [_own(row, plan, may=may) for row in plan.rows] if plan.is_accepted else []


def _own(row: InstalmentRow, plan: AwardPlan, *, may: bool) -> OwnInstalment:
    newest = row.payments[0] if row.payments else None
    told = newest is not None and (newest.status in PAID or newest.status is PaymentStatus.RETURNED)
    if told and newest is not None:
        state, kind = str(PAYMENT.labels[newest.status].applicant), PAYMENT_KINDS[newest.status]
    elif row.standing is Standing.WAITS:
        state, kind = _("Waits"), "wait"
    else:
        state, kind = _("Being prepared"), "wait"
    is_sent = newest is not None and newest.status is PaymentStatus.SENT
    return OwnInstalment(
        number=row.instalment.number,
        amount=money(row.instalment.amount_minor, plan.award.currency),
        waits_for=row.instalment.waits_for,
        due=_day(row.instalment.due_on),
        state=state,
        kind=kind,
        payment_id=newest.id if newest is not None and is_sent else None,
        may_confirm=is_sent and may,
    )


def _approved(plans: Sequence[AwardPlan]) -> list[tuple[AwardPlan, InstalmentRow]]:
    return [(plan, row) for plan in plans for row in plan.rows if row.standing is Standing.APPROVED]


def _line(row: InstalmentRow, plan: AwardPlan) -> str:
    return _(
        "%(award)s, %(organisation)s: instalment %(number)s, %(amount)s",
        award=plan.award.reference,
        organisation=plan.face.name,
        number=row.instalment.number,
        amount=money(row.instalment.amount_minor, plan.award.currency),
    )


def _instalment(row: InstalmentRow, plan: AwardPlan, call: Call, *, may: bool) -> InstalmentShown:
    each, person_id = row.instalment, current_actor().person_id
    state, kind = STANDINGS[row.standing]
    is_ready = may and row.standing is Standing.PLANNED
    is_other = may_approve(person_id, made_by=(each.planned_by_id, each.met_by_id))
    return InstalmentShown(
        id=each.id,
        version=each.version,
        number=each.number,
        amount=money(each.amount_minor, plan.award.currency),
        waits_for=each.waits_for,
        due=_day(each.due_on),
        state=str(state),
        kind=kind,
        planned_by=each.planned_by.name,
        met=_moment(each.met_at, call),
        met_by=each.met_by.name if each.met_by is not None else "",
        approved=_moment(each.approved_at, call),
        approved_by=each.approved_by.name if each.approved_by is not None else "",
        payments=[_payment(payment, call) for payment in row.payments],
        may_meet=may and row.standing is Standing.WAITS,
        may_approve=is_ready and is_other,
        needs_another=is_ready and not is_other,
        may_take_back=may and row.standing is Standing.APPROVED,
    )


def _payment(payment: Payment, call: Call) -> PaymentShown:
    may = current_actor().can(P.PAYMENT_SEND, call.id)
    return PaymentShown(
        id=payment.id,
        state=str(PAYMENT.labels[payment.status].staff),
        kind=PAYMENT_KINDS[payment.status],
        sent=_moment(payment.sent_at, call),
        received=_moment(payment.received_at, call),
        returned=_moment(payment.returned_at, call),
        reason=payment.reason,
        is_over=payment.status in OVER,
        may_receive=may and payment.status is PaymentStatus.SENT,
        may_return=may and payment.status in PAID,
    )


def _moment(at: datetime | None, call: Call) -> Moment | None:
    return None if at is None else moment(at, call.time_zone)


def _day(day: date | None) -> str:
    return "" if day is None else day_written(day)
