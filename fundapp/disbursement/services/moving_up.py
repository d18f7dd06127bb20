"""The reserve moves up: a decision of its own, ratified by others, and released by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P, Role
from fundapp.accounts.queries import people_with_role
from fundapp.accounts.services.people import tell
from fundapp.accounts.services.roles import hold_roles
from fundapp.applications.budget import move_commitment
from fundapp.applications.models import Application, Call, Entry
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.models import Award, MoveRatification, MovingUp
from fundapp.disbursement.moving_rules import MoveStatus, passed_over
from fundapp.disbursement.queries.moving_up import (
    ReserveRow,
    decided_before,
    places_free,
    purse_free,
    ratifiers_for,
    reserve_of,
)
from fundapp.disbursement.services.releasing import award_of_moved
from fundapp.disbursement.transitions import MOVE
from fundapp.review.models import Decision
from fundapp.review.queries.selection import whole_selection
from fundapp.review.rules import amount_problems, reason_problems
from fundapp.review.services.calls import lock_call, require_sight_of_all


def propose_move(
    *,
    actor: Actor,
    call: Call,
    entry_id: UUID,
    amount_minor: int | None,
    reason: str,
    over_reason: str,
    now: datetime,
) -> MovingUp:
    """Decide that an entry in reserve gets an award, for others to ratify; its money is promised from now on.

    `amount_minor` is in minor units of the call's currency. Whoever passes somebody over says why in `over_reason`.
    Raises RuleViolations (fields entry, amount, reason, over_reason), Conflict where the money or the place is gone or
    it moves up already, NotFound, and NotAllowed for somebody in conflict with anything on the list.
    """
    actor.require(P.DECISION_MAKE, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    lock_call(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)
    whole = whole_selection(call=call, now=now)
    reserve = reserve_of(whole)
    row = next((each for each in reserve if each.ranked.entry.id == entry_id), None)
    if row is None or row.ranked.decision is None:
        raise NotFound
    if row.live is not None:
        raise Conflict(_l("It moves up already. Please look again."))
    if problems := _problems(reserve, row, amount_minor, reason, over_reason):
        raise RuleViolations(problems)
    if places_free(whole, row.ranked) == 0:
        raise Conflict(_l("As many awards as there may be are given. Nothing was changed."))
    free = purse_free(whole, row.ranked)
    if free is not None and (amount_minor or 0) > free:
        raise Conflict(_l("This is more than what is left for this pool."))
    move_commitment(call_id=call.id, delta_minor=amount_minor or 0)
    move = MovingUp(
        call_id=call.id,
        decision_id=row.ranked.decision.id,
        amount_minor=amount_minor,
        reason=reason.strip(),
        over_reason=over_reason.strip(),
        decided_by_id=actor.person_id,
        decided_at=now,
        status=MoveStatus.PROPOSED,
    )
    db.session.add(move)
    db.session.flush()
    data = {"decision": str(move.decision_id), "amount_minor": amount_minor}
    record(actor=actor, action="move_up:propose", subject=move, now=now, call_id=call.id, data=data)
    for person in people_with_role(Role.RATIFIER, call.id):
        if person.id != actor.person_id:
            tell(person, template="news", path=page_of(call), now=now)
    return move


def ratify_move(*, actor: Actor, move: MovingUp, now: datetime) -> bool:
    """Ratify that an entry moves up, as others decided, and say whether that was all: False while a second must.

    Raises NotAllowed for whoever ever decided it and for somebody in conflict with anything on the list, Conflict for
    somebody who has ratified it already, and InvalidTransition.
    """
    call, person_id = _require_another(actor, move)
    given = _ratified_by(move)
    if move.status is MoveStatus.PROPOSED and person_id in given:
        raise Conflict(_l("You have ratified this. A second person must ratify it too."))
    is_enough = len(given) + 1 >= ratifiers_for(call, move.amount_minor)
    event = "ratify" if is_enough else "ratify_first"
    apply_transition(MOVE, move, event, actor=actor, now=now, call_id=call.id)
    db.session.add(MoveRatification(move_id=move.id, person_id=person_id, ratified_at=now))
    db.session.flush()
    db.session.expire(move, ["ratifications"])
    if is_enough:
        tell(db.session.get_one(Person, move.decided_by_id), template="news", path=page_of(call), now=now)
    return is_enough


def send_back_move(*, actor: Actor, move: MovingUp, reason: str, now: datetime) -> None:
    """Send back that an entry moves up, with the reason: its money is free again, and it can be decided anew.

    Raises RuleViolations without a reason, NotAllowed as `ratify_move` does, and InvalidTransition once released.
    """
    call, person_id = _require_another(actor, move)
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    evidence = {"sent_back_by_id": person_id, "sent_back_at": now, "back_reason": reason.strip()}
    apply_transition(MOVE, move, "send_back", actor=actor, now=now, call_id=call.id, evidence=evidence)
    move_commitment(call_id=call.id, delta_minor=-move.amount_minor)
    tell(db.session.get_one(Person, move.decided_by_id), template="news", path=page_of(call), now=now)


def release_move(*, actor: Actor, move: MovingUp, now: datetime) -> Award:
    """Promise the award to an entry that moves up: its letter of reserve is superseded by one of award, and offered.

    Releasing twice makes one award. Raises Conflict where a ratifier is missing, its letter is just being made or its
    application is none of those any more that can get an award; InvalidTransition and NotAllowed.
    """
    call = db.session.get_one(Call, move.call_id)
    actor.require(P.DECISION_RELEASE, call.id)
    lock_call(call)
    lock_row(move)
    if move.status is MoveStatus.RELEASED:
        return db.session.scalars(select(Award).where(Award.decision_id == move.decision_id)).one()
    application = move.decision.entry.application
    if not application.goes_to_reviewers or application.erased_at is not None:
        raise Conflict(_l("This application is not eligible any more: it cannot get an award."))
    if move.status is MoveStatus.RATIFIED and len(_ratified_by(move)) < ratifiers_for(call, move.amount_minor):
        raise Conflict(_l("Somebody must ratify this still."))
    evidence = {"released_by_id": actor.person_id, "released_at": now}
    apply_transition(MOVE, move, "release", actor=actor, now=now, call_id=call.id, evidence=evidence)
    return award_of_moved(actor=actor, call=call, decision=move.decision, amount_minor=move.amount_minor, now=now)


def blank_moves(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase why entries of an application moved up; that they did stays."""
    of_application = Entry.application_id == application.id
    found = select(MovingUp).join(MovingUp.decision).join(Decision.entry).where(of_application)
    for move in db.session.scalars(found).all():
        move.reason = move.over_reason = move.back_reason = ""
        record(actor=actor, action="move_up:erase", subject=move, now=now, call_id=application.call_id)


