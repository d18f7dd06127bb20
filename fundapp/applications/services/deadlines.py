"""Move a call's deadline for everybody, later or to close it early, and tell those whom it concerns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, ApplicationStatus, Call, CallStatus, DeadlineExtension
from fundapp.applications.queries.applicant import holders_of
from fundapp.applications.services.writing_calls import lock
from fundapp.core import outbox
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

TELL_KIND: Final = "deadline:tell"
AT_ONCE: Final = 50
"""How many applications' people are told in one transaction of a worker."""


def extend_deadline(
    *,
    actor: Actor,
    call: Call,
    closes_at: datetime,
    reasons: Mapping[str, str],
    now: datetime,
    tells_senders: bool = False,
) -> DeadlineExtension:
    """Move a call's deadline later for everyone; `reasons` says why, in each of its languages, to the public.

    `closes_at` is an aware instant, exclusive. Those with a draft are told by mail, and with `tells_senders` those who
    have sent too. Raises RuleViolations (field closes_on) unless it lies after both the present deadline and now.
    """
    _lock_announced(actor, call)
    problems = _reason_problems(call, reasons)
    if closes_at <= call.closes_at:
        problems.append(Problem(_l("The new deadline must be later than the present one."), field="closes_on"))
    elif closes_at <= now:
        problems.append(Problem(_l("The new deadline must be in the future."), field="closes_on"))
    if problems:
        raise RuleViolations(problems)
    return _move("call:extend", actor, call, closes_at, reasons, now, tells_senders=tells_senders)


def close_early(
    *,
    actor: Actor,
    call: Call,
    closes_at: datetime | None,
    reasons: Mapping[str, str],
    now: datetime,
    tells_senders: bool = False,
) -> DeadlineExtension:
    """Close a call before its deadline, for everyone: at `closes_at`, or (None) at once. Drafts are kept.

    Those with a draft are told by mail, and with `tells_senders` those who have sent too. Raises RuleViolations
    (field closes_on) unless the call is open and will then have been.
    """
    _lock_announced(actor, call)
    problems = _reason_problems(call, reasons)
    closes_at = closes_at or now
    if not call.opens_at <= now < call.closes_at:
        problems.append(Problem(_l("Only a call that is open can be closed early."), field="closes_on"))
    elif closes_at < now or closes_at == call.opens_at:
        problems.append(Problem(_l("A call can't be closed in the past."), field="closes_on"))
    elif closes_at >= call.closes_at:
        problems.append(Problem(_l("This is not earlier than the present deadline."), field="closes_on"))
    if problems:
        raise RuleViolations(problems)
    return _move("call:close_early", actor, call, closes_at, reasons, now, tells_senders=tells_senders)


def telling_job() -> outbox.JobKind:
    """Return the outbox work that tells people of a moved deadline, some applications at a time."""

    def work(extension_id: UUID) -> outbox.Finish | None:
        return lambda now: _tell_some(extension_id, now)

    def gave_up(_extension_id: UUID, _now: datetime, _error: str) -> None:
        """Leave it open: the page of the deadline goes on saying that not everybody was told."""

    return outbox.JobKind(name=TELL_KIND, work=work, gave_up=gave_up)


def _lock_announced(actor: Actor, call: Call) -> None:
    actor.require(P.CALL_EXTEND, call.id)
    lock(call)
    if call.status is CallStatus.DECIDED:
        raise RuleViolations([Problem(_l("This call is decided. Its deadline can't be moved any more."))])
    if call.status is CallStatus.DRAFT:
        raise RuleViolations([Problem(_l("This call is not announced yet. Change its dates instead."))])


def _reason_problems(call: Call, reasons: Mapping[str, str]) -> list[Problem]:
    return [
        Problem(_l("Write the reason in this language too."), field=f"reason_{language}")
        for language in call.languages
        if not reasons.get(language, "").strip()
    ]


def _move(
    action: str,
    actor: Actor,
    call: Call,
    closes_at: datetime,
    reasons: Mapping[str, str],
    now: datetime,
    *,
    tells_senders: bool,
) -> DeadlineExtension:
    extension = DeadlineExtension(
        call_id=call.id,
        closed_at_before=call.closes_at,
        closes_at=closes_at,
        reasons=dict(reasons),
        extended_by_id=actor.person_id,
        extended_at=now,
        tells_senders=tells_senders,
    )
    db.session.add(extension)
    call.closes_at = closes_at
    db.session.flush()
    record(
        actor=actor,
        action=action,
        subject=call,
        now=now,
        call_id=call.id,
        data={
            "extension": str(extension.id),
            "from": extension.closed_at_before.isoformat(),
            "to": closes_at.isoformat(),
        },
    )
    outbox.enqueue(kind=TELL_KIND, subject_id=extension.id, now=now)
    db.session.flush()
    return extension


def _tell_some(extension_id: UUID, now: datetime) -> None:
    """Tell the people of the next applications, and leave the rest to another piece of work."""
    extension = db.session.get_one(DeadlineExtension, extension_id)
    concerned = (
        select(Application)
        .where(Application.call_id == extension.call_id, Application.set_aside_at.is_(None))
        .order_by(Application.id)
        .limit(AT_ONCE)
    )
    if not extension.tells_senders:
        concerned = concerned.where(Application.status == ApplicationStatus.DRAFT)
    if extension.told_up_to is not None:
        concerned = concerned.where(Application.id > extension.told_up_to)
    told: dict[UUID, tuple[Person, UUID]] = {}
    applications = list(db.session.scalars(concerned))
    for application in applications:
        for person in holders_of(application):
            told.setdefault(person.id, (person, application.id))
    for person, application_id in told.values():
        tell(person, template="deadline_moved", path=f"/applications/{application_id}", now=now)
    if len(applications) == AT_ONCE:
        extension.told_up_to = applications[-1].id
        key = f"{TELL_KIND}:{extension_id}:{extension.told_up_to}"
        outbox.enqueue(kind=TELL_KIND, subject_id=extension_id, now=now, dedup_key=key)
        return
    extension.told_at = now
    record(
        actor=system_actor(),
        action="call:tell",
        subject=extension.call,
        now=now,
        call_id=extension.call_id,
        data={"extension": str(extension_id)},
    )
