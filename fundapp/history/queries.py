"""Reads of the history: entries of a call or of an application, without what the reader may not know.

Left out are entries about applications that the reader has a conflict of interest with, and about drafts. An entry
about something that is in no table any more is told only if it names an entry that the reader may see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, func, or_, select, union_all

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    ConflictOfInterest,
    DeadlineExtension,
    Entry,
    IdentityOpening,
    ProtectionChange,
)
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.i18n import localised
from fundapp.core.paging import Page
from fundapp.disbursement.models import (
    Award,
    AwardOffer,
    FundMovement,
    Instalment,
    Letter,
    PayeeDetails,
    PayeeFreeze,
    Payment,
    Report,
)
from fundapp.retention.models import ErasureRequest, LegalHold
from fundapp.review.models import Assignment, Decision, Review, SendBack, StageMove

PAGE_SIZE: Final = 50
TOGETHER: Final = 500
"""Entries that are read at a time where all are wanted: a statement takes no endless list of ids."""
OF_THE_CALL: Final = (
    "call",
    "programme",
    "reviewer",
    "slate",
    "ratification",
    "send_back",
    "frozen_tally",
    "trial_list",
    "stage",
    "stage_move",
    "person",
    "organisation",
    "membership",
    "legal_hold",
    "funder",
    "fund",
    "funder_person",
    "fund_movement",
)
"""What is about no application: everybody who reads the history of the call reads it."""

_TEXTS: Final = (
    (Application.id, Application.eligibility_reason, {"application:mark_eligible", "application:mark_ineligible"}),
    (Decision.id, Decision.reason, {"decision:make"}),
    (SendBack.id, SendBack.reason, {"send_back:keep"}),
    (StageMove.id, StageMove.reason, {"stage:move"}),
    (ConflictOfInterest.id, ConflictOfInterest.reason, {"conflict:record", "conflict:pin"}),
    (ConflictOfInterest.id, ConflictOfInterest.end_reason, {"conflict:unpin"}),
    (IdentityOpening.id, IdentityOpening.reason, {"identity:open"}),
    (
        FundMovement.id,
        FundMovement.reason,
        {"fund:promise", "fund:receive", "fund:allocate", "fund:release", "fund:reallocate"},
    ),
)
"""Where the reasons of actions stand."""
_Told = set[tuple[int, UUID]]
"""Places in `_TEXTS`, with the ids of rows whose reason was told with a newer entry."""


@dataclass(frozen=True)
class Line:
    """One entry of the log with what stands around it. `reason` is the text of the row that the entry is about."""

    entry: AuditEntry
    person: Person | None
    face: Face | None
    application_id: UUID | None
    reason: str


def call_history(*, actor: Actor, call: Call, number: int) -> Page[Line]:
    """Return one page of what happened in a call, the newest first. The caller has checked the permission."""
    return _page(actor, call, number, None)


def whole_history(*, actor: Actor, call: Call) -> list[Line]:
    """Return all that happened in a call, the newest first. The caller has checked the permission."""
    source, entries = _source(actor, call, None)
    rows = db.session.execute(source).all()
    found: list[Line] = []
    told: _Told = set()
    for start in range(0, len(rows), TOGETHER):
        pairs = _pairs(rows[start : start + TOGETHER], entries)
        found += _lines(call, pairs, told)
    return found


def history_at_most(actor: Actor, call: Call) -> int:
    """Return how many lines the history of a call has."""
    source, _entries = _source(actor, call, None)
    return _count(source)


def application_history(*, actor: Actor, application: Application, number: int) -> Page[Line]:
    """Return one page of what happened to an application, the newest first. The caller has checked the permission."""
    return _page(actor, application.call, number, application.id)


def whole_record(*, actor: Actor, number: int) -> Page[Line]:
    """Return one page of everything that was recorded, the newest first, naming no application. Raises NotAllowed."""
    actor.require(P.AUDIT_READ)
    held = in_calls(actor, P.AUDIT_READ, AuditEntry.call_id)
    total = db.session.scalar(select(func.count()).select_from(AuditEntry).where(held)) or 0
    page = Page[Line](items=[], number=1, size=PAGE_SIZE, total=total)
    number = max(1, min(number, page.last))
    entries = db.session.scalars(
        select(AuditEntry).where(held).order_by(AuditEntry.seq.desc()).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    ).all()
    people = _people(entries)
    lines = [Line(entry, people.get(entry.actor_id), face=None, application_id=None, reason="") for entry in entries]
    return Page(items=lines, number=number, size=PAGE_SIZE, total=total)


def may_name_reviewers(actor: Actor, call: Call) -> bool:
    """Say whether the actor reads in this call who the reviewers are."""
    return actor.can(P.PANEL_READ, call.id)


def _page(actor: Actor, call: Call, number: int, application_id: UUID | None) -> Page[Line]:
    source, entries = _source(actor, call, application_id)
    total = _count(source)
    page = Page[Line](items=[], number=1, size=PAGE_SIZE, total=total)
    number = max(1, min(number, page.last))
    rows = db.session.execute(source.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return Page(items=_lines(call, _pairs(rows, entries), set()), number=number, size=PAGE_SIZE, total=total)


def _source(
    actor: Actor, call: Call, application_id: UUID | None
) -> tuple[Select[AuditEntry, UUID | None], Mapping[str, UUID]]:
    """Select the entries that the reader may know of, the newest first, each with the application that it is about.

    Beside it stands the application of each entry of the call, by its id, for what is in no table any more.
    """
    about = _about(call)
    entries = {
        str(entry_id): of_application
        for entry_id, of_application, visible in db.session.execute(
            select(Entry.id, Entry.application_id, visible_to(actor)).join(Entry.application).where(
                Entry.call_id == call.id
            )
        )
        if visible and application_id in (None, of_application)
    }  # fmt: skip
    source = (
        select(AuditEntry, about.c.application_id)
        .outerjoin(about, about.c.object_id == AuditEntry.object_id)
        .outerjoin(Application, Application.id == about.c.application_id)
        .where(_told(actor, call, about, list(entries), application_id))
        .order_by(AuditEntry.seq.desc())
    )
    return source, entries


def _count(source: Select[AuditEntry, UUID | None]) -> int:
    return db.session.scalar(source.with_only_columns(func.count()).order_by(None)) or 0


def _pairs(
    rows: Sequence[Row[AuditEntry, UUID | None]], entries: Mapping[str, UUID]
) -> list[tuple[AuditEntry, UUID | None]]:
    return [(entry, found or entries.get(entry.data.get("entry", ""))) for entry, found in rows]


def _told(
    actor: Actor, call: Call, about: FromClause, entries: list[str], application_id: UUID | None
) -> ColumnElement[bool]:
    """Return the condition on entries of the log that the reader may know of."""
    gone = and_(about.c.application_id.is_(None), AuditEntry.data["entry"].as_string().in_(entries))
    if application_id is not None:
        return or_(about.c.application_id == application_id, and_(AuditEntry.call_id == call.id, gone))
    seen = and_(Application.status != ApplicationStatus.DRAFT, visible_to(actor))
    of_the_call = and_(about.c.application_id.is_(None), AuditEntry.object_type.in_(OF_THE_CALL))
    return or_(seen, and_(AuditEntry.call_id == call.id, or_(of_the_call, gone)))


def _about(call: Call) -> FromClause:
    """Return which object is about which application of a call."""
    of_call = Application.call_id == call.id
    return union_all(
        select(Application.id.label("object_id"), Application.id.label("application_id")).where(of_call),
        *(
            select(table.id, table.application_id)
            .join(Application, Application.id == table.application_id)
            .where(of_call)
            for table in (
                Report,
                ConflictOfInterest,
                IdentityOpening,
                ProtectionChange,
                ErasureRequest,
                LegalHold,
                Letter,
                AwardOffer,
                PayeeDetails,
                PayeeFreeze,
                Instalment,
                Payment,
            )
        ),
        select(Assignment.id, Entry.application_id).join(Assignment.entry).where(Entry.call_id == call.id),
        select(Review.id, Entry.application_id)
        .join(Review.assignment)
        .join(Assignment.entry)
        .where(Entry.call_id == call.id),
        select(Decision.id, Entry.application_id).join(Decision.entry).where(Entry.call_id == call.id),
        select(Award.id, Entry.application_id)
        .join(Award.decision)
        .join(Decision.entry)
        .where(Entry.call_id == call.id),
        select(FundMovement.id, Entry.application_id)
        .join(FundMovement.award)
        .join(Award.decision)
        .join(Decision.entry)
        .where(Entry.call_id == call.id),
    ).subquery("about")


def _lines(call: Call, pairs: list[tuple[AuditEntry, UUID | None]], told: _Told) -> list[Line]:
    """Return lines; `told` gathers what was told with newer entries."""
    people = _people([entry for entry, _ in pairs])
    applications = {application_id for _, application_id in pairs if application_id}
    faces = dict(db.session.execute(select(Application.id, FACE).where(Application.id.in_(applications))).all())
    reasons = _reasons(call, [entry for entry, _ in pairs], told)
    return [
        Line(
            entry=entry,
            person=people.get(entry.actor_id),
            face=faces.get(application_id) if application_id else None,
            application_id=application_id,
            reason=reasons.get(entry.seq, ""),
        )
        for entry, application_id in pairs
    ]


def _people(entries: Sequence[AuditEntry]) -> dict[UUID | None, Person]:
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}


def _reasons(call: Call, entries: list[AuditEntry], told: _Told) -> dict[int, str]:
    """Return the reasons, by entry, that stand in the rows now. `entries` are sorted, the newest first."""
    reasons: dict[int, str] = {}
    ids = {entry.object_id for entry in entries}
    for place, (key, text, actions) in enumerate(_TEXTS):
        texts = dict(db.session.execute(select(key, text).where(key.in_(ids), text != "")).all())
        for entry in entries:
            its = (place, entry.object_id)
            if entry.action in actions and entry.object_id in texts and its not in told:
                told.add(its)  # a row keeps one reason, that of its newest change
                reasons[entry.seq] = texts[entry.object_id]
    steps = {
        (step.application_id, step.at): step.reason
        for step in db.session.scalars(select(ProtectionChange).where(ProtectionChange.application_id.in_(ids)))
    }
    extensions = {
        str(extension.id): localised(extension.reasons)
        for extension in db.session.scalars(select(DeadlineExtension).where(DeadlineExtension.call_id == call.id))
    }
    for entry in entries:
        reason = extensions.get(entry.data.get("extension", ""))
        if entry.action.startswith("protection:"):
            reason = steps.get((entry.object_id, entry.at))
        if reason:
            reasons[entry.seq] = reason
    return reasons
