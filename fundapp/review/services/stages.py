"""Take entries from one stage of the review to the next, and choose who reads in a stage."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, Entry, Stage
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Assignment, AssignmentStatus, MovedEntry, StageMove, StageSeat
from fundapp.review.queries.stages import is_started, last_move, panel_of, seats_of, stage_board
from fundapp.review.rules import MAX_REASON_CHARACTERS
from fundapp.review.services.calls import lock_call, require_open_slate
from fundapp.review.stage_rules import move_problems


def move_on(
    *,
    actor: Actor,
    call: Call,
    stage: Stage,
    chosen: Collection[UUID],
    places: Mapping[str, int],
    reason: str,
    now: datetime,
) -> StageMove:
    """Take the chosen entries to the next stage as one recorded step; the others stay where they are.

    `places` is what the proposal was made with. Raises RuleViolations, NotAllowed, NotFound after the last stage, and
    Conflict once the list of decisions was sent.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    board = stage_board(actor=actor, call=call, stage=stage, places=places)
    if board.following is None:
        raise NotFound
    going = {str(entry_id) for entry_id in chosen}
    if problems := move_problems(going, board.proposal, reason, most_characters=MAX_REASON_CHARACTERS):
        raise RuleViolations(problems)
    entries = [row.entry for row in board.rows if str(row.entry.id) in going]
    move = StageMove(
        call_id=call.id,
        from_stage_id=stage.id,
        to_stage_id=board.following.id,
        reason=reason.strip(),
        moved_by_id=actor.person_id,
        moved_at=now,
        moved=[MovedEntry(entry_id=entry.id) for entry in entries],
    )
    db.session.add(move)
    db.session.flush()
    data = {
        "from": stage.code,
        "to": board.following.code,
        "went": len(entries),
        "stayed": len(board.rows) - len(entries),
    }
    record(actor=actor, action="stage:move", subject=move, now=now, call_id=call.id, data=data)
    for entry in entries:
        _place(actor, entry, board.following, "entry:move_on", now)
    db.session.flush()
    return move


def undo_move(*, actor: Actor, call: Call, now: datetime) -> StageMove:
    """Take the entries of the latest step back to where they were, and whatever was given to reviewers of it.

    Raises NotFound without a step, NotAllowed, Conflict once somebody began in the next stage or the list of
    decisions was sent.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    move = last_move(call=call)
    if move is None:
        raise NotFound
    if is_started(move):
        raise Conflict(_l("Somebody has begun in the next stage, so this step stands fast."))
    of_move = select(MovedEntry.entry_id).where(MovedEntry.move_id == move.id)
    given = select(Assignment).where(Assignment.entry_id.in_(of_move), Assignment.stage_id == move.to_stage_id)
    locked = given.order_by(Assignment.id).with_for_update().execution_options(populate_existing=True)
    for assignment in db.session.scalars(locked).all():  # whoever begins to read at this moment was first, or waits
        if assignment.status is not AssignmentStatus.ASSIGNED:
            raise Conflict(_l("Somebody has begun in the next stage, so this step stands fast."))
        pair = {"entry": str(assignment.entry_id), "reviewer": str(assignment.reviewer_id)}
        record(actor=actor, action="assignment:take", subject=assignment, now=now, call_id=call.id, data=pair)
        db.session.delete(assignment)
    for entry in db.session.scalars(select(Entry).where(Entry.id.in_(of_move)).order_by(Entry.id)).all():
        _place(actor, entry, move.from_stage, "entry:move_back", now)
    move.undone_at, move.undone_by_id = now, actor.person_id
    record(actor=actor, action="stage:undo", subject=move, now=now, call_id=call.id)
    db.session.flush()
    return move


def choose_seats(*, actor: Actor, call: Call, stage: Stage, reviewer_ids: Collection[UUID], now: datetime) -> bool:
    """Say who reads in a stage (nobody named: the whole panel); return whether that is a change.

    What somebody was given in it already stays with them. Raises NotAllowed, and RuleViolations for people who are
    not on the panel.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    if set(reviewer_ids) - {each.id for each in panel_of(call=call)}:
        raise RuleViolations([Problem(_l("Choose among those who accepted to review."), field="reviewers")])
    seats = {seat.reviewer_id: seat for seat in seats_of(stage)}
    if seats.keys() == set(reviewer_ids):
        return False
    for reviewer_id in set(reviewer_ids) - seats.keys():
        db.session.add(StageSeat(call_id=call.id, stage_id=stage.id, reviewer_id=reviewer_id))
    for reviewer_id in seats.keys() - set(reviewer_ids):
        db.session.delete(seats[reviewer_id])
    db.session.flush()
    data = {"stage": stage.code, "seats": len(set(reviewer_ids))}
    record(actor=actor, action="stage:seat", subject=stage, now=now, call_id=call.id, data=data)
    return True


def _place(actor: Actor, entry: Entry, stage: Stage, action: str, now: datetime) -> None:
    entry.stage_id = stage.id
    data = {"entry": str(entry.id), "stage": stage.code}
    record(actor=actor, action=action, subject=entry, now=now, call_id=entry.call_id, data=data)
