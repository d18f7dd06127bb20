"""Funds, their ledger and the awards that they pay, as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import called
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import localised
from fundapp.core.paging import Page
from fundapp.disbursement.fund_picture import FundPlot, fund_plot
from fundapp.disbursement.fund_rules import Sums
from fundapp.disbursement.models import Fund
from fundapp.disbursement.queries.funds import KIND_LABELS, AwardMoney, Backing, FundMoney, MovementRow, may_change
from fundapp.review.queries.selection import terms_set


@dataclass(frozen=True)
class SumsShown:
    """What is promised, received, set aside, paid and left, written with the currency."""

    promised: str
    received: str
    allocated: str
    paid: str
    left: str


@dataclass(frozen=True)
class FundShown:
    """One fund with its money; `tied` says what it may be used for, `pot` which pot says the same ("": none)."""

    id: UUID
    name: str
    funder: str
    funder_reference: str
    is_public: bool
    for_programme: bool
    tied: str
    pot: str
    lacks_pot: bool
    currency: str
    sums: SumsShown
    may_change: bool


@dataclass(frozen=True)
class MoneyShown:
    """Where the money of one currency is: its funds, their totals, and the picture."""

    funds: Sequence[FundShown]
    total: SumsShown
    plot: FundPlot
    currency: str


@dataclass(frozen=True)
class MovementShown:
    """A row of the ledger."""

    at: Moment
    kind: str
    fund: str
    amount: str
    award: str
    organisation: str
    reason: str
    by: str


@dataclass(frozen=True)
class GivenShown:
    """What one fund gives, or would give."""

    fund: str
    amount: str


@dataclass(frozen=True)
class AwardFundsShown:
    """An award with the funds that pay it, and what is proposed for what it lacks."""

    id: UUID
    reference: str
    organisation: str
    amount: str
    given: Sequence[GivenShown]
    lacks: str
    is_funded: bool
    proposed: Sequence[GivenShown]


def hidden_note() -> str:
    """Return what stands beside every sum, for everybody alike: that it is there tells nobody anything."""
    return _(
        "Money of applications with which you have a conflict of interest, and of calls that you do not follow, is in"
        " no figure that you see."
    )


def money_shown(rows: Sequence[FundMoney], call: Call, actor: Actor) -> list[MoneyShown]:
    """Return where the money behind a call is, by currency, that of the call first."""
    return money_in_parts(rows, dict(pot_choices(call)), actor, first=call.currency)


def money_in_parts(
    rows: Sequence[FundMoney], pots: Mapping[str, str], actor: Actor, first: str = ""
) -> list[MoneyShown]:
    """Return where the money of funds is, by currency, `first` before the others."""
    currencies = sorted({row.fund.currency for row in rows}, key=lambda each: (each != first, each))
    found = []
    for currency in currencies:
        of_it = [row for row in rows if row.fund.currency == currency]
        found.append(
            MoneyShown(
                funds=[fund_shown(row, pots, actor) for row in of_it],
                total=sums_shown(sum((row.sums for row in of_it), Sums()), currency),
                plot=fund_plot([(row.fund.name, row.sums) for row in of_it]),
                currency=currency,
            )
        )
    return found


def fund_shown(row: FundMoney, pots: Mapping[str, str], actor: Actor) -> FundShown:
    """Return one fund with its money; `pots` are the titles of those of the call's terms, by code."""
    fund = row.fund
    pot = pots.get(fund.pot_code, "")
    return FundShown(
        id=fund.id,
        name=fund.name,
        funder=fund.funder.name,
        funder_reference=fund.funder.reference,
        is_public=fund.funder.is_named,
        for_programme=fund.call_id is None,
        tied=fund.restriction,
        pot=pot,
        lacks_pot=fund.is_restricted and not pot,
        currency=fund.currency,
        sums=sums_shown(row.sums, fund.currency),
        may_change=may_change(actor, fund),
    )


def sums_shown(sums: Sums, currency: str) -> SumsShown:
    """Write sums in the current language."""
    return SumsShown(
        promised=money(sums.promised, currency),
        received=money(sums.received, currency),
        allocated=money(sums.allocated, currency),
        paid=money(sums.paid, currency),
        left=money(sums.left, currency),
    )


def pot_choices(call: Call) -> list[tuple[str, str]]:
    """Return the pots of a call's terms as (code, title)."""
    return [(pot.code, localised(dict(pot.titles)) or pot.code) for pot in terms_set(call).pots]


def movements_shown(page: Page[MovementRow], call: Call) -> Page[MovementShown]:
    """Return one page of the ledger."""
    shown = [movement_shown(row, call) for row in page.items]
    return Page(shown, page.number, page.size, page.total)


def movement_shown(row: MovementRow, call: Call) -> MovementShown:
    """Return a row of the ledger; what takes back has a minus before it."""
    movement = row.movement
    return MovementShown(
        at=moment(movement.made_at, call.time_zone),
        kind=str(KIND_LABELS[movement.kind]),
        fund=row.fund_name,
        amount=money(movement.amount_minor, row.currency),
        award=row.award_reference or "",
        organisation=row.face.name if row.face else "",
        reason=movement.reason,
        by=movement.made_by.name if movement.made_by else "",
    )


def awards_shown(found: Backing) -> list[AwardFundsShown]:
    """Return the awards of a call with their funds and what is proposed."""
    return [award_shown(each, found) for each in found.awards]


def award_shown(each: AwardMoney, found: Backing) -> AwardFundsShown:
    """Return one award with its funds."""
    funds = {str(row.fund.id): row.fund for row in found.funds}
    award = each.award
    return AwardFundsShown(
        id=award.id,
        reference=award.reference,
        organisation=each.face.name,
        amount=money(award.amount_minor, award.currency),
        given=_given(each.given, funds),
        lacks=money(each.lacks_minor, award.currency) if each.lacks_minor else "",
        is_funded=each.lacks_minor == 0,
        proposed=_given(found.proposal.get(str(award.id), {}), funds),
    )


def award_name(each: AwardMoney) -> str:
    """Return how an award is called in a heading."""
    return called(each.face)


def fund_fields(each: AwardMoney, found: Backing) -> list[tuple[str, str, str]]:
    """Return the funds that may give to an award, or do: id, name and how much is left of each."""
    return [
        (
            str(row.fund.id),
            row.fund.name,
            _("Left: %(money)s", money=money(row.sums.left, row.fund.currency)),
        )
        for row in found.funds
        if each.may_be_paid_from(row.fund) or str(row.fund.id) in each.given
    ]


def may_write(actor: Actor, call: Call) -> bool:
    """Say whether the actor enters funds in a call and says which awards they pay."""
    return actor.can(P.FUND_WRITE, call.id)


def _given(amounts: Mapping[str, int], funds: Mapping[str, Fund]) -> list[GivenShown]:
    return [
        GivenShown(fund.name, money(amounts[key], fund.currency)) for key, fund in funds.items() if amounts.get(key)
    ]
