"""What becomes of payee details: given by the people of an award, called back, approved, stopped and set free."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import select

from fundapp.accounts.models import AddressChange, Person
from fundapp.accounts.permissions import ANONYMOUS, Actor, P
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.accounts.services.people import write_to_address
from fundapp.applications.models import Application
from fundapp.applications.queries.applicant import holders_of, holds
from fundapp.applications.services.clarifying import checked_text
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Award, PayeeCall, PayeeDetails, PayeeFreeze
from fundapp.disbursement.payee_given import MOST_TEXT, Given, problems_of, to_seal, to_show, too_long
from fundapp.disbursement.payee_rules import (
    OLD_ADDRESSES_FOR,
    CallOutcome,
    Known,
    Route,
    may_approve,
    usable_from,
)
from fundapp.disbursement.queries.payees import Payee, managed_payee, payee_of
from fundapp.disbursement.sealed_payees import account_hash, seal_details

TEMPLATE: Final = "payee_changed"


def give_details(
    *,
    actor: Actor,
    award: Award,
    given: Given,
    seen: int,
    with_second_factor: bool,
    secret_key: str,
    cooling: timedelta,
    now: datetime,
) -> PayeeDetails:
    """Keep payee details as a new version, sealed, and write to the addresses that were known before.

    `seen` is the number of the version that stood on the page (0: none). A later version needs a second factor, and may
    be used after the `cooling` time. Raises RuleViolations (fields are those of Given), Conflict (not accepted, another
    version by now, no second factor) and NotAllowed.
    """
    payee = _held_by_people(actor, award)
    number = 1 if payee.details is None else payee.details.number + 1
    if number != seen + 1:
        raise Conflict(_l("Somebody changed these details meanwhile. Look at the page once more."))
    if number > 1 and not with_second_factor:
        raise Conflict(_l("To change these details a second factor is needed. Set one up first."))
    if problems := problems_of(given):
        raise RuleViolations(problems)
    row = PayeeDetails(
        id=uuid4(),
        award_id=award.id,
        award=award,
        application=award.decision.entry.application,
        application_id=award.decision.entry.application_id,
        number=number,
        entered_by_id=actor.person_id,
        entered_at=now,
        with_second_factor=with_second_factor,
        usable_from=usable_from(now, number, cooling),
        shown=to_show(given, organisation=award.decision.entry.application.organisation_name, currency=award.currency),
    )
    row.account = "" if given.route is Route.AGREED else account_hash(given.place)
    row.stop_hash = token_hash(link_token(secret_key, row.id))
    seal_details(row, to_seal(given))
    db.session.add(row)
    _record(actor, "payee:give", row, award, now, {"number": number})
    _tell(row, now)
    return row


def record_call(
    *,
    actor: Actor,
    award: Award,
    seen: int,
    known: Known,
    known_since: datetime | None,
    phone: str,
    outcome: CallOutcome,
    note: str,
    now: datetime,
) -> PayeeCall:
    """Record that somebody called the people of an award back about version `seen` of their details.

    The number must have been known before the version was typed in; of the application, since it was sent. Where they
    know nothing of it, the details are frozen. Raises RuleViolations (fields phone, known_since, note), Conflict,
    NotFound and NotAllowed.
    """
    payee = _held_by_staff(actor, award)
    details = _seen(payee, seen)
    since = _sent_at(details) if known is Known.APPLICATION else known_since
    problems = []
    if since is None or since >= details.entered_at:
        message = _l("The number must be older than these details. Call another one.")
        problems.append(Problem(message, field="known" if known is Known.APPLICATION else "known_since"))
    problems += _text_problems(phone, "phone", 100, _l("Write the number that you called."))
    if len(note) > MOST_TEXT:
        problems.append(Problem(too_long(MOST_TEXT), field="note"))
    if problems or since is None:
        raise RuleViolations(problems)
    call = PayeeCall(
        details_id=details.id,
        application_id=details.application_id,
        number=len(details.calls) + 1,
        known=known,
        known_since=since,
        phone=phone.strip(),
        outcome=outcome,
        note=note.strip(),
        called_by_id=actor.person_id,
        called_at=now,
    )
    details.calls.append(call)
    _record(actor, "payee:call", details, award, now, {"number": details.number, "outcome": outcome.value})
    if outcome is CallOutcome.DENIED:
        _freeze(actor, payee, "", now)
    return call


def approve(*, actor: Actor, award: Award, seen: int, now: datetime) -> None:
    """Approve version `seen` of payee details as a second person; approving twice changes nothing.

    Raises Conflict (frozen, not called back, another version by now, the same person) NotFound and NotAllowed.
    """
    payee = _held_by_staff(actor, award)
    details = _seen(payee, seen)
    if details.approved_at is not None:
        return
    if payee.freeze is not None:
        raise Conflict(_l("These details are frozen. Two people lift that first."))
    if not payee.confirmed:
        raise Conflict(_l("Nobody has confirmed these details in a call yet."))
    callers = [each.called_by_id for each in details.calls]
    if actor.person_id is None or not may_approve(actor.person_id, entered_by=details.entered_by_id, called_by=callers):
        raise Conflict(_l("You recorded a call about these details. Somebody else approves them."))
    details.approved_by_id, details.approved_at = actor.person_id, now
    _record(actor, "payee:approve", details, award, now, {"number": details.number})


def freeze(*, actor: Actor, award: Award, reason: str, now: datetime) -> None:
    """Freeze the payee details of an award; freezing twice changes nothing.

    Raises RuleViolations (field reason), NotFound and NotAllowed.
    """
    payee = _held_by_staff(actor, award)
    _freeze(actor, payee, checked_text(reason, "reason", MOST_TEXT, _l("Write the reason.")), now)


def freeze_by_link(*, details: PayeeDetails, now: datetime) -> None:
    """Freeze payee details for whoever has the link of a mail about them; freezing twice changes nothing."""
    lock_row(details.award)
    _freeze(ANONYMOUS, payee_of(details.award), "", now)


def lift(*, actor: Actor, award: Award, now: datetime) -> bool:
    """Say as one of two people that frozen details may be used again; return whether they are free now.

    Raises Conflict (the same person twice; nothing is frozen), NotFound and NotAllowed.
    """
    frozen = _held_by_staff(actor, award).freeze
    if frozen is None:
        raise Conflict(_l("These details are not frozen."))
    if actor.person_id == frozen.first_by_id:
        raise Conflict(_l("Two people lift this. Ask somebody else to be the second."))
    if frozen.first_by_id is None:
        frozen.first_by_id, frozen.first_at = actor.person_id, now
        _record(actor, "payee:lift_first", frozen, award, now)
        return False
    frozen.lifted_by_id, frozen.lifted_at = actor.person_id, now
    _record(actor, "payee:lift", frozen, award, now)
    return True


def blank_payees(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase the payee details of an application's awards, and what was said in calls; who did what when stays."""
    for details in db.session.scalars(select(PayeeDetails).where(PayeeDetails.application_id == application.id)):
        details.sealed = details.payee_key = None
        details.shown, details.account = None, ""
        for call in details.calls:
            call.phone = call.note = ""
        _record(actor, "payee:erase", details, details.award, now)
    for frozen in db.session.scalars(select(PayeeFreeze).where(PayeeFreeze.application_id == application.id)):
        frozen.reason = ""
        _record(actor, "payee:erase", frozen, frozen.award, now)


