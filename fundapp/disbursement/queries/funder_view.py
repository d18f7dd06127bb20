"""What somebody of a funder reads of its money, and who they are.

They read what passed between the funder and us, and of awards what their people let everybody read. Whatever else
became of the money is in no sum and no list: a page is the same with and without awards that are protected or withheld.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.fund_rules import MovementKind, sums_of
from fundapp.disbursement.models import Fund, Funder, FunderPerson, FundMovement, FundShare
from fundapp.disbursement.publication_rules import Publication
from fundapp.disbursement.queries.funds import FundMoney
from fundapp.disbursement.queries.publication import Published, published


@dataclass(frozen=True)
class PaidAward:
    """A published award to which funds of one funder give, in minor units of its currency.

    Both amounts are None where its people let everybody read the name alone.
    """

    published: Published
    allocated_minor: int | None
    paid_minor: int | None


def own_funders(*, actor: Actor) -> list[Funder]:
    """Return the funders for which the actor reads, by name."""
    return list(
        db.session.scalars(
            select(Funder)
            .join(FunderPerson, FunderPerson.funder_id == Funder.id)
            .where(FunderPerson.person_id == actor.person_id, FunderPerson.ended_at.is_(None))
            .order_by(Funder.name, Funder.id)
        )
    )


def own_funder(*, actor: Actor, funder_id: UUID) -> Funder:
    """Return a funder for which the actor reads. Raises NotFound."""
    found = next((each for each in own_funders(actor=actor) if each.id == funder_id), None)
    if found is None:
        raise NotFound
    return found


def people_of(funder: Funder) -> list[FunderPerson]:
    """Return who reads for a funder now, by name."""
    people = db.session.scalars(
        select(FunderPerson)
        .where(FunderPerson.funder_id == funder.id, FunderPerson.ended_at.is_(None))
        .options(joinedload(FunderPerson.person))
    )
    return sorted(people, key=lambda each: each.person.sort_key)


def money_of_funder(funder: Funder, now: datetime) -> list[FundMoney]:
    """Return the funds of a funder, by name, with what its people may read of their sums."""
    told = [each.award.id for each in _published(Publication.FULL, now=now)]
    rows = db.session.execute(
        select(FundMovement.fund_id, FundMovement.kind, func.sum(FundMovement.amount_minor))
        .join(FundMovement.fund)
        .where(Fund.funder_id == funder.id, or_(FundMovement.award_id.is_(None), FundMovement.award_id.in_(told)))
        .group_by(FundMovement.fund_id, FundMovement.kind)
    )
    found: dict[UUID, list[tuple[MovementKind, int]]] = {}
    for fund_id, kind, amount in rows:
        found.setdefault(fund_id, []).append((kind, int(amount)))
    funds = db.session.scalars(select(Fund).where(Fund.funder_id == funder.id).order_by(Fund.name, Fund.id))
    return [FundMoney(fund, sums_of(found.get(fund.id, ()))) for fund in funds]


def awards_of_funder(funder: Funder, now: datetime) -> list[PaidAward]:
    """Return the published awards to which a funder's funds give, as everybody reads them."""
    named = {each.award.id: each for each in _published(Publication.FULL, Publication.NAME_ONLY, now=now)}
    shares = {
        award_id: (int(allocated), int(paid))
        for award_id, allocated, paid in db.session.execute(
            select(FundShare.award_id, func.sum(FundShare.allocated_minor), func.sum(FundShare.paid_minor))
            .join(FundShare.fund)
            .where(Fund.funder_id == funder.id, FundShare.award_id.in_(list(named)), FundShare.allocated_minor > 0)
            .group_by(FundShare.award_id)
        )
    }
    return [_paid(each, *shares[award_id]) for award_id, each in named.items() if award_id in shares]


def _paid(each: Published, allocated: int, paid: int) -> PaidAward:
    if each.choice.choice is Publication.FULL:
        return PaidAward(each, allocated, paid)
    return PaidAward(each, None, None)


def _published(*choices: Publication, now: datetime) -> Sequence[Published]:
    return [each for each in published(now) if each.choice.choice in choices]
