"""Which funds pay an award: proposed from the terms, kept by a person, moved with a reason."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.fund_rules import MovementKind, needs_reason, reason_problems, steps_between
from fundapp.disbursement.models import Fund
from fundapp.disbursement.queries.funds import AwardMoney, Backing, backing
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award
from fundapp.review.services.calls import lock_call


def fund_award(
    *,
    actor: Actor,
    call: Call,
    award_id: UUID,
    wanted: Mapping[UUID, int],
    reason: str,
    seen: str,
    now: datetime,
) -> int:
    """Let funds give this much each to an award, in minor units of its currency; a fund that is not named gives 0.

    Returns how many rows the ledger got. `seen` is the hash of what was shown. Raises NotFound (also for an award with
    which the actor has a conflict of interest), RuleViolations (money that may not be used for it, another currency,
    more than the award, no reason for taking back), Conflict (somebody was faster, or the money is not there) and
    NotAllowed.
    """
    found = _begin(actor, call, seen, award_id)
    money = found.of(award_id)
    funds = {str(row.fund.id): row.fund for row in found.funds}
    after = {str(key): amount for key, amount in wanted.items() if amount}
    problems = _problems(money, funds, after)
    steps = steps_between(money.given, after)
    problems += reason_problems(reason, is_needed=needs_reason(steps))
    if problems:
        raise RuleViolations(problems)
    postings = [Posting(funds[step.fund], step.kind, step.amount) for step in steps]
    if postings:
        post_of_award(actor=actor, award=money.award, postings=postings, reason=reason, now=now)
    return len(postings)


def keep_proposal(*, actor: Actor, call: Call, seen: str, now: datetime) -> int:
    """Set aside what is proposed for every award that lacks money, and return for how many that is.

    `seen` is the hash of the proposal that was shown. Raises Conflict where it is another one now, or the money is not
    there, and NotAllowed.
    """
    found = _begin(actor, call, seen)
    funds = {str(row.fund.id): row.fund for row in found.funds}
    with db.session.begin_nested():  # for all of them or for none
        for award_id, given in found.proposal.items():
            money = found.of(UUID(award_id))
            lock_row(money.award)
            postings = [Posting(funds[fund], MovementKind.ALLOCATED, amount) for fund, amount in given.items()]
            post_of_award(actor=actor, award=money.award, postings=postings, reason="", now=now)
    return len(found.proposal)


def _begin(actor: Actor, call: Call, seen: str, award_id: UUID | None = None) -> Backing:
    """Hold the call and the award against others, and read them afresh."""
    actor.require(P.FUND_WRITE, call.id)
    lock_call(call)
    db.session.expire_all()
    found = backing(actor=actor, call=call)
    if award_id is not None:
        lock_row(found.of(award_id).award)
    if found.seen != seen:
        raise Conflict(_l("Awards, funds or the terms changed meanwhile. Please look again."))
    return found


def _problems(money: AwardMoney, funds: Mapping[str, Fund], after: Mapping[str, int]) -> list[Problem]:
    problems = []
    for key, amount in after.items():
        fund = funds.get(key)
        field = f"fund-{key}"
        if fund is None or amount < 0:
            problems.append(Problem(_l("This fund is not behind this call."), field=field))
        elif fund.currency != money.award.currency:
            problems.append(Problem(_other_currency(fund, money), field=field))
        elif amount > money.given.get(key, 0) and not fund.tied.may_pay(money.pots):
            problems.append(Problem(_l("The money of this fund may not be used for this award."), field=field))
    if sum(after.values()) > money.award.amount_minor:
        problems.append(Problem(_l("Together this is more than the award.")))
    return problems


def _other_currency(fund: Fund, money: AwardMoney) -> str:
    return _l(
        "This fund is in %(fund)s and the award in %(award)s. Money is not converted here.",
        fund=fund.currency,
        award=money.award.currency,
    )
