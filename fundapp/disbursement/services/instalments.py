"""What becomes of the instalments of an award: planned, waited for, approved by somebody else."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Award, Instalment
from fundapp.disbursement.payment_rules import Planned, may_approve, plan_problems
from fundapp.disbursement.queries.payments import AwardPlan, InstalmentRow, managed_plan


def plan_award(*, actor: Actor, award: Award, planned: Sequence[Planned], seen: str, now: datetime) -> list[Instalment]:
    """Plan in which parts an award is paid; what was approved stays, all else is planned anew.

    `seen` is the hash of the plan that stood on the page. Raises RuleViolations (fields amount-0, waits-0 …), Conflict
    (another plan by now, not accepted), NotFound and NotAllowed.
    """
    plan = _held(actor, award)
    if plan.seen != seen:
        raise Conflict(_l("Somebody changed these instalments meanwhile. Look at the page once more."))
    if not plan.is_accepted:
        raise Conflict(_l("This award is not accepted. Its instalments are planned once it is."))
    if problems := plan_problems(planned, kept_minor=plan.kept_minor, award_minor=award.amount_minor):
        raise RuleViolations(problems)
    for row in plan.rows:
        if not row.is_kept:
            row.instalment.dropped_at = now
            _record(actor, "instalment:drop", row.instalment, award, now)
    db.session.flush()
    taken = {row.instalment.number for row in plan.rows if row.is_kept}
    numbers = (number for number in range(1, len(taken) + len(planned) + 1) if number not in taken)
    made = []
    for number, each in zip(numbers, planned, strict=False):
        instalment = Instalment(
            award_id=award.id,
            application_id=award.decision.entry.application_id,
            number=number,
            amount_minor=each.amount_minor,
            is_conditional=bool(each.waits_for.strip()),
            waits_for=each.waits_for.strip(),
            due_on=each.due_on,
            planned_by_id=actor.person_id,
            planned_at=now,
        )
        db.session.add(instalment)
        _record(actor, "instalment:plan", instalment, award, now)
        made.append(instalment)
    return made


def note_met(*, actor: Actor, award: Award, instalment_id: UUID, version: int, now: datetime) -> None:
    """Say that what an instalment waits for has come; saying it twice changes nothing. Raises as `approve` does."""

    def meet(row: InstalmentRow) -> bool:
        if row.instalment.met_at is not None:
            return False
        if not row.instalment.is_conditional:
            raise Conflict(_l("This instalment waits for nothing."))
        row.instalment.met_at, row.instalment.met_by_id = now, actor.person_id
        return True

    _change(actor, award, instalment_id, version, "instalment:meet", now, meet)


def approve(*, actor: Actor, award: Award, instalment_id: UUID, version: int, now: datetime) -> None:
    """Approve an instalment that others planned; approving twice changes nothing.

    `version` is that of the instalment on the page. Raises Conflict (another one by now, it waits, the actor planned it
    or said that it may go), NotFound and NotAllowed.
    """

    def agree(row: InstalmentRow) -> bool:
        instalment = row.instalment
        if instalment.approved_at is not None:
            return False
        if instalment.waits:
            raise Conflict(_l("What this instalment waits for has not come yet."))
        if not may_approve(actor.person_id, made_by=(instalment.planned_by_id, instalment.met_by_id)):
            raise Conflict(_l("You planned this instalment, or said that it may go. Somebody else approves it."))
        instalment.approved_at, instalment.approved_by_id = now, actor.person_id
        return True

    _change(actor, award, instalment_id, version, "instalment:approve", now, agree)


def take_back_approval(*, actor: Actor, award: Award, instalment_id: UUID, version: int, now: datetime) -> None:
    """Take the approval of an instalment back that is in no payment file. Raises as `approve` does."""

    def disagree(row: InstalmentRow) -> bool:
        if row.payment is not None:
            raise Conflict(_l("This instalment is in a payment file, or paid."))
        if row.instalment.approved_at is None:
            return False
        row.instalment.approved_at = row.instalment.approved_by_id = None
        return True

    _change(actor, award, instalment_id, version, "instalment:take_back", now, disagree)


def _change(
    actor: Actor,
    award: Award,
    instalment_id: UUID,
    version: int,
    action: str,
    now: datetime,
    change: Callable[[InstalmentRow], bool],
) -> None:
    row = _held(actor, award).row(instalment_id)
    before = row.instalment.version
    if change(row):
        if before != version:
            raise Conflict(_l("Somebody changed these instalments meanwhile. Look at the page once more."))
        _record(actor, action, row.instalment, award, now)


def _held(actor: Actor, award: Award) -> AwardPlan:
    """Hold an award against others. Raises NotAllowed, NotFound for a conflict of interest, Conflict once erased."""
    actor.require(P.PAYMENT_PLAN, award.call_id)
    lock_row(award)
    call: Call = award.decision.entry.application.call
    plan = managed_plan(actor=actor, call=call, award_id=award.id)
    if plan.erased_at is not None:
        raise Conflict(_l("This application was erased. Nothing of it is paid any more."))
    return plan


def _record(actor: Actor, action: str, instalment: Instalment, award: Award, now: datetime) -> None:
    db.session.flush()
    data: dict[str, Any] = {
        "award": str(award.id),
        "number": instalment.number,
        "amount_minor": instalment.amount_minor,
    }
    record(actor=actor, action=action, subject=instalment, now=now, call_id=award.call_id, data=data)
