"""What is read about offers of awards: one's own, and those of a call whose letters one reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Call, Entry
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.listing import Choice, Filter, Listing, Order
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterKind
from fundapp.disbursement.offer_rules import OPEN, OfferStatus, answer_due, is_overdue, usual_days
from fundapp.review.models import Decision


class Standing(StrEnum):
    """How an offer stands, as those who follow it count."""

    WAITING = "waiting"
    OPENED = "opened"
    ASKED = "asked"
    SIGNED = "signed"
    OVERDUE = "overdue"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STANDINGS: Final = {
    Standing.WAITING: _l("No answer yet"),
    Standing.OPENED: _l("Letter opened"),
    Standing.ASKED: _l("Question open"),
    Standing.SIGNED: _l("Signed copy to look at"),
    Standing.OVERDUE: _l("Overdue"),
    Standing.ACCEPTED: _l("Accepted"),
    Standing.REFUSED: _l("Refused"),
    Standing.WITHDRAWN: _l("Withdrawn"),
}


ALONGSIDE: Final = (Standing.OPENED, Standing.OVERDUE)
"""These come on top of another: the rest are each offer's own, and add up to all."""


@dataclass(frozen=True)
class OfferRow:
    """An award with where its offer stands; `offer` is None before the first step."""

    award: Award
    offer: AwardOffer | None
    opened_at: datetime | None
    face: Face

    @property
    def status(self) -> OfferStatus:
        """Return where it stands."""
        return self.offer.status if self.offer is not None else OfferStatus.OFFERED

    def due(self, call: Call) -> datetime | None:
        """Return until when an answer is asked for."""
        return answer_due(self.award.awarded_at, None if self.offer is None else self.offer.answer_by, call.award_terms)


def offer_of(award: Award) -> AwardOffer | None:
    """Return where the offer of an award stands, as it is now; None before the first step."""
    return db.session.scalar(
        select(AwardOffer).where(AwardOffer.award_id == award.id).execution_options(populate_existing=True)
    )


def offers(*, actor: Actor, call: Call, now: datetime) -> Listing[OfferRow]:
    """Return the list of a call's awards with where each offer stands, by reference."""
    reference = (func.length(Award.reference), Award.reference)
    conditions = _conditions(call, now)
    return Listing(
        rows=_joined(select(Award, AwardOffer, Letter.first_opened_at, FACE)).where(*_of_call(actor, call)),
        row=OfferRow,
        filters={
            "standing": Filter(
                _l("State"), {each.value: Choice(label, conditions[each]) for each, label in STANDINGS.items()}
            )
        },
        orders={
            "reference": Order(_l("Reference"), reference),
            "name": Order(_l("Organisation"), text=lambda each: each.face.name),
        },
        last=reference,
        texts=lambda each: (each.award.reference, each.face.name),
        columns={
            "call": lambda _each: call.slug,
            "award_reference": lambda each: each.award.reference,
            "organisation": lambda each: each.face.name,
            "amount_minor": lambda each: each.award.amount_minor,
            "currency": lambda each: each.award.currency,
            "awarded_at": lambda each: each.award.awarded_at,
            "letter_opened_at": lambda each: each.opened_at,
            "offer_status": lambda each: each.status.value,
            "answer_by": lambda each: each.due(call),
            "overdue": lambda each: "yes" if is_overdue(each.status, each.due(call), now) else "no",
            "reminded_at": lambda each: each.offer.reminded_at if each.offer else None,
            "settled_at": lambda each: each.offer.settled_at if each.offer else None,
            "agreement_sha256": lambda each: (each.offer.text_sha256 or "") if each.offer else "",
            "second_factor": lambda each: "yes" if each.offer and each.offer.with_second_factor else "no",
            "sample": lambda _each: "yes" if call.is_sample else "no",
        },
    )


def standing_counts(*, actor: Actor, call: Call, now: datetime) -> Mapping[Standing, int]:
    """Return how many offers of a call stand where; one can be counted as opened and as something else."""
    conditions = _conditions(call, now)
    counted = select(*(func.count().filter(conditions[each]) for each in Standing)).select_from(Award)
    numbers = db.session.execute(_joined(counted).where(*_of_call(actor, call))).one()
    return dict(zip(Standing, numbers, strict=True))


def managed_offer(*, actor: Actor, call: Call, award_id: UUID) -> OfferRow:
    """Return an award of a call whose letters the actor reads, with its offer. Raises NotFound."""
    found = db.session.execute(
        _joined(select(Award, AwardOffer, Letter.first_opened_at, FACE))
        .where(Award.id == award_id, *_of_call(actor, call), in_calls(actor, P.LETTERS_READ, Award.call_id))
        .options(joinedload(Award.decision).joinedload(Decision.entry).joinedload(Entry.application))
    ).one_or_none()
    if found is None:
        raise NotFound
    return OfferRow(*found)


def _joined(found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        found.join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .outerjoin(Letter, and_(Letter.decision_id == Award.decision_id, Letter.kind == LetterKind.AWARD))
    )


def _conditions(call: Call, now: datetime) -> dict[Standing, ColumnElement[bool]]:
    status = AwardOffer.status
    is_open = or_(AwardOffer.id.is_(None), status.in_(OPEN))
    days = usual_days(call.award_terms)
    past = AwardOffer.answer_by <= now
    if days is not None:
        past = or_(past, and_(AwardOffer.answer_by.is_(None), Award.awarded_at <= now - timedelta(days=days)))
    return {
        Standing.WAITING: or_(AwardOffer.id.is_(None), status == OfferStatus.OFFERED),
        Standing.OPENED: Letter.first_opened_at.is_not(None),
        Standing.ASKED: status == OfferStatus.ASKED,
        Standing.SIGNED: status == OfferStatus.SIGNED,
        Standing.OVERDUE: and_(is_open, past),
        Standing.ACCEPTED: status == OfferStatus.ACCEPTED,
        Standing.REFUSED: status == OfferStatus.REFUSED,
        Standing.WITHDRAWN: status == OfferStatus.WITHDRAWN,
    }


def _of_call(actor: Actor, call: Call) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on Award, joined to its application, that keep to what the actor may see of a call."""
    return Award.call_id == call.id, visible_to(actor)
