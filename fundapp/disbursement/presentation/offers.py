"""Offers of awards as their own people see them, and as those who run the call do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.applications.queries.applicant import holds
from fundapp.core.audit import text_sha256
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import direction
from fundapp.core.i18n import gettext as _
from fundapp.core.paging import Page
from fundapp.disbursement.models import Award, AwardOffer, AwardQuestion
from fundapp.disbursement.offer_rules import (
    ANSWERABLE,
    OPEN,
    OfferStatus,
    answer_due,
    is_overdue,
    needs_second_factor,
    takes_signed_copies,
)
from fundapp.disbursement.presentation.letters import StatusCount
from fundapp.disbursement.presentation.payees import state_of
from fundapp.disbursement.presentation.signed_copies import CopyShown, copies_to_look_at, own_copies
from fundapp.disbursement.queries.offers import ALONGSIDE, STANDINGS, OfferRow, Standing, offer_of
from fundapp.disbursement.services.offers import agreement_of
from fundapp.disbursement.transitions import OFFER

KINDS: Final = {
    OfferStatus.OFFERED: "wait",
    OfferStatus.ASKED: "act",
    OfferStatus.SIGNED: "act",
    OfferStatus.ACCEPTED: "good",
    OfferStatus.REFUSED: "stop",
    OfferStatus.WITHDRAWN: "stop",
}


@dataclass(frozen=True)
class QuestionShown:
    """What was asked, and what was answered ("": nothing yet)."""

    question: str
    asked: Moment
    answer: str
    answered: Moment | None


@dataclass(frozen=True)
class OwnOffer:
    """An award as its people answer to it."""

    reference: str
    amount: str
    state: str
    kind: str
    due: Moment | None
    is_overdue: bool
    may_answer: bool
    may_ask: bool
    is_open: bool
    settled: Moment | None
    name: str
    role: str
    reason: str
    agreement: str
    agreement_language: str
    agreement_direction: str
    agreement_sha256: str
    needs_second_factor: bool
    questions: Sequence[QuestionShown]
    may_sign: bool
    """Whether the call lets its people send a signed copy instead."""
    copies: Sequence[CopyShown]


@dataclass(frozen=True)
class OfferLine:
    """One award in the list of a call, and where its offer stands."""

    award_id: UUID
    reference: str
    organisation: str
    amount: str
    state: str
    kind: str
    is_overdue: bool
    due: Moment | None
    opened: Moment | None


@dataclass(frozen=True)
class OfferShown(OfferLine):
    """One award on its own page. `name` and `role` are "" where who signs is hidden."""

    reminded: Moment | None
    settled: Moment | None
    name: str
    role: str
    hides_name: bool
    with_second_factor: bool
    reason: str
    agreement_sha256: str
    payee: tuple[str, str] | None
    """How far its payee details are, and of which kind that is; None before it is accepted."""
    questions: Sequence[QuestionShown]
    copies: Sequence[CopyShown]
    """The signed copies that were sent; none where the list alone is shown."""
    may_reply: bool
    may_extend: bool
    may_remind: bool
    may_withdraw: bool


def own_offer(award: Award, now: datetime) -> OwnOffer:
    """Return an award as its people answer to it."""
    application = award.decision.entry.application
    call, offer = application.call, offer_of(award)
    status = offer.status if offer is not None else OfferStatus.OFFERED
    due = answer_due(award.awarded_at, offer.answer_by if offer is not None else None, call.award_terms)
    text, language = agreement_of(call)
    may = holds(actor=current_actor(), application=application)
    return OwnOffer(
        reference=award.reference,
        amount=money(award.amount_minor, award.currency),
        state=str(OFFER.labels[status].applicant),
        kind=KINDS[status],
        due=moment(due, call.time_zone) if due is not None and status in OPEN else None,
        is_overdue=is_overdue(status, due, now),
        may_answer=may and status in ANSWERABLE,
        may_ask=may and status is OfferStatus.OFFERED,
        is_open=status in ANSWERABLE,
        settled=_moment(offer.settled_at if offer is not None else None, call),
        name=offer.name if offer is not None else "",
        role=offer.role if offer is not None else "",
        reason=offer.reason if offer is not None else "",
        agreement=text,
        agreement_language=language,
        agreement_direction=direction(language),
        agreement_sha256=text_sha256(text),
        needs_second_factor=needs_second_factor(call.award_terms),
        questions=_questions(offer, call),
        may_sign=may
        and status in ANSWERABLE
        and takes_signed_copies(call.award_terms)
        and not application.is_protected,
        copies=own_copies(offer, call),
    )


def offer_shown(row: OfferRow, call: Call, now: datetime, *, shows_payee: bool = False) -> OfferShown:
    """Return an award with where its offer stands, and what the actor can do about it; how far its payee details are
    is looked up for one alone.
    """
    actor, offer, status = current_actor(), row.offer, row.status
    manages = actor.can(P.LETTER_MANAGE, call.id)
    overdue = is_overdue(status, row.due(call), now)
    hidden = row.face.is_protected
    return OfferShown(
        **vars(_line(row, call, now)),
        reminded=_moment(offer.reminded_at if offer is not None else None, call),
        settled=_moment(offer.settled_at if offer is not None else None, call),
        name=offer.name if offer is not None and not hidden else "",
        role=offer.role if offer is not None and not hidden else "",
        hides_name=hidden and status is OfferStatus.ACCEPTED,
        with_second_factor=offer is not None and offer.with_second_factor,
        reason=offer.reason if offer is not None else "",
        agreement_sha256=(offer.text_sha256 or "") if offer is not None else "",
        payee=state_of(row.award, now) if shows_payee and status is OfferStatus.ACCEPTED else None,
        questions=_questions(offer, call),
        copies=[] if hidden else copies_to_look_at(offer, call),
        may_reply=manages and status is OfferStatus.ASKED,
        may_extend=manages and status not in (OfferStatus.ACCEPTED, OfferStatus.SIGNED),
        may_remind=manages and status is OfferStatus.OFFERED and not overdue,
        may_withdraw=actor.can(P.DECISION_RELEASE, call.id) and overdue,
    )


def offers_shown(page: Page[OfferRow], call: Call, now: datetime) -> Page[OfferLine]:
    """Return the lines of one page of awards."""
    items = [_line(row, call, now) for row in page.items]
    return Page(items=items, number=page.number, size=page.size, total=page.total)


def _line(row: OfferRow, call: Call, now: datetime) -> OfferLine:
    """Return what the list tells. It opens nothing that is sealed: that asks the database for each row."""
    status, due = row.status, row.due(call)
    return OfferLine(
        award_id=row.award.id,
        reference=row.award.reference,
        organisation=row.face.name,
        amount=money(row.award.amount_minor, row.award.currency),
        state=str(OFFER.labels[status].staff),
        kind=KINDS[status],
        is_overdue=is_overdue(status, due, now),
        due=_moment(due, call) if status in OPEN else None,
        opened=_moment(row.opened_at, call),
    )


def standings_shown(counts: Mapping[Standing, int], current: str) -> list[StatusCount]:
    """Return the filters of the list of awards with their numbers."""
    total = sum(counts[each] for each in Standing if each not in ALONGSIDE)
    return [
        StatusCount("", _("All"), total, not current),
        *(
            StatusCount(each.value, str(label), counts[each], current == each.value)
            for each, label in STANDINGS.items()
        ),
    ]


def _questions(offer: AwardOffer | None, call: Call) -> list[QuestionShown]:
    return [] if offer is None else [_question(each, call) for each in offer.questions]


def _question(asked: AwardQuestion, call: Call) -> QuestionShown:
    return QuestionShown(
        question=asked.question,
        asked=moment(asked.asked_at, call.time_zone),
        answer=asked.answer,
        answered=_moment(asked.answered_at, call),
    )


def _moment(at: datetime | None, call: Call) -> Moment | None:
    return None if at is None else moment(at, call.time_zone)
