"""Who ratified a list, who sent it back and why, and who may do neither because it is their own."""

from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.applications.models import Call
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.review.models import Decision, Ratification, SelectionTerms, SendBack, Slate
from fundapp.review.ratifying_rules import ratifiers_needed

DECIDING = ("decision:make", "decision:withdraw", "slate:propose", "vote:give")
"""What makes a list somebody's own, even where others decided or sent it anew afterwards."""


def send_backs(slate: Slate) -> list[SendBack]:
    """Return each time that a list was sent back, the first one first."""
    return list(
        db.session.scalars(
            select(SendBack)
            .where(SendBack.slate_id == slate.id)
            .options(joinedload(SendBack.person), joinedload(SendBack.sent_by))
            .order_by(SendBack.sending)
        )
    )


def sending_number(slate: Slate) -> int:
    """Return the number of the sending that is with the ratifiers, or of the next one while the list is open."""
    came_back = select(func.count()).select_from(SendBack).where(SendBack.slate_id == slate.id)
    return db.session.scalars(came_back).one() + 1


def ratifications(slate: Slate) -> list[Ratification]:
    """Return who ratified the sending that counts now, in the order in which they did."""
    return list(
        db.session.scalars(
            select(Ratification)
            .where(Ratification.slate_id == slate.id, Ratification.sending == sending_number(slate))
            .options(joinedload(Ratification.person))
            .order_by(Ratification.ratified_at, Ratification.id)
        )
    )


def two_from_minor(call: Call) -> int | None:
    """Return from which award on two people must ratify, in minor units of the call's currency; None: one does."""
    return db.session.scalar(select(SelectionTerms.two_ratifiers_from_minor).where(SelectionTerms.call_id == call.id))


def needed_for_all(slate: Slate) -> int:
    """Return how many people must ratify a list, with nothing left out: for rules, never for a page."""
    amounts = db.session.scalars(select(Decision.amount_minor).where(Decision.slate_id == slate.id))
    return ratifiers_needed(amounts, two_from_minor=two_from_minor(slate.call))


def took_part(slate: Slate, person_id: UUID) -> bool:
    """Say whether somebody ever decided, voted on or sent anything of a list: then others must ratify it.

    What they decided may have been decided again since, or have been sent by somebody else: it is told by the record.
    """
    did = exists().where(
        AuditEntry.actor_id == person_id, AuditEntry.call_id == slate.call_id, AuditEntry.action.in_(DECIDING)
    )
    decided = exists().where(Decision.slate_id == slate.id, Decision.decided_by_id == person_id)
    sent = exists().where(SendBack.slate_id == slate.id, SendBack.sent_by_id == person_id)
    return slate.proposed_by_id == person_id or bool(db.session.scalar(select(or_(did, decided, sent))))
