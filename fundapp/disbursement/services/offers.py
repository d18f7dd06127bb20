"""What becomes of an offered award: its people accept, ask or refuse; managers answer, remind, extend and withdraw."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, Call
from fundapp.applications.queries.applicant import holders_of, holds
from fundapp.applications.services.clarifying import checked_text
from fundapp.core.audit import record, text_sha256
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import count_characters
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.models import Award, AwardOffer, AwardQuestion, CopyStanding, SignedCopy
from fundapp.disbursement.offer_rules import (
    MOST_DAYS,
    OPEN,
    REMINDED_AGAIN_AFTER,
    OfferStatus,
    answer_due,
    is_overdue,
    needs_second_factor,
)
from fundapp.disbursement.queries.offers import offer_of
from fundapp.disbursement.queries.reminders import reminder_waits
from fundapp.disbursement.services.freeing import bind_money, free_money
from fundapp.disbursement.services.reporting import ask_reports
from fundapp.disbursement.transitions import OFFER

PATH: Final = "/letters"
"""Where people read the news: the list of their letters."""
MOST_NAME: Final = 200
MOST_TEXT: Final = 2_000


def agreement_of(call: Call) -> tuple[str, str]:
    """Return what is agreed to by accepting, and the language it is in: the words of the call, else of the house."""
    texts: dict[str, str] = call.award_terms.get("agreement") or {}
    for code in (current_language(), "en", *texts):
        if texts.get(code):
            return texts[code], code
    text = _(
        "We accept this award. We will use the money for what the letter says, and tell those who give it when that "
        "becomes impossible."
    )
    return text, current_language()


def accept(
    *,
    actor: Actor,
    award: Award,
    name: str,
    role: str,
    seen_sha256: str,
    with_second_factor: bool,
    now: datetime,
) -> AwardOffer:
    """Accept an award in the name of its people; accepting twice changes nothing.

    `seen_sha256` is the hash of the agreement as it stood on the page: another text is not agreed to. Whether the
    second factor was given just now is `with_second_factor`. Raises RuleViolations (fields name and role), Conflict
    where the agreement is another by now or the second factor is missing, InvalidTransition and NotAllowed.
    """
    offer = held_by_people(actor, award)
    if offer is not None and offer.status is OfferStatus.ACCEPTED:
        return offer
    require_signer(name, role)
    text, language = agreement_of(award.decision.entry.application.call)
    if text_sha256(text) != seen_sha256:
        raise Conflict(_l("What is agreed to has changed. Read it once more, then accept."))
    if needs_second_factor(award.decision.entry.application.call.award_terms) and not with_second_factor:
        raise Conflict(_l("For this award a second factor is needed. Set one up first, then accept."))
    offer = offer or begun(award)
    offer.name, offer.role = name.strip(), role.strip()
    leave_waiting_copy(offer)
    evidence = {"text_sha256": text_sha256(text), "language": language, "with_second_factor": with_second_factor}
    settle(actor, offer, award, "accept", now, evidence)
    ask_reports(actor=actor, award=award, accepted_at=now, now=now)
    return offer


def require_signer(name: str, role: str) -> None:
    """Raise RuleViolations (fields name and role) unless it says who accepts, and what they are."""
    problems = [
        *_problems(name, "name", _l("Write your name.")),
        *_problems(role, "role", _l("Write what you are in your organisation.")),
    ]
    if problems:
        raise RuleViolations(problems)


def refuse(*, actor: Actor, award: Award, reason: str, now: datetime) -> AwardOffer:
    """Refuse an award in the name of its people, with a reason or without; refusing twice changes nothing.

    Raises RuleViolations (field reason), InvalidTransition and NotAllowed.
    """
    offer = held_by_people(actor, award)
    if offer is not None and offer.status is OfferStatus.REFUSED:
        return offer
    _require_short(reason, "reason")
    offer = offer or begun(award)
    offer.reason = reason.strip()
    leave_waiting_copy(offer)
    settle(actor, offer, award, "refuse", now)
    free_money(award=award, now=now)
    return offer


def ask(*, actor: Actor, award: Award, question: str, now: datetime) -> AwardOffer:
    """Ask something before answering; the same question twice is asked once.

    Raises RuleViolations (field question), InvalidTransition while another waits, and NotAllowed.
    """
    offer = held_by_people(actor, award)
    question = checked_text(question, "question", MOST_TEXT, _l("Write your question."))
    if offer is not None and offer.status is OfferStatus.ASKED and offer.questions[-1].question == question:
        return offer
    offer = offer or begun(award)
    apply_step(actor, offer, award, "ask", now)
    asked = AwardQuestion(
        offer_id=offer.id,
        application_id=offer.application_id,
        number=len(offer.questions) + 1,
        question=question,
        asked_by_id=actor.person_id,
        asked_at=now,
    )
    offer.questions.append(asked)
    db.session.flush()
    return offer


def reply(*, actor: Actor, award: Award, answer: str, now: datetime) -> None:
    """Answer what the people of an award asked; they are told that there is news.

    Raises RuleViolations (field answer), InvalidTransition where nothing waits, and NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, award.call_id)
    answer = checked_text(answer, "answer", MOST_TEXT, _l("Write your answer."))
    offer = held_offer(award)
    if offer is None:
        raise InvalidTransition(_l("Nobody asked anything about this award."))
    apply_step(actor, offer, award, "reply", now)
    asked = offer.questions[-1]
    asked.answer, asked.answered_by_id, asked.answered_at = answer, actor.person_id, now
    _tell(offer, award, now)


