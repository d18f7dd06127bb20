"""What is read about funds and the money of a call, as far as the reader may see the awards that it went to.

Sums are made from the rows of the ledger that the reader may see: what went to an application with which they have a
conflict of interest, or to a call that they do not follow, is in no sum and no list.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.listing import Choice, Filter, Listing, Order
from fundapp.core.money import Money
from fundapp.disbursement import fund_rules
from fundapp.disbursement.fund_rules import MovementKind, Need, Sums, sums_of
from fundapp.disbursement.models import Award, Fund, Funder, FundMovement, FundShare
from fundapp.review.models import Decision
from fundapp.review.queries.asks import awarded_asks, groups_of
from fundapp.review.queries.selection import selection

KIND_LABELS: Final = {
    MovementKind.PROMISED: _l("Promised by the funder"),
    MovementKind.RECEIVED: _l("Received from the funder"),
    MovementKind.ALLOCATED: _l("Set aside for an award"),
    MovementKind.RELEASED: _l("Set free again"),
    MovementKind.REALLOCATED: _l("Moved between funds"),
    MovementKind.PAID: _l("Paid"),
    MovementKind.RETURNED: _l("Came back"),
}


@dataclass(frozen=True)
class FundMoney:
    """A fund, and what its rows add up to that the reader may see."""

    fund: Fund
    sums: Sums


@dataclass(frozen=True)
class MovementRow:
    """One row of the ledger as a list shows it; award and face are None for what is between a funder and us."""

    movement: FundMovement
    fund_name: str
    currency: str
    award_reference: str | None
    face: Face | None


@dataclass(frozen=True)
class AwardMoney:
    """An award with what each fund gives to it.

    `pots` are those of the terms that may pay it; None where the terms have none.
    """

    award: Award
    face: Face
    shares: Mapping[UUID, FundShare]
    pots: frozenset[str] | None

    @property
    def lacks_minor(self) -> int:
        """Return what no fund gives yet."""
        return self.award.amount_minor - sum(share.allocated_minor for share in self.shares.values())

    @property
    def given(self) -> dict[str, int]:
        """Return what each fund gives, by the fund's id."""
        return {str(key): share.allocated_minor for key, share in self.shares.items() if share.allocated_minor}

    def may_be_paid_from(self, fund: Fund) -> bool:
        """Say whether the money of a fund may be used for it."""
        return fund.currency == self.award.currency and fund.tied.may_pay(self.pots)


@dataclass(frozen=True)
class Backing:
    """The awards of a call that the reader may see, the funds behind the call, and what would cover what lacks."""

    awards: Sequence[AwardMoney]
    funds: Sequence[FundMoney]

    @cached_property
    def proposal(self) -> Mapping[str, Mapping[str, int]]:
        """Return what each fund would give more, by award and fund."""
        return fund_rules.proposal(
            [
                Need(
                    str(each.award.id),
                    each.lacks_minor,
                    frozenset(str(row.fund.id) for row in self.funds if each.may_be_paid_from(row.fund)),
                )
                for each in self.awards
            ],
            {str(row.fund.id): row.sums.left for row in self.funds},
        )

    @cached_property
    def seen(self) -> str:
        """Return a hash of what a page shows of it: what is given now, and what is proposed."""
        shown = [[str(each.award.id), each.award.amount_minor, sorted(each.given.items())] for each in self.awards]
        wanted = [[award, sorted(given.items())] for award, given in sorted(self.proposal.items())]
        return hashlib.sha256(json.dumps([shown, wanted]).encode()).hexdigest()

    def of(self, award_id: UUID) -> AwardMoney:
        """Return one award. Raises NotFound."""
        found = next((each for each in self.awards if each.award.id == award_id), None)
        if found is None:
            raise NotFound
        return found


def may_change(actor: Actor, fund: Fund) -> bool:
    """Say whether the actor may change a fund: that of a call in this call, that of a programme in every call."""
    if fund.call_id is None:
        return actor.calls_with(P.FUND_WRITE) is None
    return actor.can(P.FUND_WRITE, fund.call_id)


def funds_of_call(call: Call) -> list[Fund]:
    """Return the funds behind a call, by funder and name: its own, and those of its whole programme."""
    return list(
        db.session.scalars(
            select(Fund)
            .join(Fund.funder)
            .where(Fund.programme_id == call.programme_id, or_(Fund.call_id.is_(None), Fund.call_id == call.id))
            .options(joinedload(Fund.funder))
            .order_by(Funder.name, Fund.name, Fund.id)
        )
    )


def fund_of_call(*, call: Call, fund_id: UUID) -> Fund:
    """Return one of them. Raises NotFound."""
    found = next((fund for fund in funds_of_call(call) if fund.id == fund_id), None)
    if found is None:
        raise NotFound
    return found


def funders_for(actor: Actor) -> list[Funder]:
    """Return the funders all of whose funds the actor may change, by name: others may be known to other calls only."""
    funders = db.session.scalars(select(Funder).options(joinedload(Funder.funds)).order_by(Funder.name)).unique()
    return [funder for funder in funders if all(may_change(actor, fund) for fund in funder.funds)]


