"""Whether a declined application may be considered in the next call of its programme: asked, answered, invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.rules import fold_email
from fundapp.applications.identity import Face, face_of
from fundapp.applications.keeping_periods import days_of
from fundapp.applications.models import Application, Call, CallInvitation, CallStatus, Entry
from fundapp.applications.queries.applicant import holds
from fundapp.applications.scope import in_calls, in_work, visible_to
from fundapp.applications.services.inviting import invite_to_apply
from fundapp.core.audit import record, text_sha256
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, NotFound
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import NextCallConsent
from fundapp.review.models import Decision, Outcome, Slate, SlateStatus
from fundapp.review.queries.selection import selection


class Band(StrEnum):
    """Where an entry stood in its list, roughly: no score and no rank."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"


@dataclass(frozen=True)
class ComesAgain:
    """An application that may be considered again. `band` is None where it had no rank; `invited`: to the new call."""

    application: Application
    face: Face
    band: Band | None
    invited: bool


def question_for(call: Call) -> str:
    """Return the question to declined applicants of a call, in the current language: its hash is kept."""
    return _(
        "May we consider this application again in the next call of this programme? Then those who run that call know "
        "about where it stood, and can invite you. It promises nothing. For this we keep the application for at most "
        "%(days)s days after the decision. You can take this back on this page at any time.",
        days=max(days_of("next_call", call.retention_days), days_of("declined", call.retention_days)),
    )


def is_asked(application: Application) -> bool:
    """Say whether an application's people are asked: its call offers it, and it was decided without any award."""
    if not application.call.offers_next_call or application.erased_at is not None:
        return False
    entries, released, awards = db.session.execute(
        select(
            func.count(Entry.id),
            func.count(Slate.id),
            func.count(Decision.id).filter(Decision.outcome == Outcome.AWARD),
        )
        .select_from(Entry)
        .outerjoin(Decision, Decision.entry_id == Entry.id)
        .outerjoin(Slate, (Slate.id == Decision.slate_id) & (Slate.status == SlateStatus.RELEASED))
        .where(Entry.application_id == application.id)
    ).one()
    return bool(entries) and entries == released and not awards


def consent_of(application: Application) -> NextCallConsent | None:
    """Return what an application's people answered, None for nothing yet."""
    return db.session.scalar(
        select(NextCallConsent)
        .where(NextCallConsent.application_id == application.id)
        .execution_options(populate_existing=True)
    )


def answer_next_call(*, actor: Actor, application: Application, says_yes: bool, now: datetime) -> NextCallConsent:
    """Keep whether an application may be considered again; answering again changes the answer, also back.

    The question is taken as it is put in the current language. Raises NotAllowed for whoever does not hold the
    application, and Conflict where nobody is asked.
    """
    if actor.person_id is None or not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock_row(application)
    if not is_asked(application):
        raise Conflict(_l("This application cannot be considered again in another call."))
    consent = consent_of(application)
    if consent is not None and consent.says_yes == says_yes:
        return consent
    action = "consent:give" if says_yes else "consent:withdraw" if consent is not None else "consent:refuse"
    if consent is None:
        consent = NextCallConsent(application_id=application.id)
        db.session.add(consent)
    consent.says_yes = says_yes
    consent.text_sha256 = text_sha256(question_for(application.call))
    consent.language = current_language()
    consent.answered_by_id = actor.person_id
    consent.answered_at = now
    db.session.flush()
    record(
        actor=actor,
        action=action,
        subject=consent,
        now=now,
        call_id=application.call_id,
        data={"application": str(application.id)},
    )
    return consent


def coming_again(*, actor: Actor, call: Call) -> list[ComesAgain]:
    """Return what may be considered again in a call: from earlier calls of its programme that the actor looks after.

    What the actor has a conflict of interest with is in no row and in no band.
    """
    applications = db.session.scalars(
        select(Application)
        .join(Application.call)
        .where(
            Call.programme_id == call.programme_id,
            Call.id != call.id,
            Call.status == CallStatus.DECIDED,
            Application.erased_at.is_(None),
            in_work(),
            exists(
                select(NextCallConsent.id).where(
                    NextCallConsent.application_id == Application.id, NextCallConsent.says_yes
                )
            ),
            in_calls(actor, P.APPLICANT_INVITE, Application.call_id),
            ~exists(
                select(Decision.id)
                .join(Decision.entry)
                .where(Entry.application_id == Application.id, Decision.outcome == Outcome.AWARD)
            ),
            visible_to(actor),
        )
        .options(joinedload(Application.call), joinedload(Application.person))
        .order_by(Call.closes_at.desc(), func.length(Application.reference), Application.reference)
    ).all()
    bands: dict[UUID, Band] = {}
    for earlier in {each.call for each in applications}:
        bands |= _bands(actor, earlier)
    invited = {
        fold_email(each.email)
        for each in db.session.scalars(select(CallInvitation).where(CallInvitation.call_id == call.id))
    }
    return [
        ComesAgain(
            each, face_of(each), bands.get(each.id), may_be_invited(each) and fold_email(each.person.email) in invited
        )
        for each in applications
    ]


def may_be_invited(application: Application) -> bool:
    """Say whether an invitation would tell nothing that is hidden, and has an address to go to."""
    return not application.is_protected and bool(application.person.email)


def invite_again(*, actor: Actor, call: Call, application_id: UUID, secret_key: str, now: datetime) -> CallInvitation:
    """Invite the people of an application that may be considered again to a call, by the address of its main contact.

    Raises NotFound for anything that is not on the list of the actor, Conflict where it is protected (an invitation
    would tell who they are) or where the address is not known, and NotAllowed.
    """
    actor.require(P.APPLICANT_INVITE, call.id)
    found = next((each for each in coming_again(actor=actor, call=call) if each.application.id == application_id), None)
    if found is None:
        raise NotFound
    application = found.application
    if not may_be_invited(application):
        raise Conflict(_l("Nobody is invited from this list whose name is hidden here. Ask to open it first."))
    return invite_to_apply(
        actor=actor,
        call=call,
        email=application.person.email,
        organisation_name=found.face.name,
        secret_key=secret_key,
        now=now,
    )


def _bands(actor: Actor, call: Call) -> dict[UUID, Band]:
    """Return in which third of its list each application stood, by its best entry."""
    found: dict[UUID, Band] = {}
    ranked = [row for row in selection(actor=actor, call=call).ranked if row.figures.rank is not None]
    sizes: dict[str, int] = {}
    for row in ranked:
        sizes[row.pool] = sizes.get(row.pool, 0) + 1
    order: Sequence[Band] = list(Band)
    for row in ranked:
        third = order[min(2, 3 * ((row.figures.rank or 1) - 1) // sizes[row.pool])]
        before = found.get(row.entry.application_id, third)
        found[row.entry.application_id] = min(third, before, key=order.index)
    return found