def extend(*, actor: Actor, award: Award, days: int, now: datetime) -> None:
    """Give the people of an award so many days from now to answer; one that was refused or withdrawn is offered again.

    They are told that there is news. Raises RuleViolations (field days), InvalidTransition once it is accepted or
    signed, and NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, award.call_id)
    if not 1 <= days <= MOST_DAYS:
        message = _l("This lies between %(least)s and %(most)s.", least=1, most=MOST_DAYS)
        raise RuleViolations([Problem(message, field="days")])
    offer = held_offer(award) or begun(award)
    until = now + timedelta(days=days)
    if offer.status is OfferStatus.SIGNED:
        raise InvalidTransition(_l("A signed copy waits to be looked at."))
    offer.told_at = now
    if offer.status in OPEN:
        offer.answer_by = until
        _record(actor, offer, award, "offer:extend", now, {"until": until.isoformat()})
    else:
        evidence = {"answer_by": until, "settled_at": None, "settled_by_id": None}
        offer.reason = ""
        bind_money(award=award)
        apply_step(actor, offer, award, "offer_again", now, evidence, {"until": until.isoformat()})
    tell_people(award, now)


def remind(*, actor: Actor, award: Award, now: datetime) -> bool:
    """Tell the people of an award once that there is news; return False where they were reminded a moment ago.

    Raises InvalidTransition where no answer is open or its time is over, and NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, award.call_id)
    offer = held_offer(award)
    status = offer.status if offer is not None else OfferStatus.OFFERED
    if status is not OfferStatus.OFFERED:
        raise InvalidTransition(_l("There is nothing to remind of."))
    if is_overdue(status, _due(award, offer), now):
        raise InvalidTransition(_l("The time for an answer is over. Give them more time, or withdraw the offer."))
    offer = offer or begun(award)
    if offer.reminded_at is not None and now < offer.reminded_at + REMINDED_AGAIN_AFTER:
        return False
    _remind(actor, offer, award, now)
    return True


def remind_when_due(*, award: Award, now: datetime) -> bool:
    """Remind the people of an award by itself, if the days for it have come and nobody answered; say whether it was."""
    offer = held_offer(award)
    if not reminder_waits(award, now):
        return False
    _remind(system_actor(), offer or begun(award), award, now)
    return True


def withdraw(*, actor: Actor, award: Award, reason: str, now: datetime) -> None:
    """Withdraw the offer of an award whose time is over; its people read why, and are told that there is news.

    Raises RuleViolations (field reason), InvalidTransition before its time is over or once it is settled, NotAllowed.
    """
    actor.require(P.DECISION_RELEASE, award.call_id)
    reason = checked_text(reason, "reason", MOST_TEXT, _l("Write the reason. The people of the award read it."))
    offer = held_offer(award)
    status = offer.status if offer is not None else OfferStatus.OFFERED
    if status is OfferStatus.WITHDRAWN:
        return
    if status in OPEN and not is_overdue(status, _due(award, offer), now):
        raise InvalidTransition(_l("An offer can be withdrawn once the time for an answer is over."))
    offer = offer or begun(award)
    offer.reason = reason
    settle(actor, offer, award, "withdraw", now)
    free_money(award=award, now=now)
    tell_people(award, now)


