"""Which awards nobody answered though a day on which they are reminded of has come."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import in_work
from fundapp.core.db import db
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterKind
from fundapp.disbursement.offer_rules import OfferStatus, answer_due, reminder_days, reminder_since
from fundapp.review.models import Decision


def waiting_reminders(now: datetime) -> Iterator[tuple[UUID, datetime]]:
    """Yield the awards of which a reminder waits, by their ids, each with the instant since which it does."""
    calls = db.session.execute(
        select(Call.id, Call.award_terms).where(Call.id.in_(select(Award.call_id).distinct()))
    ).all()
    terms = {call_id: each for call_id, each in calls if reminder_days(each)}
    if not terms:
        return
    yield from _waiting(terms, now)


def reminder_waits(award: Award, now: datetime) -> bool:
    """Say whether a reminder of an award waits, as everything stands now."""
    return any(_waiting({award.call_id: award.decision.entry.application.call.award_terms}, now, award.id))


def _waiting(
    terms: dict[UUID, dict[str, object]], now: datetime, award_id: UUID | None = None
) -> Iterator[tuple[UUID, datetime]]:
    found = db.session.execute(
        select(
            Award.id,
            Award.call_id,
            Award.awarded_at,
            AwardOffer.answer_by,
            func.coalesce(AwardOffer.told_at, AwardOffer.reminded_at, Letter.made_at),
        )
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .join(Letter, and_(Letter.decision_id == Award.decision_id, Letter.kind == LetterKind.AWARD))
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .where(
            Award.call_id.in_(terms) if award_id is None else Award.id == award_id,
            Letter.made_at.is_not(None),
            or_(AwardOffer.id.is_(None), AwardOffer.status == OfferStatus.OFFERED),
            Application.erased_at.is_(None),
            in_work(),
        )
        .order_by(Award.id)
    )
    for each_id, call_id, awarded_at, answer_by, told_at in found:
        due = answer_due(awarded_at, answer_by, terms[call_id])
        since = reminder_since(reminder_days(terms[call_id]), due, told_at, now)
        if since is not None:
            yield each_id, since