def money_of_call(*, actor: Actor, call: Call) -> list[FundMoney]:
    """Return the funds behind a call with what is promised, received, allocated and paid, as the actor may see it.

    All in minor units of each fund's currency. Of a fund that several calls share, what the actor may see of all of
    them counts. Raises NotAllowed.
    """
    actor.require(P.FUNDS_READ, call.id)
    funds = funds_of_call(call)
    rows = db.session.execute(
        select(FundMovement.fund_id, FundMovement.kind, func.sum(FundMovement.amount_minor))
        .outerjoin(FundMovement.award)
        .outerjoin(Award.decision)
        .outerjoin(Decision.entry)
        .outerjoin(Entry.application)
        .where(FundMovement.fund_id.in_([fund.id for fund in funds]), _is_seen(actor))
        .group_by(FundMovement.fund_id, FundMovement.kind)
    ).all()
    found: dict[UUID, list[tuple[MovementKind, int]]] = {}
    for fund_id, kind, amount in rows:
        found.setdefault(fund_id, []).append((kind, int(amount)))
    return [FundMoney(fund, sums_of(found.get(fund.id, ()))) for fund in funds]


def movements(*, actor: Actor, call: Call) -> Listing[MovementRow]:
    """Return the ledger of the funds behind a call, the newest first."""
    funds = funds_of_call(call)
    return Listing(
        rows=select(FundMovement, Fund.name, Fund.currency, Award.reference, FACE)
        .join(FundMovement.fund)
        .outerjoin(FundMovement.award)
        .outerjoin(Award.decision)
        .outerjoin(Decision.entry)
        .outerjoin(Entry.application)
        .where(FundMovement.fund_id.in_([fund.id for fund in funds]), _is_seen(actor))
        .options(joinedload(FundMovement.made_by), joinedload(FundMovement.fund).joinedload(Fund.funder)),
        row=_movement_row,
        filters={
            "kind": Filter(
                _l("Kind"),
                {kind.value: Choice(label, FundMovement.kind == kind) for kind, label in KIND_LABELS.items()},
            ),
            "fund": Filter(
                _l("Fund"), {str(fund.id): Choice(fund.name, FundMovement.fund_id == fund.id) for fund in funds}
            ),
        },
        orders={
            "when": Order(_l("When it was written"), (FundMovement.made_at,), falls=True),
            "fund": Order(_l("Fund"), text=lambda each: each.fund_name),
        },
        last=(FundMovement.made_at, FundMovement.id),
        texts=lambda each: (
            each.fund_name,
            each.award_reference or "",
            each.face.name if each.face else "",
            each.movement.reason,
        ),
        columns={
            "call": lambda _each: call.slug,
            "movement_id": lambda each: str(each.movement.id),
            "written_at": lambda each: each.movement.made_at,
            "movement": lambda each: each.movement.kind.value,
            "fund_id": lambda each: str(each.movement.fund_id),
            "fund": lambda each: each.fund_name,
            "funder": lambda each: each.movement.fund.funder.name,
            "currency": lambda each: each.currency,
            "amount": lambda each: Money(each.movement.amount_minor, each.currency).decimal,
            "award_reference": lambda each: each.award_reference or "",
            "organisation": lambda each: each.face.name if each.face else "",
            "moved_together": lambda each: str(each.movement.move_id or ""),
            "reason": lambda each: each.movement.reason,
            "written_by": lambda each: each.movement.made_by.name if each.movement.made_by else "",
            "sample": lambda _each: "yes" if call.is_sample else "no",
        },
    )


def backing(*, actor: Actor, call: Call) -> Backing:
    """Return the awards of a call with their funds, by reference, as the actor may see them. Raises NotAllowed."""
    funds = money_of_call(actor=actor, call=call)
    rows = db.session.execute(
        select(Award, Decision.entry_id, FACE)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .where(Award.call_id == call.id, visible_to(actor))
        .order_by(func.length(Award.reference), Award.reference)
    ).all()
    shares: dict[UUID, dict[UUID, FundShare]] = {}
    for share in db.session.scalars(
        select(FundShare)
        .where(FundShare.award_id.in_([award.id for award, _entry, _face in rows]))
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    ):
        shares.setdefault(share.award_id, {})[share.fund_id] = share
    found = selection(actor=actor, call=call) if rows else None
    pots = {ask.entry_id: ask.pots for ask in awarded_asks(found, groups_of(found))} if found else {}
    awards = [
        AwardMoney(award, face, shares.get(award.id, {}), pots.get(str(entry_id))) for award, entry_id, face in rows
    ]
    return Backing(awards, funds)


def _is_seen(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on FundMovement, joined to its application, that keeps to what the actor may see."""
    return or_(
        FundMovement.award_id.is_(None),
        and_(in_calls(actor, P.FUNDS_READ, Award.call_id), visible_to(actor)),
    )


def _movement_row(
    movement: FundMovement,
    fund_name: str,
    currency: str,
    award_reference: str | None,
    face: Face,
) -> MovementRow:
    """Make a row; the face of nothing is none."""
    is_of_award = award_reference is not None
    return MovementRow(movement, fund_name, currency, award_reference, face if is_of_award else None)
