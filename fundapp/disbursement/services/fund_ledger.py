"""Writing the ledger of funds: rows and the counters that guard them, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, select, update

from fundapp.accounts.permissions import Actor
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.fund_rules import OF_FUNDERS, MovementKind, Sums, sums_of
from fundapp.disbursement.models import Award, Fund, FundMovement, FundShare

RECORDED: Final[Mapping[MovementKind, str]] = {
    MovementKind.PROMISED: "fund:promise",
    MovementKind.RECEIVED: "fund:receive",
    MovementKind.ALLOCATED: "fund:allocate",
    MovementKind.RELEASED: "fund:release",
    MovementKind.REALLOCATED: "fund:reallocate",
    MovementKind.PAID: "fund:pay",
    MovementKind.RETURNED: "fund:return",
}
"""What is recorded of each kind of row."""


@dataclass(frozen=True)
class Posting:
    """A row to write: an amount of one fund, in minor units of its currency; what takes back is below zero."""

    fund: Fund
    kind: MovementKind
    amount_minor: int


def post_of_funder(*, actor: Actor, posting: Posting, call_id: UUID, reason: str, now: datetime) -> FundMovement:
    """Write that a funder promised money or that it came in (below zero: less of it, with a reason).

    Raises Conflict where more is set aside for awards already, or less came in.
    """
    if posting.kind not in OF_FUNDERS:
        raise ValueError("this is between a fund and an award")
    _count(posting.fund, sums_of([(posting.kind, posting.amount_minor)]))
    return _write(actor, posting, None, call_id, reason, None, now)


def post_of_award(
    *, actor: Actor, award: Award, postings: Sequence[Posting], reason: str, now: datetime
) -> list[FundMovement]:
    """Write what funds give to an award, or what was paid of it. The award is locked, as `lock_row` does.

    Each fund's counters move in one UPDATE that the database refuses where the money is not there; funds are taken in
    one order, so that nobody waits in a circle. Raises Conflict, and then nothing of it holds.
    """
    if any(each.kind in OF_FUNDERS for each in postings):
        raise ValueError("this is between a funder and a fund")
    with db.session.begin_nested():  # all of it or nothing: the money of one of several funds can be gone meanwhile
        for fund in sorted({each.fund for each in postings}, key=lambda each: each.id):
            change = sums_of((each.kind, each.amount_minor) for each in postings if each.fund is fund)
            _share(fund, award, change)
            _count(fund, change)
        _fund(award, sums_of((each.kind, each.amount_minor) for each in postings))
        move_id = uuid4()
        return [_write(actor, each, award, award.call_id, reason, move_id, now) for each in postings]


def _fund(award: Award, change: Sums) -> None:
    if not 0 <= award.funded_minor + change.allocated <= award.amount_minor:
        raise Conflict(_l("The funds would give more than the award is. Nothing was changed."))
    award.funded_minor += change.allocated
    if change.paid > 0 and not award.is_funded:
        raise Conflict(_l("Nothing is paid of an award before funds give all of it."))
    db.session.flush()


def _share(fund: Fund, award: Award, change: Sums) -> None:
    share = db.session.scalar(
        select(FundShare)
        .where(FundShare.fund_id == fund.id, FundShare.award_id == award.id)
        .execution_options(populate_existing=True)
    )
    if share is None:
        share = FundShare(fund_id=fund.id, award_id=award.id, allocated_minor=0, paid_minor=0)
        db.session.add(share)
    allocated, paid = share.allocated_minor + change.allocated, share.paid_minor + change.paid
    if not 0 <= paid <= allocated:
        raise Conflict(_l("This much of the award's money from “%(fund)s” is paid already.", fund=fund.name))
    share.allocated_minor, share.paid_minor = allocated, paid
    db.session.flush()


def _count(fund: Fund, change: Sums) -> None:
    """Move the counters of a fund in one conditional UPDATE. Raises Conflict where a sum would be impossible."""
    promised, received = Fund.promised_minor + change.promised, Fund.received_minor + change.received
    allocated, paid = Fund.allocated_minor + change.allocated, Fund.paid_minor + change.paid
    result = db.session.execute(
        update(Fund)
        .where(Fund.id == fund.id, paid >= 0, paid <= allocated, allocated <= promised, received >= 0)
        .values(promised_minor=promised, received_minor=received, allocated_minor=allocated, paid_minor=paid)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], result).rowcount != 1:
        raise Conflict(_refusal(fund, change))
    db.session.refresh(fund, ["promised_minor", "received_minor", "allocated_minor", "paid_minor"])


def _refusal(fund: Fund, change: Sums) -> str:
    if change.promised < 0:
        return _l("More of “%(fund)s” is set aside for awards already. Nothing was changed.", fund=fund.name)
    if change.received < 0:
        return _l("Less than that came in for “%(fund)s”. Nothing was changed.", fund=fund.name)
    if change.allocated > 0:
        return _l("This is more than what is left of “%(fund)s”. Nothing was changed.", fund=fund.name)
    return _l("The money of “%(fund)s” does not allow this. Nothing was changed.", fund=fund.name)


def _write(
    actor: Actor,
    posting: Posting,
    award: Award | None,
    call_id: UUID,
    reason: str,
    move: UUID | None,
    now: datetime,
) -> FundMovement:
    movement = FundMovement(
        fund_id=posting.fund.id,
        award_id=award.id if award else None,
        kind=posting.kind,
        amount_minor=posting.amount_minor,
        reason=reason.strip(),
        move_id=move if posting.kind is MovementKind.REALLOCATED else None,
        made_by_id=actor.person_id,
        made_at=now,
    )
    db.session.add(movement)
    db.session.flush()
    data = movement.facts()
    record(actor=actor, action=RECORDED[posting.kind], subject=movement, now=now, call_id=call_id, data=data)
    return movement
