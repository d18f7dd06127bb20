"""Whether instalments come to their awards, and what is paid is what the ledger of the funds says: for the check-up."""

from uuid import UUID

from sqlalchemy import Select, func, select

from fundapp.core.db import db
from fundapp.disbursement.models import Award, FundShare, Instalment, Payment
from fundapp.disbursement.payment_rules import PAID


def broken_payments() -> list[str]:
    """Return the references of awards whose plan, payments or ledger do not fit together."""
    of_plan = select(Instalment.award_id, func.sum(Instalment.amount_minor)).where(Instalment.dropped_at.is_(None))
    planned = _sums(of_plan.group_by(Instalment.award_id))
    of_payments = select(Payment.award_id, func.sum(Payment.amount_minor)).where(Payment.status.in_(PAID))
    paid = _sums(of_payments.group_by(Payment.award_id))
    in_ledger = _sums(select(FundShare.award_id, func.sum(FundShare.paid_minor)).group_by(FundShare.award_id))
    other = set(
        db.session.scalars(
            select(Payment.award_id)
            .join(Payment.instalment)
            .where((Payment.amount_minor != Instalment.amount_minor) | (Payment.award_id != Instalment.award_id))
        )
    )
    awards = db.session.execute(select(Award.id, Award.reference, Award.amount_minor).order_by(Award.reference))
    return [
        reference
        for award_id, reference, amount in awards
        if award_id in other
        or planned.get(award_id, amount) != amount
        or paid.get(award_id, 0) != in_ledger.get(award_id, 0)
    ]


def _sums(statement: Select[UUID, int]) -> dict[UUID, int]:
    return {award_id: int(total) for award_id, total in db.session.execute(statement)}
