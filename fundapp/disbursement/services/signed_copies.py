"""Accepting an award by a signed copy of its letter: its people send one, and somebody of the staff looks at it."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.files.rules import Group, group_of
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.models import FileStatus
from fundapp.applications.services.attaching import checked_file, keep_file
from fundapp.applications.services.clarifying import checked_text
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.storage import Storage
from fundapp.disbursement.models import Award, AwardOffer, CopyStanding, Letter, SignedCopy
from fundapp.disbursement.offer_rules import OfferStatus, takes_signed_copies
from fundapp.disbursement.queries.signed_copies import copy_of, file_of, newest_copy
from fundapp.disbursement.services import offers
from fundapp.disbursement.services.reporting import ask_reports

SIGNED: Final = Question(name="signed-copy", kind=Kind.FILE, label={})
"""What such a file answers, among the files of an application."""
FIELD: Final = "copy"
PDF: Final = "application/pdf"
MOST_COPIES: Final = 20


def send_signed_copy(
    *,
    actor: Actor,
    award: Award,
    letter: Letter,
    name: str,
    role: str,
    filename: str,
    data: bytes,
    storage: Storage,
    now: datetime,
) -> SignedCopy:
    """Keep a signed copy of a letter for somebody to look at. One that waits is replaced; the same twice is one.

    Raises RuleViolations (fields name, role and copy), NoRoom, Conflict where the call takes none, InvalidTransition
    once the award is answered, and NotAllowed.
    """
    offer = offers.held_by_people(actor, award)
    application = award.decision.entry.application
    if not takes_signed_copies(application.call.award_terms) or application.is_protected:
        raise Conflict(_l("This award is accepted on its page, not by a signed copy."))
    if letter.decision_id != award.decision_id or letter.sha256 is None or actor.person_id is None:
        raise NotAllowed(P.APPLICATION_WRITE)
    offers.require_signer(name, role)
    file = checked_file(SIGNED, FIELD, filename, data)
    if file.content_type != PDF and group_of(file.content_type) is not Group.PICTURE:
        raise RuleViolations([Problem(_l("Choose a PDF, or a photo of the signed pages."), field=FIELD)])
    waiting = newest_copy(offer) if offer is not None and offer.status is OfferStatus.SIGNED else None
    if waiting is not None and sha256(data).hexdigest() == file_of(waiting).sha256:
        return waiting
    offer = offer or offers.begun(award)
    number = _next_number(offer)
    offers.leave_waiting_copy(offer)
    offers.apply_step(actor, offer, award, "sign", now, data={"number": number})
    attachment = keep_file(
        actor=actor, application=application, file=file, key=FIELD, storage=storage, now=now, kept_as=SIGNED.name
    )
    record(
        actor=actor,
        action="application:attach",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"question": SIGNED.name, "stored_as": attachment.stored_as, "size_bytes": attachment.size_bytes},
    )
    copy = SignedCopy(
        offer_id=offer.id,
        application_id=application.id,
        number=number,
        attachment_id=attachment.id,
        letter_sha256=letter.sha256,
        language=letter.language,
        name=name.strip(),
        role=role.strip(),
        sent_at=now,
        sent_by_id=actor.person_id,
    )
    db.session.add(copy)
    db.session.flush()
    return copy


def confirm_signed_copy(*, actor: Actor, award: Award, number: int, now: datetime) -> None:
    """Confirm that the award is accepted by the signed copy of this number; its people are told that there is news.

    What is agreed to is the letter that was signed. Raises Conflict where its file cannot be looked at (yet) or its
    people sent another one meanwhile, InvalidTransition, NotFound and NotAllowed.
    """
    offer, copy = _to_look_at(actor, award, number)
    if copy.standing is CopyStanding.CONFIRMED:
        return
    if file_of(copy).status is not FileStatus.READY:
        raise Conflict(_l("Nobody can look at this file yet. Wait, or send it back."))
    copy.standing, copy.looked_at, copy.looked_by_id = CopyStanding.CONFIRMED, now, actor.person_id
    offer.name, offer.role = copy.name, copy.role
    evidence = {
        "settled_at": now,
        "settled_by_id": copy.sent_by_id,
        "text_sha256": copy.letter_sha256,
        "language": copy.language,
    }
    offers.apply_step(actor, offer, award, "confirm", now, evidence, {"number": number})
    ask_reports(actor=actor, award=award, accepted_at=now, now=now)
    offers.tell_people(award, now)


def send_back_signed_copy(*, actor: Actor, award: Award, number: int, reason: str, now: datetime) -> None:
    """Send a signed copy back with a reason, which its people read; they can answer again.

    Raises RuleViolations (field reason), Conflict where they sent another one meanwhile, InvalidTransition, NotFound
    and NotAllowed.
    """
    reason = checked_text(reason, "reason", offers.MOST_TEXT, _l("Write the reason. Whoever sent the copy reads it."))
    offer, copy = _to_look_at(actor, award, number)
    if copy.standing is CopyStanding.SENT_BACK:
        return
    copy.standing, copy.looked_at, copy.looked_by_id = CopyStanding.SENT_BACK, now, actor.person_id
    copy.reason = reason
    offer.told_at = now
    offers.apply_step(actor, offer, award, "send_back", now, data={"number": number})
    offers.tell_people(award, now)


def _to_look_at(actor: Actor, award: Award, number: int) -> tuple[AwardOffer, SignedCopy]:
    actor.require(P.LETTER_MANAGE, award.call_id)
    offer = offers.held_offer(award)
    copy = copy_of(award, number)
    if offer is None or copy.sent_by_id == actor.person_id:
        raise NotAllowed(P.LETTER_MANAGE)
    if copy.standing is CopyStanding.REPLACED:
        raise Conflict(_l("Its people answered otherwise meanwhile. Please look again."))
    return offer, copy


def _next_number(offer: AwardOffer) -> int:
    newest = newest_copy(offer)
    number = 1 if newest is None else newest.number + 1
    if number > MOST_COPIES:
        message = _l("You have sent %(most)s copies. Write to us instead.", most=MOST_COPIES)
        raise RuleViolations([Problem(message, field=FIELD)])
    return number
