"""Trying lists: named, copied, marked entry by entry. Nothing here decides anything; `services.adopting` does."""

from datetime import datetime
from typing import Final

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.list_rules import MarkKind, Wish, name_problems, wish_problems
from fundapp.review.models import TrialList, TrialMark
from fundapp.review.queries.lists import Board, board_of, ground_of, lists_of, marks_of
from fundapp.review.services.calls import lock_call, require_open_slate

MARKED: Final = {
    MarkKind.PUT_IN: "trial_mark:put_in",
    MarkKind.TAKE_OUT: "trial_mark:take_out",
    MarkKind.RESERVE: "trial_mark:reserve",
    MarkKind.AMOUNT: "trial_mark:amount",
}
"""What is recorded where somebody marks an entry."""


def make_list(*, actor: Actor, call: Call, name: str, now: datetime) -> TrialList:
    """Make a list in which nobody marked anything: the proposal itself. Raises RuleViolations and Conflict."""
    begin(actor, call)
    made = _named(actor, call, name, now)
    record(actor=actor, action="trial_list:make", subject=made, now=now, call_id=call.id)
    return made


def copy_list(*, actor: Actor, trial: TrialList, name: str, now: datetime) -> TrialList:
    """Make a list with the marks of another, as far as the actor may see them. Raises RuleViolations and Conflict."""
    call = trial.call
    begin(actor, call)
    made = _named(actor, call, name, now)
    for mark in marks_of(actor=actor, trial=trial).values():
        db.session.add(
            TrialMark(
                list_id=made.id,
                entry_id=mark.entry_id,
                kind=mark.kind,
                amount_minor=mark.amount_minor,
                reason=mark.reason,
                made_by_id=mark.made_by_id,
                made_at=mark.made_at,
            )
        )
    db.session.flush()
    record(
        actor=actor,
        action="trial_list:copy",
        subject=made,
        now=now,
        call_id=call.id,
        data={"from": str(trial.id)},
    )
    return made


def rename_list(*, actor: Actor, trial: TrialList, name: str, now: datetime) -> None:
    """Give a list another name. Raises RuleViolations and Conflict."""
    call = trial.call
    begin(actor, call)
    if problems := name_problems(name, {each.name for each in lists_of(call) if each.id != trial.id}):
        raise RuleViolations(problems)
    trial.name = name.strip()
    record(actor=actor, action="trial_list:rename", subject=trial, now=now, call_id=call.id)
    db.session.flush()


def delete_list(*, actor: Actor, trial: TrialList, now: datetime) -> None:
    """Throw a list away with all marks in it: it decided nothing. Raises Conflict."""
    call = trial.call
    begin(actor, call)
    record(actor=actor, action="trial_list:delete", subject=trial, now=now, call_id=call.id)
    for mark in db.session.scalars(select(TrialMark).where(TrialMark.list_id == trial.id)):
        db.session.delete(mark)
    db.session.flush()
    db.session.delete(trial)
    db.session.flush()


def mark_entry(
    *, actor: Actor, trial: TrialList, entry: Entry, wish: Wish | None, reason: str, seen: str, now: datetime
) -> None:
    """Keep what somebody wants of an entry in a list; None leaves it to the proposal again.

    `seen` is the fingerprint of the list whose change was shown. Raises RuleViolations (amount, reason), Conflict (the
    list, the scores or the terms are others meanwhile) and NotFound (an entry that the actor may not see).
    """
    call = trial.call
    begin(actor, call)
    board = seen_board(actor, trial, seen)
    row = board.row(entry.id)
    mark = board.marks.get(str(entry.id))
    if wish is None:
        if mark is None:
            raise NotFound
        _record_mark(actor, mark, "trial_mark:lift", now, call)
        db.session.delete(mark)
        db.session.flush()
        return
    problems = wish_problems(
        wish.kind, wish.amount_minor, reason, in_full_minor=row.in_full_minor, is_fixed=row.is_fixed
    )
    if problems:
        raise RuleViolations(problems)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    if mark is None:
        mark = TrialMark(list_id=trial.id, entry_id=entry.id)
        db.session.add(mark)
    mark.kind, mark.amount_minor, mark.reason = wish.kind, wish.amount_minor, reason.strip()
    mark.made_by_id, mark.made_at = actor.person_id, now
    db.session.flush()
    _record_mark(actor, mark, MARKED[wish.kind], now, call)


def begin(actor: Actor, call: Call) -> None:
    """Lock a call whose lists change, and read it afresh.

    Raises NotAllowed, and Conflict where the list of decisions is with the ratifiers or applicants review each other.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    db.session.expire_all()
    require_open_slate(call)
    if call.is_impartial:
        raise Conflict(_l("Where applicants review each other, each pool is decided by itself: there are no lists."))


def seen_board(actor: Actor, trial: TrialList, seen: str) -> Board:
    """Return a list as it comes out now. Raises Conflict where it is not what was shown."""
    board = board_of(actor=actor, trial=trial, ground=ground_of(actor=actor, call=trial.call))
    if board.seen != seen:
        raise Conflict(_l("The list, the scores or the terms changed meanwhile. Please look at the effect again."))
    return board


def _named(actor: Actor, call: Call, name: str, now: datetime) -> TrialList:
    if problems := name_problems(name, {each.name for each in lists_of(call)}):
        raise RuleViolations(problems)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    made = TrialList(call_id=call.id, name=name.strip(), made_by_id=actor.person_id, made_at=now)
    db.session.add(made)
    db.session.flush()
    return made


def _record_mark(actor: Actor, mark: TrialMark, action: str, now: datetime, call: Call) -> None:
    data = {"list": str(mark.list_id), "entry": str(mark.entry_id), "amount_minor": mark.amount_minor}
    record(actor=actor, action=action, subject=mark, now=now, call_id=call.id, data=data)