def _problems(
    reserve: Sequence[ReserveRow],
    row: ReserveRow,
    amount_minor: int | None,
    reason: str,
    over_reason: str,
) -> list[Problem]:
    ranked = row.ranked
    problems = amount_problems(amount_minor, in_full_minor=ranked.in_full_minor, is_fixed=ranked.is_fixed)
    if not row.can_win:
        problems.append(Problem(_l("This application cannot get an award any more."), field="entry"))
    problems += reason_problems(reason, required=True)
    over = passed_over([each.rule for each in reserve], str(ranked.entry.id))
    for problem in reason_problems(over_reason, field="over_reason", required=bool(over)):
        references = {str(each.ranked.entry.id): each.ranked.entry.application.reference or "" for each in reserve}
        names = ", ".join(references[each] for each in over)
        message = _l("Others stand before it (%(references)s). Say why they do not move up.", references=names)
        problems.append(problem if over_reason.strip() else Problem(message, field="over_reason"))
    return problems


def _require_another(actor: Actor, move: MovingUp) -> tuple[Call, UUID]:
    """Return the call, and the id of a person who may ratify; the role is read again under a lock, and held."""
    call = db.session.get_one(Call, move.call_id)
    actor.require(P.DECISION_RATIFY, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_RATIFY)
    lock_call(call)
    lock_row(move)
    hold_roles(actor).require(P.DECISION_RATIFY, call.id)
    if decided_before(move, actor.person_id):
        raise NotAllowed(P.DECISION_RATIFY, _l("You decided this. Somebody else must look at it."))
    require_sight_of_all(actor, call, P.DECISION_RATIFY)
    return call, actor.person_id


def _ratified_by(move: MovingUp) -> list[UUID]:
    return list(db.session.scalars(select(MoveRatification.person_id).where(MoveRatification.move_id == move.id)))


def page_of(call: Call) -> str:
    """Return where staff see the reserve of a call."""
    return f"/manage/{call.slug}/reserve"
