"""Invented payee details for tests. Everything is flushed, nothing committed."""

from datetime import datetime, timedelta
from typing import Any, Final

from fundapp.accounts.models import Person
from fundapp.core.audit import record, text_sha256
from fundapp.core.db import db
from fundapp.disbursement.models import Award, AwardOffer, PayeeCall, PayeeDetails
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.payee_given import Given
from fundapp.disbursement.payee_rules import CallOutcome, Known, Route
from fundapp.disbursement.services import payees as services

from .conftest import actor_of
from .factories import NOW

SECRET: Final = "a secret for tests, long enough to be one"
COOLING: Final = timedelta(hours=72)
IBAN: Final = "DE89 3704 0044 0532 0130 00"
OTHER_IBAN: Final = "GB33BUKB20201555555555"
TYPED: Final = {
    "route": "bank", "holder": "Canary Holder Cooperative", "latin": "", "town": "Canarytown", "lives_in": "DE",
    "country": "DE", "currency": "EUR", "account": IBAN, "code": "", "bic": "DEUTDEFF", "bank": "", "host": "",
    "agreed": "", "note": "Canary note",
}  # fmt: skip
"""What a form sends."""


def given(**values: str) -> Given:
    """Return payee details as they are typed."""
    typed: dict[str, Any] = TYPED | values
    return Given(**typed | {"route": Route(typed["route"])})


def accept_award(award: Award, person: Person, at: datetime = NOW) -> AwardOffer:
    """Say that a person accepted an award."""
    offer = AwardOffer(
        award_id=award.id, application_id=award.decision.entry.application_id, status=OfferStatus.ACCEPTED,
        settled_at=at, settled_by_id=person.id, text_sha256=text_sha256("We use it well."), language="en",
    )  # fmt: skip
    db.session.add(offer)
    db.session.flush()
    record(actor=actor_of(person), action="offer:accept", subject=offer, now=at, call_id=award.call_id)
    return offer


def give(
    award: Award, person: Person, *, seen: int = 0, at: datetime = NOW, second_factor: bool = True, **values: str
) -> PayeeDetails:
    """Say as a person where the money of an award goes."""
    return services.give_details(
        actor=actor_of(person), award=award, given=given(**values), seen=seen, with_second_factor=second_factor,
        secret_key=SECRET, cooling=COOLING, now=at,
    )  # fmt: skip


def call_back(
    award: Award, person: Person, *, seen: int = 1, at: datetime = NOW, outcome: CallOutcome = CallOutcome.CONFIRMED,
    **values: Any,
) -> PayeeCall:  # fmt: skip
    """Record as a person that the people of an award were called."""
    made: dict[str, Any] = {
        "known": Known.ELSEWHERE, "known_since": NOW - timedelta(days=30), "phone": "+999 555 0100", "note": "Spoken.",
    } | values  # fmt: skip
    return services.record_call(actor=actor_of(person), award=award, seen=seen, outcome=outcome, now=at, **made)