def _held_by_people(actor: Actor, award: Award) -> Payee:
    """Hold an award against others for one of its people. Raises NotAllowed, and Conflict before it is accepted."""
    application = award.decision.entry.application
    if actor.person_id is None or not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock_row(award)
    payee = payee_of(award)
    if payee.erased_at is not None:
        raise Conflict(_l("This application was erased. Nothing can be answered any more."))
    if not payee.facts.is_accepted:
        raise Conflict(_l("Accept the award first. Then say where its money goes."))
    return payee


def _held_by_staff(actor: Actor, award: Award) -> Payee:
    """Hold an award against others for one of the staff. Raises NotAllowed, and NotFound for a conflict of interest."""
    actor.require(P.PAYEE_APPROVE, award.call_id)
    lock_row(award)
    return managed_payee(actor=actor, call=award.decision.entry.application.call, award_id=award.id)


def _seen(payee: Payee, number: int) -> PayeeDetails:
    """Return the newest version. Raises Conflict where it is another one than was seen, or erased."""
    if payee.details is None or payee.details.number != number or payee.details.sealed is None:
        raise Conflict(_l("These details are not the newest any more. Look at the page once more."))
    return payee.details


def _sent_at(details: PayeeDetails) -> datetime | None:
    """Return when the application was sent last before these details were typed in."""
    times = [each.submitted_at for each in details.application.submissions]
    return max((at for at in times if at < details.entered_at), default=None)


def _freeze(actor: Actor, payee: Payee, reason: str, now: datetime) -> None:
    if payee.freeze is not None:
        return
    frozen = PayeeFreeze(
        award_id=payee.award.id,
        application_id=payee.award.decision.entry.application_id,
        frozen_at=now,
        frozen_by_id=actor.person_id,
        reason=reason,
    )
    db.session.add(frozen)
    _record(actor, "payee:freeze", frozen, payee.award, now)


def _tell(details: PayeeDetails, now: datetime) -> None:
    """Write to everybody who holds the application, also to addresses that were theirs a short while ago."""
    people = holders_of(details.application)
    wanted: dict[str, str] = {person.email: person.language for person in people if person.email}
    for address, language in _given_up(people, now).items():
        wanted.setdefault(address, language)
    for address, language in wanted.items():
        data = {"link_id": str(details.id)}
        write_to_address(address, template=TEMPLATE, data=data, now=now, language=language)


def _given_up(people: list[Person], now: datetime) -> Mapping[str, str]:
    """Return the addresses that people gave up lately, with their languages."""
    languages = {person.id: person.language for person in people}
    changes = db.session.scalars(
        select(AddressChange).where(
            AddressChange.person_id.in_(languages),
            AddressChange.confirmed_at > now - OLD_ADDRESSES_FOR,
            AddressChange.reverted_at.is_(None),
        )
    )
    return {change.old_address: languages[change.person_id] for change in changes if change.old_address}


def _record(
    actor: Actor,
    action: str,
    subject: PayeeDetails | PayeeFreeze,
    award: Award,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    db.session.flush()
    told = {"award": str(award.id)} | (data or {})
    record(actor=actor, action=action, subject=subject, now=now, call_id=award.call_id, data=told)


def _text_problems(text: str, field: str, most: int, missing: str) -> list[Problem]:
    try:
        checked_text(text, field, most, missing)
    except RuleViolations as violations:
        return list(violations.problems)
    return []
