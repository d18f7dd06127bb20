"""The money of an award that its people do not take is free again, and bound again where it is offered once more."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import system_actor
from fundapp.applications.budget import move_commitment
from fundapp.core.db import db
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Award, FundShare
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award


def free_money(*, award: Award, now: datetime) -> None:
    """Take an award out of what its call has promised, and give its funds back what they set aside; it is locked."""
    shares = db.session.scalars(select(FundShare).where(FundShare.award_id == award.id, FundShare.allocated_minor > 0))
    postings = [
        Posting(each.fund, MovementKind.RELEASED, each.paid_minor - each.allocated_minor)
        for each in shares
        if each.allocated_minor > each.paid_minor
    ]
    if postings:
        reason = _l("The award was refused or withdrawn.")
        post_of_award(actor=system_actor(), award=award, postings=postings, reason=str(reason), now=now)
    move_commitment(call_id=award.call_id, delta_minor=-award.amount_minor)


def bind_money(*, award: Award) -> None:
    """Promise the money of an award again. Raises Conflict where it was given to somebody else meanwhile."""
    move_commitment(call_id=award.call_id, delta_minor=award.amount_minor)
