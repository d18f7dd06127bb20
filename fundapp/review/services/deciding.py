"""Deciding entry by entry within the budget, and by rank order."""

from dataclasses import replace
from datetime import datetime

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.budget import move_commitment
from fundapp.applications.models import Call, Entry
from fundapp.applications.services.submitting import begin_review
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Decision, Outcome, Slate
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, selection, whole_selection
from fundapp.review.queries.vote_count import decides, vote_of
from fundapp.review.rules import Choice, against_rank, amount_problems, by_rank_order, reason_problems
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.services.public_vote import vote_problems

_ALL_OF_CATEGORY = _l("All awards of this category are given.")
_ALL_OF_TERMS = _l("As many awards as the terms of this selection allow are given.")
_AGAINST_RANK = _l("This choice goes against rank. Say why it is right.")
_BELOW_FLOOR = _l("Its score is below the floor of the terms. Say why it gets an award all the same.")


def decide_entry(
    *,
    actor: Actor,
    entry: Entry,
    outcome: Outcome,
    amount_minor: int | None,
    reason: str,
    version: int,
    now: datetime,
) -> Decision:
    """Decide or decide again on an entry; an award takes its money from the budget in the same transaction.

    `amount_minor` is in minor units of the call's currency (ignored without an award), `version` that of the decision
    which the page showed (0: none). Raises RuleViolations (amount, number of awards, a reason that is needed because
    the choice goes against rank or gives an award below the floor), Conflict (somebody was faster, the money is gone,
    the list is frozen) and NotFound (an entry that the actor has a conflict of interest with).
    """
    call = db.session.get_one(Call, entry.call_id)
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    slate = require_open_slate(call)
    selection(actor=actor, call=call).row(entry.id)
    whole = whole_selection(call=call, now=now)
    require_scores(whole)
    row = whole.row(entry.id)
    if (row.decision.version if row.decision else 0) != version:
        raise Conflict(_l("Somebody else decided this entry meanwhile. Please look again."))
    amount = amount_minor if outcome is Outcome.AWARD else 0
    problems = _decision_problems(whole, row, outcome, amount, reason)
    problems += vote_problems(call=call, entry=row.entry, outcome=outcome, reason=reason, now=now)
    if problems:
        raise RuleViolations(problems)
    return decide_row(actor, call, slate, row, outcome, amount or 0, reason.strip(), now)


def withdraw_decision(*, actor: Actor, entry: Entry, now: datetime) -> None:
    """Make an entry undecided again; the money of an award is free again. Raises Conflict and NotFound."""
    call = db.session.get_one(Call, entry.call_id)
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    decision = selection(actor=actor, call=call).row(entry.id).decision
    if decision is None:
        raise NotFound
    move_commitment(call_id=call.id, delta_minor=-decision.amount_minor)
    record(
        actor=actor,
        action="decision:withdraw",
        subject=decision,
        now=now,
        call_id=call.id,
        data={"entry": str(entry.id), "amount_minor": decision.amount_minor},
    )
    db.session.delete(decision)
    db.session.flush()


def decide_by_rank(*, actor: Actor, call: Call, now: datetime) -> list[Decision]:
    """Decide what is undecided by rank order within the budget, and return the new decisions.

    What is below the floor of the terms is declined. Entries at the line that tie, and those without a review or an
    amount, are left for people to decide; so are categories about which the public decides.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    slate = require_open_slate(call)
    seen = selection(actor=actor, call=call)
    db.session.refresh(call)
    whole = whole_selection(call=call)
    require_scores(whole)
    vote = vote_of(call)
    choices = by_rank_order(
        [row.candidate for row in seen.ranked if not decides(vote, row.entry)],
        left_minor=whole.left_minor,
        awards_left=whole.awards_left,
    )
    made = []
    for row in seen.ranked:
        choice = choices.get(str(row.entry.id))
        if choice is not None:
            slate = slate or _open_slate(actor, call, now)
            amount = (row.in_full_minor or 0) if choice is Choice.AWARD else 0
            made.append(decide_row(actor, call, slate, row, Outcome(choice.value), amount, "", now))
    return made


def _decision_problems(
    whole: Selection, row: Ranked, outcome: Outcome, amount_minor: int | None, reason: str
) -> list[Problem]:
    problems = []
    if not row.is_eligible:
        problems.append(Problem(_l("This application is not eligible: it cannot be decided."), field="outcome"))
    if outcome is Outcome.AWARD:
        problems += amount_problems(amount_minor, in_full_minor=row.in_full_minor, is_fixed=row.is_fixed)
        was_award = row.candidate.choice is Choice.AWARD
        if whole.awards_left.get(row.pool, 1) + was_award < 1:
            is_own = row.entry.category is not None and row.entry.category.awards is not None
            problems.append(Problem(_ALL_OF_CATEGORY if is_own else _ALL_OF_TERMS, field="outcome"))
        if not row.can_win:
            message = _l("Its people did not do the reviews that they were asked for, so it can get no award.")
            problems.append(Problem(message, field="outcome"))
        before = row.decision.amount_minor if row.decision else 0
        if whole.pools is not None and (amount_minor or 0) > whole.left_minor[row.purse] + before:
            problems.append(Problem(_l("This is more than what is left for this pool."), field="amount"))
    tentative = [
        replace(each.candidate, choice=Choice(outcome.value)) if each is row else each.candidate
        for each in whole.ranked
        if each.is_eligible
    ]
    needed = str(row.entry.id) in against_rank(tentative)
    if needed and not reason.strip():
        is_below_floor = row.is_below_floor and outcome is Outcome.AWARD
        problems.append(Problem(_BELOW_FLOOR if is_below_floor else _AGAINST_RANK, field="reason"))
    return problems + reason_problems(reason)


def require_scores(whole: Selection) -> None:
    """Raise Conflict while the scores are closed: nothing can be decided before."""
    if whole.hides_scores:
        raise Conflict(_l("The scores are not open yet: nothing can be decided before."))


def decide_row(
    actor: Actor,
    call: Call,
    slate: Slate | None,
    row: Ranked,
    outcome: Outcome,
    amount_minor: int,
    reason: str,
    now: datetime,
) -> Decision:
    """Keep the decision on a row that was checked; the call is locked. Raises Conflict where the money is gone."""
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    begin_review(application=row.entry.application, now=now)
    decision = row.decision
    move_commitment(call_id=call.id, delta_minor=amount_minor - (decision.amount_minor if decision is not None else 0))
    if decision is None:
        decision = Decision(slate=slate or _open_slate(actor, call, now), entry_id=row.entry.id)
        db.session.add(decision)
    decision.outcome = outcome
    decision.amount_minor = amount_minor
    decision.rank = row.rank
    decision.reason = reason
    decision.decided_by_id = actor.person_id
    decision.decided_at = now
    db.session.flush()
    record(
        actor=actor,
        action="decision:make",
        subject=decision,
        now=now,
        call_id=call.id,
        data={
            "entry": str(row.entry.id),
            "outcome": outcome.value,
            "amount_minor": amount_minor,
            "rank": row.rank,
        },
    )
    return decision


def _open_slate(actor: Actor, call: Call, now: datetime) -> Slate:
    """Start the call's list of decisions; the call's row is locked, so there is one."""
    slate = Slate(call_id=call.id)
    db.session.add(slate)
    db.session.flush()
    record(actor=actor, action="slate:open", subject=slate, now=now, call_id=call.id)
    return slate
