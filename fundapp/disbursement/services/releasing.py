"""What changes awards and letters: the release of a call's decisions, certificates, another try at a letter."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call
from fundapp.applications.transitions import CALL
from fundapp.core import outbox
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.letters import letter_language
from fundapp.disbursement.models import Award, Letter, LetterKind, LetterStatus
from fundapp.disbursement.queries.letters import LETTER_KIND, awards_to_certify, ineligible_applications
from fundapp.disbursement.rules import ReleaseFacts, certificate_reference, entry_reference, release_problems
from fundapp.disbursement.services.templates import turn_into_award
from fundapp.disbursement.transitions import LETTER
from fundapp.review.models import Decision, Outcome, Slate, SlateStatus
from fundapp.review.queries.declined import lacks_comments
from fundapp.review.queries.ratifying import needed_for_all, ratifications
from fundapp.review.queries.selection import current_slate, unchecked_applications, whole_selection
from fundapp.review.services.calls import lock_call
from fundapp.review.services.terms import coverage_problems
from fundapp.review.transitions import SLATE


def release_decisions(*, actor: Actor, call: Call, now: datetime) -> Slate:
    """Make the ratified decisions of a call final: awards, one letter per decided entry, one notice per ineligible
    application, and the work of making them, all in one transaction.

    A second release changes nothing. Raises RuleViolations naming everything that is still open, InvalidTransition
    unless the list is ratified, and NotAllowed.
    """
    actor.require(P.DECISION_RELEASE, call.id)
    lock_call(call)
    slate = current_slate(call=call)
    if slate is None:
        raise RuleViolations([Problem(_l("There is nothing to release."))])
    db.session.refresh(slate)
    if slate.status is SlateStatus.RELEASED:
        return slate
    decisions = _decisions_to_release(call, slate)
    apply_transition(
        SLATE,
        slate,
        "release",
        actor=actor,
        now=now,
        call_id=call.id,
        evidence={"released_by_id": actor.person_id, "released_at": now},
        data={"decisions": len(decisions)},
    )
    apply_transition(CALL, call, "decide", actor=actor, now=now, call_id=call.id, evidence={"decided_at": now})
    letters = [_decide_letter(actor, call, decision, now) for decision in decisions]
    letters += [_notice(application, now) for application in ineligible_applications(call)]
    _queue(actor, call, letters, now)
    return slate


def make_certificates(*, actor: Actor, call: Call, now: datetime) -> int:
    """Queue a certificate for each award of a call that has none, and return how many.

    Only for awards that the actor may see, that nobody refused or took back, and whose application is not protected.
    Raises NotAllowed.
    """
    actor.require(P.LETTER_MANAGE, call.id)
    lock_call(call)
    certificates = [
        Letter(
            kind=LetterKind.CERTIFICATE,
            decision_id=award.decision_id,
            reference=certificate_reference(award.reference),
            **_addressed_to(award.decision.entry.application, now),
        )
        for award in awards_to_certify(actor=actor, call=call)
    ]
    _queue(actor, call, certificates, now)
    return len(certificates)


def retry_letters(*, actor: Actor, call: Call, letters: Iterable[Letter], now: datetime) -> int:
    """Queue letters of a call that failed once more, and return how many that were; others are left as they are."""
    actor.require(P.LETTER_MANAGE, call.id)
    ids = [letter.id for letter in letters]
    failed = db.session.scalars(
        select(Letter)
        .where(Letter.id.in_(ids), Letter.call_id == call.id, Letter.status == LetterStatus.FAILED)
        .order_by(Letter.reference)
        .with_for_update()
    ).all()
    for letter in failed:
        apply_transition(LETTER, letter, "retry", actor=actor, now=now, call_id=call.id, evidence={"failure": ""})
        outbox.enqueue(
            kind=LETTER_KIND, subject_id=letter.id, now=now, dedup_key=f"{LETTER_KIND}:{letter.id}:{now.isoformat()}"
        )
    return len(failed)


def stop_letters(*, actor: Actor, call: Call, letters: Iterable[Letter], now: datetime) -> int:
    """Stop making letters of a call that nobody has begun, and return how many wait now; nothing of them is lost."""
    actor.require(P.LETTER_MANAGE, call.id)
    number = outbox.hold(kind=LETTER_KIND, subject_ids=[letter.id for letter in letters])
    if number:
        record(actor=actor, action="call:stop_letters", subject=call, now=now, call_id=call.id, data={"number": number})
    return number


def resume_letters(*, actor: Actor, call: Call, letters: Iterable[Letter], now: datetime) -> int:
    """Go on making letters of a call that were stopped, and return how many."""
    actor.require(P.LETTER_MANAGE, call.id)
    number = outbox.resume(kind=LETTER_KIND, subject_ids=[letter.id for letter in letters], now=now)
    if number:
        data = {"number": number}
        record(actor=actor, action="call:resume_letters", subject=call, now=now, call_id=call.id, data=data)
    return number


def _decisions_to_release(call: Call, slate: Slate) -> list[Decision]:
    """Return all decisions of a call, after checking that none is missing, and nobody who must ratify them.

    Raises RuleViolations.
    """
    is_ratified = slate.status is SlateStatus.RATIFIED
    whole = whole_selection(call=call)
    ranked = whole.ranked
    decided = [row for row in ranked if row.decision is not None]
    problems = release_problems(
        ReleaseFacts(
            decided=len(decided),
            undecided=len(ranked) - len(decided),
            unchecked=unchecked_applications(call=call),
            decided_but_ineligible=tuple(
                row.entry.application.reference or "" for row in decided if not row.is_eligible
            ),
            lacks_comments=lacks_comments(call),
            ratifiers_missing=needed_for_all(slate) - len(ratifications(slate)) if is_ratified else 0,
        )
    )
    problems += coverage_problems(whole)
    if problems:
        raise RuleViolations(problems)
    return [row.decision for row in decided if row.decision is not None]


def _decide_letter(actor: Actor, call: Call, decision: Decision, now: datetime) -> Letter:
    """Return the letter of a decision; an award is promised with it."""
    entry = decision.entry
    reference = entry_reference(entry.application.reference or "", entry.category.code if entry.category else None)
    if decision.outcome is Outcome.AWARD:
        _award(actor, call, decision, reference, decision.amount_minor, now)
    return Letter(
        kind=LetterKind(decision.outcome.value),
        decision_id=decision.id,
        reference=reference,
        **_addressed_to(entry.application, now),
    )


def award_of_moved(*, actor: Actor, call: Call, decision: Decision, amount_minor: int, now: datetime) -> Award:
    """Promise an award to an entry that moves up from the reserve; its letter becomes one of award, made anew.

    The letter of reserve is kept as superseded. Raises Conflict while that one is just being made.
    """
    letter = db.session.scalars(
        select(Letter).where(Letter.decision_id == decision.id, Letter.kind == LetterKind.RESERVE)
    ).one()
    award = _award(actor, call, decision, letter.reference, amount_minor, now)
    turn_into_award(actor=actor, letter=letter, now=now)
    return award


def _award(actor: Actor, call: Call, decision: Decision, reference: str, amount_minor: int, now: datetime) -> Award:
    award = Award(
        decision_id=decision.id,
        call_id=call.id,
        reference=reference,
        amount_minor=amount_minor,
        currency=call.currency,
        awarded_at=now,
    )
    db.session.add(award)
    db.session.flush()
    record(
        actor=actor,
        action="award:make",
        subject=award,
        now=now,
        call_id=call.id,
        data={"reference": reference, "amount_minor": award.amount_minor, "currency": award.currency},
    )
    return award


def _queue(actor: Actor, call: Call, letters: Sequence[Letter], now: datetime) -> None:
    db.session.add_all(letters)
    db.session.flush()
    for letter in letters:
        record(actor=actor, action="letter:queue", subject=letter, now=now, call_id=call.id, data={"kind": letter.kind})
        outbox.enqueue(kind=LETTER_KIND, subject_id=letter.id, now=now)


def _notice(application: Application, now: datetime) -> Letter:
    return Letter(kind=LetterKind.INELIGIBLE, reference=application.reference, **_addressed_to(application, now))


def _addressed_to(application: Application, now: datetime) -> dict[str, object]:
    return {
        "call_id": application.call_id,
        "application_id": application.id,
        "person_id": application.person_id,
        "language": letter_language(application),
        "status": LetterStatus.QUEUED,
        "queued_at": now,
    }
