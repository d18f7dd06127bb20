"""Whether the counters of funds and awards are what the rows of the ledger add up to: for the check-up."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from fundapp.core.db import db
from fundapp.disbursement.fund_rules import MovementKind, sums_of
from fundapp.disbursement.models import Award, Fund, FundMovement, FundShare


def broken_funds() -> list[str]:
    """Return the names of funds and the references of awards whose counters differ from the ledger."""
    rows = [
        (fund_id, award_id, kind, int(amount))
        for fund_id, award_id, kind, amount in db.session.execute(
            select(
                FundMovement.fund_id, FundMovement.award_id, FundMovement.kind, func.sum(FundMovement.amount_minor)
            ).group_by(FundMovement.fund_id, FundMovement.award_id, FundMovement.kind)
        )
    ]
    of_fund: dict[UUID, list[tuple[MovementKind, int]]] = {}
    of_pair: dict[tuple[UUID, UUID], list[tuple[MovementKind, int]]] = {}
    for fund_id, award_id, kind, amount in rows:
        of_fund.setdefault(fund_id, []).append((kind, amount))
        if award_id is not None:
            of_pair.setdefault((fund_id, award_id), []).append((kind, amount))
    return [*_wrong_funds(of_fund), *_wrong_awards(of_pair)]


def _wrong_funds(rows: dict[UUID, list[tuple[MovementKind, int]]]) -> Iterable[str]:
    columns = (Fund.promised_minor, Fund.received_minor, Fund.allocated_minor, Fund.paid_minor)
    for fund_id, name, *counters in db.session.execute(select(Fund.id, Fund.name, *columns).order_by(Fund.name)):
        sums = sums_of(rows.get(fund_id, ()))
        if counters != [sums.promised, sums.received, sums.allocated, sums.paid]:
            yield name


def _wrong_awards(rows: dict[tuple[UUID, UUID], list[tuple[MovementKind, int]]]) -> Iterable[str]:
    sums = {pair: sums_of(found) for pair, found in rows.items()}
    expected = {pair: (each.allocated, each.paid) for pair, each in sums.items()}
    columns = (FundShare.fund_id, FundShare.award_id, FundShare.allocated_minor, FundShare.paid_minor)
    kept = {(fund, award): (given, paid) for fund, award, given, paid in db.session.execute(select(*columns))}
    wrong = {pair[1] for pair in {*expected, *kept} if expected.get(pair, (0, 0)) != kept.get(pair, (0, 0))}
    given: dict[UUID, int] = {}
    for (_fund, award_id), each in sums.items():
        given[award_id] = given.get(award_id, 0) + each.allocated
    awards = select(Award.id, Award.reference, Award.funded_minor).order_by(Award.reference)
    for award_id, reference, funded in db.session.execute(awards):
        if award_id in wrong or funded != given.get(award_id, 0):
            yield reference
