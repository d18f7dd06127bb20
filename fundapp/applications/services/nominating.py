"""Nominations: taken from anybody within their period, gathered by whom they name, and turned into invitations."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.applications.models import Call, CallInvitation, Nomination, Nominee
from fundapp.applications.queries.entering import nominee_like
from fundapp.applications.rules import Opening, opening
from fundapp.applications.services.inviting import invite_to_apply
from fundapp.applications.services.parties import note_nominators
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_WHY: Final = 1000


def nominations_opening(call: Call, now: datetime) -> Opening | None:
    """Return where a call's time for nominations stands at an instant; None where it takes none."""
    if call.nominations_open_at is None or call.nominations_close_at is None:
        return None
    return opening(opens_at=call.nominations_open_at, closes_at=call.nominations_close_at, now=now)


def nominate(
    *,
    call: Call,
    name: str,
    contact: str,
    why: str,
    nominator_name: str,
    nominator_contact: str,
    may_be_named: bool,
    now: datetime,
) -> Nomination:
    """Take a nomination. It joins others of the same name, or with the same way to reach them.

    Who nominates is recorded nowhere but in what they write. Raises Conflict outside the time for nominations,
    RuleViolations for what is missing or too long.
    """
    match nominations_opening(call, now):
        case None:
            raise NotFound
        case Opening.NOT_YET:
            raise Conflict(_l("Nominations are not taken yet."))
        case Opening.CLOSED:
            raise Conflict(_l("The time for nominations is over."))
    problems = [
        Problem(_l("Fill this in."), field=field)
        for field, text in (("name", name), ("contact", contact), ("why", why))
        if not text.strip()
    ]
    if len(why) > MAX_WHY:
        problems.append(Problem(_l("Use at most %(count)s characters.", count=MAX_WHY), field="why"))
    if problems:
        raise RuleViolations(problems)
    nominee = nominee_like(call, name=name.strip(), contact=contact.strip()) or _new_nominee(call, now)
    nomination = Nomination(
        nominee_id=nominee.id,
        name=name.strip(),
        contact=contact.strip(),
        why=why.strip(),
        nominator_name=nominator_name.strip(),
        nominator_contact=nominator_contact.strip(),
        may_be_named=may_be_named and bool(nominator_name.strip()),
        made_at=now,
    )
    db.session.add(nomination)
    db.session.flush()
    record(actor=system_actor(), action="nomination:make", subject=nomination, now=now, call_id=call.id)
    note_nominators([nominee.id])
    return nomination


def gather(*, actor: Actor, call: Call, nominee_ids: Collection[UUID], now: datetime) -> Nominee:
    """Put the nominations of several nominees together under the first of them. Raises NotFound and NotAllowed."""
    actor.require(P.APPLICANT_INVITE, call.id)
    found = list(
        db.session.scalars(
            select(Nominee)
            .where(Nominee.call_id == call.id, Nominee.id.in_(nominee_ids))
            .order_by(Nominee.created_at, Nominee.id)
        )
    )
    if len(found) < 2 or len(found) != len(set(nominee_ids)):
        raise RuleViolations([Problem(_l("Choose two or more that are the same."))])
    first, *others = found
    ids = [each.id for each in others]
    db.session.execute(update(Nomination).where(Nomination.nominee_id.in_(ids)).values(nominee_id=first.id))
    invitations = update(CallInvitation).where(CallInvitation.nominee_id.in_(ids)).values(nominee_id=first.id)
    for invitation in db.session.scalars(select(CallInvitation).where(CallInvitation.nominee_id.in_(ids))):
        record(actor=actor, action="nominee:gather", subject=invitation, now=now, call_id=call.id)
    db.session.execute(invitations)
    db.session.expire_all()
    for each in others:
        record(actor=actor, action="nominee:gather", subject=each, now=now, call_id=call.id)
        db.session.delete(each)
    record(actor=actor, action="nominee:gather", subject=first, now=now, call_id=call.id)
    db.session.flush()
    note_nominators([first.id])
    return first


def take_apart(*, actor: Actor, call: Call, nomination_id: UUID, now: datetime) -> Nominee:
    """Let a nomination stand by itself, because it means somebody else than those beside it.

    Raises NotFound and NotAllowed, Conflict for one that stands alone.
    """
    actor.require(P.APPLICANT_INVITE, call.id)
    nomination = db.session.scalar(
        select(Nomination).join(Nominee).where(Nomination.id == nomination_id, Nominee.call_id == call.id)
    )
    if nomination is None:
        raise NotFound
    before = nomination.nominee
    if len(before.nominations) < 2:
        raise Conflict(_l("This nomination stands by itself."))
    alone = _new_nominee(call, now)
    nomination.nominee_id = alone.id
    record(actor=actor, action="nominee:part", subject=before, now=now, call_id=call.id)
    record(actor=actor, action="nominee:part", subject=nomination, now=now, call_id=call.id)
    db.session.flush()
    note_nominators([before.id])
    return alone


def invite_nominee(
    *, actor: Actor, call: Call, nominee_id: UUID, email: str, organisation_name: str, secret_key: str, now: datetime
) -> CallInvitation:
    """Invite a nominee to apply, by personal link. Raises NotFound, NotAllowed, RuleViolations for no address."""
    actor.require(P.APPLICANT_INVITE, call.id)
    nominee = db.session.scalar(select(Nominee).where(Nominee.id == nominee_id, Nominee.call_id == call.id))
    if nominee is None:
        raise NotFound
    record(actor=actor, action="nominee:invite", subject=nominee, now=now, call_id=call.id)
    return invite_to_apply(
        actor=actor,
        call=call,
        email=email,
        organisation_name=organisation_name,
        secret_key=secret_key,
        now=now,
        nominee=nominee,
    )


def _new_nominee(call: Call, now: datetime) -> Nominee:
    nominee = Nominee(call_id=call.id, created_at=now)
    db.session.add(nominee)
    db.session.flush()
    record(actor=system_actor(), action="nominee:add", subject=nominee, now=now, call_id=call.id)
    return nominee