def leave_waiting_copy(offer: AwardOffer) -> None:
    """Let go of a signed copy that nobody looked at yet: its people answer otherwise."""
    waiting = select(SignedCopy).where(SignedCopy.offer_id == offer.id, SignedCopy.standing == CopyStanding.WAITING)
    for copy in db.session.scalars(waiting) if offer.id is not None else ():
        copy.standing = CopyStanding.REPLACED


def blank_offers(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase who signed for the awards of an application and what was asked and said; what was answered stays."""
    for offer in db.session.scalars(select(AwardOffer).where(AwardOffer.application_id == application.id)):
        offer.name = offer.role = offer.reason = ""
        for asked in offer.questions:
            asked.question = asked.answer = ""
        for copy in db.session.scalars(select(SignedCopy).where(SignedCopy.offer_id == offer.id)):
            copy.name = copy.role = copy.reason = ""
        _record(actor, offer, offer.award, "offer:erase", now)


def held_by_people(actor: Actor, award: Award) -> AwardOffer | None:
    """Hold the offer of an award for one of its people. Raises NotAllowed, and Conflict where it was erased."""
    application = award.decision.entry.application
    if actor.person_id is None or not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    offer = held_offer(award)
    if application.erased_at is not None:
        raise Conflict(_l("This application was erased. Nothing can be answered any more."))
    return offer


def held_offer(award: Award) -> AwardOffer | None:
    """Hold an award's row against others, and return its offer as it stands now."""
    lock_row(award)
    return offer_of(award)


def _due(award: Award, offer: AwardOffer | None) -> datetime | None:
    terms = award.decision.entry.application.call.award_terms
    return answer_due(award.awarded_at, None if offer is None else offer.answer_by, terms)


def begun(award: Award) -> AwardOffer:
    offer = AwardOffer(
        award_id=award.id, application_id=award.decision.entry.application_id, status=OfferStatus.OFFERED, award=award
    )
    db.session.add(offer)
    return offer


def settle(
    actor: Actor, offer: AwardOffer, award: Award, event: str, now: datetime, evidence: dict[str, Any] | None = None
) -> None:
    apply_step(
        actor, offer, award, event, now, {"settled_at": now, "settled_by_id": actor.person_id} | (evidence or {})
    )


def apply_step(
    actor: Actor,
    offer: AwardOffer,
    award: Award,
    event: str,
    now: datetime,
    evidence: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    told = {"award": str(award.id)} | (data or {})
    apply_transition(OFFER, offer, event, actor=actor, now=now, call_id=award.call_id, evidence=evidence, data=told)


def _record(
    actor: Actor, offer: AwardOffer, award: Award, action: str, now: datetime, data: dict[str, Any] | None = None
) -> None:
    db.session.flush()
    told = {"award": str(award.id)} | (data or {})
    record(actor=actor, action=action, subject=offer, now=now, call_id=award.call_id, data=told)


def _remind(actor: Actor, offer: AwardOffer, award: Award, now: datetime) -> None:
    offer.reminded_at = offer.told_at = now
    _record(actor, offer, award, "offer:remind", now)
    tell_people(award, now)


def _tell(offer: AwardOffer, award: Award, now: datetime) -> None:
    offer.told_at = now
    db.session.flush()
    tell_people(award, now)


def tell_people(award: Award, now: datetime) -> None:
    for person in holders_of(award.decision.entry.application):
        tell(person, template="news", path=PATH, now=now)


def _problems(text: str, field: str, missing: str) -> list[Problem]:
    try:
        checked_text(text, field, MOST_NAME, missing)
    except RuleViolations as violations:
        return list(violations.problems)
    return []


def _require_short(text: str, field: str) -> None:
    if (count := count_characters(text.strip())) > MOST_TEXT:
        message = _l("Use at most %(most)s characters: there are %(count)s.", most=MOST_TEXT, count=count)
        raise RuleViolations([Problem(message, field=field)])
