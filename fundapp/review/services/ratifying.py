"""Ratifying a list that others decided, or sending it back."""

from datetime import datetime
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.accounts.services.roles import hold_roles
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.models import Ratification, SendBack, Slate, SlateStatus
from fundapp.review.queries.ratifying import needed_for_all, ratifications, sending_number, took_part
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_sight_of_all
from fundapp.review.transitions import SLATE


def ratify_slate(*, actor: Actor, slate: Slate, now: datetime, sending: int | None = None) -> bool:
    """Ratify a list that others decided and sent, and say whether that was all: False while a second person must.

    `sending` is the number of the sending that a page showed; None: whatever is with the ratifiers now. Raises
    NotAllowed for whoever sent it or decided anything on it, and for somebody in conflict with anything on it; Conflict
    when the list was sent anew meanwhile, and for somebody who has ratified it already; InvalidTransition.
    """
    person_id = _require_another_person(actor, slate)
    number = sending_number(slate)
    if sending is not None and sending != number:
        raise Conflict(_l("The list was sent back and sent again meanwhile. Please look at it again."))
    given = ratifications(slate)
    if slate.status is SlateStatus.PROPOSED and person_id in {each.person_id for each in given}:
        raise Conflict(_l("You have ratified this list. A second person must ratify it too."))
    is_enough = len(given) + 1 >= needed_for_all(slate)
    apply_transition(
        SLATE,
        slate,
        "ratify" if is_enough else "ratify_first",
        actor=actor,
        now=now,
        call_id=slate.call_id,
        evidence={"ratified_by_id": person_id, "ratified_at": now} if is_enough else {},
    )
    ratification = Ratification(slate_id=slate.id, sending=number, person_id=person_id, ratified_at=now)
    db.session.add(ratification)
    db.session.flush()
    record(
        actor=actor,
        action="ratification:keep",
        subject=ratification,
        now=now,
        call_id=slate.call_id,
        data={"sending": number},
    )
    if is_enough:
        _tell_proposer(slate.proposed_by_id, f"/manage/{slate.call.slug}", now)
    return is_enough


def send_back_slate(*, actor: Actor, slate: Slate, reason: str, now: datetime, is_ratified: bool = False) -> None:
    """Send the list back to those who decide, with the reason; a ratification of this sending counts no more.

    `is_ratified` says that the page showed a ratified list: until it is released, it can come back too. Raises
    RuleViolations without a reason, NotAllowed like `ratify_slate`, InvalidTransition.
    """
    person_id = _require_another_person(actor, slate)
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    number, sent_by_id, sent_at = sending_number(slate), slate.proposed_by_id, slate.proposed_at
    apply_transition(
        SLATE,
        slate,
        "send_back_ratified" if is_ratified else "send_back",
        actor=actor,
        now=now,
        call_id=slate.call_id,
        evidence={"proposed_by_id": None, "proposed_at": None, "ratified_by_id": None, "ratified_at": None},
    )
    back = SendBack(
        slate_id=slate.id,
        sending=number,
        person_id=person_id,
        reason=reason.strip(),
        sent_back_at=now,
        sent_by_id=sent_by_id,
        sent_at=sent_at,
    )
    db.session.add(back)
    db.session.flush()
    record(
        actor=actor,
        action="send_back:keep",
        subject=back,
        now=now,
        call_id=slate.call_id,
        data={"sending": number},
    )
    _tell_proposer(sent_by_id, f"/manage/{slate.call.slug}/selection", now)


def _require_another_person(actor: Actor, slate: Slate) -> UUID:
    """Return the id of a person who may ratify the list, under the lock of its call. Raises NotAllowed.

    The role is read again, and held: who loses it at this moment either ratified before, or does not any more.
    """
    call = db.session.get_one(Call, slate.call_id)
    actor.require(P.DECISION_RATIFY, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_RATIFY)
    lock_call(call)
    lock_row(slate)
    hold_roles(actor).require(P.DECISION_RATIFY, call.id)
    if took_part(slate, actor.person_id):
        raise NotAllowed(P.DECISION_RATIFY, _l("You decided or sent this list. Somebody else must look at it."))
    require_sight_of_all(actor, call, P.DECISION_RATIFY)
    return actor.person_id


def _tell_proposer(person_id: UUID | None, path: str, now: datetime) -> None:
    if person_id is not None:
        tell(db.session.get_one(Person, person_id), template="news", path=path, now=now)
