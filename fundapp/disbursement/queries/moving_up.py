"""The reserve of a released list: who stands in it, who moves up, and which places and money are free for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import Award, AwardOffer, MoveRatification, MovingUp
from fundapp.disbursement.moving_rules import InReserve, MoveStatus
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.review.models import Decision, Outcome, SlateStatus
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.ratifying import two_from_minor
from fundapp.review.queries.selection import Selection
from fundapp.review.ratifying_rules import ratifiers_needed

FREE: Final = (OfferStatus.REFUSED, OfferStatus.WITHDRAWN)
"""Offers whose money and place are free again."""


@dataclass(frozen=True)
class ReserveRow:
    """An entry in reserve, in the order of the released list, with each decision that it moves up, the newest first."""

    ranked: Ranked
    moves: Sequence[MovingUp]

    @property
    def live(self) -> MovingUp | None:
        """Return the decision that stands; None where it does not move up."""
        return next((move for move in self.moves if move.status is not MoveStatus.SENT_BACK), None)

    @property
    def can_win(self) -> bool:
        """Say whether its application can get an award still."""
        is_erased = self.ranked.entry.application.erased_at is not None
        return self.ranked.is_eligible and self.ranked.can_win and not is_erased

    @property
    def rule(self) -> InReserve:
        """Return it as the rules see it."""
        row = self.ranked
        rank = row.decision.rank if row.decision else None
        return InReserve(str(row.entry.id), row.pool, rank, self.live is not None or not self.can_win)


def reserve_of(found: Selection) -> list[ReserveRow]:
    """Return the reserve of a released list, of what its reader may see; [] before the release."""
    if found.slate is None or found.slate.status is not SlateStatus.RELEASED:
        return []
    moves = _moves(found.call)
    return [
        ReserveRow(row, moves.get(row.decision.id, ()))
        for row in found.ranked
        if row.decision is not None and row.decision.outcome is Outcome.RESERVE
    ]


def move_in(found: Selection, move_id: UUID) -> MovingUp:
    """Return a decision that an entry moves up, of what its reader may see. Raises NotFound."""
    for row in reserve_of(found):
        for move in row.moves:
            if move.id == move_id:
                return move
    raise NotFound


def places_free(whole: Selection, row: Ranked) -> int | None:
    """Return how many more awards the pool of an entry gives, with those that were refused or withdrawn.

    None where no number is fixed. `whole` has nothing left out.
    """
    if row.pool not in whole.awards_left:
        return None
    pools = {str(each.entry.id): each.pool for each in whole.ranked}
    freed = [entry for entry, _amount in _freed(whole.call) if pools.get(str(entry)) == row.pool]
    moving = [entry for entry, _amount in _moving(whole.call) if pools.get(str(entry)) == row.pool]
    return whole.awards_left[row.pool] + len(freed) - len(moving)


def purse_free(whole: Selection, row: Ranked) -> int | None:
    """Return what is free of the money of an entry's pool, in minor units; None where the whole call's is shared."""
    if whole.pools is None:
        return None
    purses = {str(each.entry.id): each.purse for each in whole.ranked}
    freed = sum(amount for entry, amount in _freed(whole.call) if purses.get(str(entry)) == row.purse)
    moving = sum(amount for entry, amount in _moving(whole.call) if purses.get(str(entry)) == row.purse)
    return whole.left_minor[row.purse] + freed - moving


def ratifiers_for(call: Call, amount_minor: int) -> int:
    """Return how many people must ratify that an entry moves up to an award of this amount."""
    return ratifiers_needed([amount_minor], two_from_minor=two_from_minor(call))


def decided_before(move: MovingUp, person_id: UUID) -> bool:
    """Say whether somebody ever decided that this entry moves up: then others must ratify it."""
    found = select(MovingUp.id).where(MovingUp.decision_id == move.decision_id, MovingUp.decided_by_id == person_id)
    return db.session.scalar(found.limit(1)) is not None


def committed_since_release() -> dict[UUID, int]:
    """Return by how much calls have promised more (or less) since their release, in minor units of their currency."""
    found: dict[UUID, int] = {}
    moving = select(MovingUp.call_id, func.sum(MovingUp.amount_minor)).where(MovingUp.status != MoveStatus.SENT_BACK)
    freed = (
        select(Award.call_id, -func.sum(Award.amount_minor))
        .join(AwardOffer, AwardOffer.award_id == Award.id)
        .where(AwardOffer.status.in_(FREE))
    )
    for each in (moving.group_by(MovingUp.call_id), freed.group_by(Award.call_id)):
        for call_id, amount in db.session.execute(each):
            found[call_id] = found.get(call_id, 0) + int(amount)
    return found


def _moves(call: Call) -> dict[UUID, list[MovingUp]]:
    found: dict[UUID, list[MovingUp]] = {}
    for move in db.session.scalars(
        select(MovingUp)
        .where(MovingUp.call_id == call.id)
        .options(
            joinedload(MovingUp.decided_by),
            joinedload(MovingUp.sent_back_by),
            joinedload(MovingUp.released_by),
            selectinload(MovingUp.ratifications).joinedload(MoveRatification.person),
        )
        .order_by(MovingUp.decided_at.desc(), MovingUp.id)
        .execution_options(populate_existing=True)
    ):
        found.setdefault(move.decision_id, []).append(move)
    return found


def _freed(call: Call) -> list[tuple[UUID, int]]:
    """Return the entries whose awards were refused or withdrawn, with their amounts."""
    found = db.session.execute(
        select(Decision.entry_id, Award.amount_minor)
        .join(Award, Award.decision_id == Decision.id)
        .join(AwardOffer, AwardOffer.award_id == Award.id)
        .join(Entry, Entry.id == Decision.entry_id)
        .where(Entry.call_id == call.id, AwardOffer.status.in_(FREE))
    )
    return [(entry_id, amount) for entry_id, amount in found]


def _moving(call: Call) -> list[tuple[UUID, int]]:
    """Return the entries that move up or did, with their amounts."""
    found = db.session.execute(
        select(Decision.entry_id, MovingUp.amount_minor)
        .join(Decision, Decision.id == MovingUp.decision_id)
        .where(MovingUp.call_id == call.id, MovingUp.status != MoveStatus.SENT_BACK)
    )
    return [(entry_id, amount) for entry_id, amount in found]
