"""Letters, awards and their money in numbers over what somebody may see: for many calls at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterStatus
from fundapp.disbursement.offer_rules import OPEN, OfferStatus, answer_due, is_overdue
from fundapp.review.models import Decision


@dataclass
class Afterwards:
    """What became of a call's decisions; `funded_minor` is what funds give to its awards, in its currency."""

    letters: Counter[LetterStatus] = field(default_factory=Counter)
    opened: int = 0
    """Letters that their readers opened."""
    funded_minor: int = 0
    waiting: int = 0
    """Awards that nobody answered, asked about or let pass."""
    asked: int = 0
    signed: int = 0
    """Awards of which a signed copy is to be looked at."""
    overdue: int = 0


def afterwards_of(*, actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, Afterwards]:
    """Return what became of the decisions of each call."""
    found = {call.id: Afterwards() for call in calls}
    terms = {call.id: call.award_terms for call in calls}
    for call_id, status, number, opened in db.session.execute(
        select(Letter.call_id, Letter.status, func.count(), func.count(Letter.first_opened_at))
        .join(Letter.application)
        .where(Letter.call_id.in_(list(found)), visible_to(actor))
        .group_by(Letter.call_id, Letter.status)
    ):
        found[call_id].letters[status] = number
        found[call_id].opened += opened
    for call_id, funded, awarded_at, standing, answer_by in db.session.execute(
        select(Award.call_id, Award.funded_minor, Award.awarded_at, AwardOffer.status, AwardOffer.answer_by)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .where(Award.call_id.in_(list(found)), visible_to(actor))
    ):
        after, stands = found[call_id], standing or OfferStatus.OFFERED
        is_late = is_overdue(stands, answer_due(awarded_at, answer_by, terms[call_id]), now)
        after.funded_minor += funded
        after.asked += stands is OfferStatus.ASKED
        after.signed += stands is OfferStatus.SIGNED
        after.overdue += is_late
        after.waiting += stands in OPEN and stands is not OfferStatus.ASKED and not is_late
    return found
