"""The panel of a call for those who run it: reviewers, what they have, what is covered, who stepped back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.models import Membership, MembershipRole, Person, Tie
from fundapp.accounts.permissions import Actor
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import (
    Application,
    Call,
    Category,
    ConflictOfInterest,
    Entry,
    Stage,
)
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.review.models import Anchor, Assignment, AssignmentStatus, Reviewer, ReviewerStatus
from fundapp.review.queries.active import in_its_stage, is_active


@dataclass(frozen=True)
class ReviewerRow:
    """A reviewer of a call, what they answered and know, and how many of the entries they have stand where."""

    id: UUID
    person_id: UUID
    status: ReviewerStatus
    answer_reason: str
    name: str
    email: str
    organisations: tuple[str, ...]
    languages: tuple[str, ...]
    regions: tuple[str, ...]
    themes: tuple[str, ...]
    is_experienced: bool
    max_entries: int
    waiting: int = 0
    reading: int = 0
    reviewed: int = 0

    @property
    def load(self) -> int:
        """Return how many entries the reviewer has in all."""
        return self.waiting + self.reading + self.reviewed

    @property
    def to_come(self) -> int:
        """Return how many reviews are still to come."""
        return self.waiting + self.reading


@dataclass(frozen=True)
class CoverageRow:
    """An entry, and how many of its reviewers stand where."""

    entry_id: UUID
    application_id: UUID
    face: Face
    category_titles: dict[str, str] | None
    language: str
    recused: int
    wanted: int
    waiting: int = 0
    reading: int = 0
    reviewed: int = 0

    @property
    def assigned(self) -> int:
        """Return how many reviewers the entry has."""
        return self.waiting + self.reading + self.reviewed


@dataclass(frozen=True)
class RecusalRow:
    """A reviewer who stepped back from an application."""

    reviewer_name: str
    face: Face
    reason: str
    recorded_at: datetime


def reviewers(*, actor: Actor, call: Call) -> list[ReviewerRow]:
    """Return whoever was asked to review in a call by name, with their loads over what the actor may see.

    Organisations are those that a reviewer is tied to as somebody who judges: not those for which they apply.
    """
    people = sorted(
        db.session.scalars(select(Reviewer).where(Reviewer.call_id == call.id).options(joinedload(Reviewer.person))),
        key=lambda reviewer: reviewer.person.sort_key,
    )
    organisations = _organisations([reviewer.person_id for reviewer in people])
    counts = {
        reviewer_id: numbers
        for reviewer_id, *numbers in db.session.execute(
            select(Assignment.reviewer_id, *_counts_by_status())
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Reviewer.call_id == call.id, is_active(), visible_to(actor))
            .group_by(Assignment.reviewer_id)
        )
    }
    return [
        ReviewerRow(
            reviewer.id,
            reviewer.person_id,
            reviewer.status,
            reviewer.answer_reason,
            reviewer.person.name or reviewer.person.email,
            reviewer.person.email,
            tuple(sorted({*filter(None, (reviewer.organisation,)), *organisations.get(reviewer.person_id, ())})),
            tuple(reviewer.languages),
            tuple(reviewer.regions),
            tuple(reviewer.themes),
            reviewer.is_experienced,
            reviewer.max_entries,
            *counts.get(reviewer.id, ()),
        )
        for reviewer in people
    ]


def _organisations(person_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    for membership in db.session.scalars(
        select(Membership)
        .where(Membership.person_id.in_(person_ids), Membership.role == MembershipRole.AFFILIATE)
        .options(joinedload(Membership.organisation))
    ):
        if membership.organisation.name:
            found.setdefault(membership.person_id, set()).add(membership.organisation.name)
    for tie in db.session.scalars(select(Tie).where(Tie.person_id.in_(person_ids))):
        found.setdefault(tie.person_id, set()).add(tie.organisation)
    return found


def coverage(*, actor: Actor, call: Call) -> list[CoverageRow]:
    """Return the eligible entries of a call by reference, with the number of their reviewers."""
    counts = {
        entry_id: numbers
        for entry_id, *numbers in db.session.execute(
            select(Assignment.entry_id, *_counts_by_status())
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Entry.call_id == call.id, in_its_stage(), is_active(), visible_to(actor))
            .group_by(Assignment.entry_id)
        )
    }
    recused = dict(
        db.session.execute(
            select(Assignment.entry_id, func.count())
            .join(Assignment.entry)
            .join(Entry.application)
            .where(
                Entry.call_id == call.id,
                in_its_stage(),
                Assignment.status == AssignmentStatus.RECUSED,
                visible_to(actor),
            )
            .group_by(Assignment.entry_id)
        ).all()
    )
    rows = db.session.execute(
        select(
            Entry.id,
            Application.id,
            FACE,
            Category.titles,
            Application.language,
            func.coalesce(Anchor.readers, Stage.reviews_per_entry),
        )
        .join(Entry.application)
        .join(Entry.stage)
        .outerjoin(Entry.category)
        .outerjoin(Anchor, Anchor.entry_id == Entry.id)
        .where(Entry.call_id == call.id, goes_to_reviewers(), visible_to(actor))
        .order_by(Application.reference, Category.position)
    )
    return [
        CoverageRow(
            entry_id,
            application_id,
            face,
            titles,
            language,
            recused.get(entry_id, 0),
            wanted,
            *counts.get(entry_id, ()),
        )
        for entry_id, application_id, face, titles, language, wanted in rows
    ]


def recusals(*, actor: Actor, call: Call, limit: int) -> tuple[list[RecusalRow], int]:
    """Return which reviewers stepped back from which applications, the latest `limit` of them, and how many did."""
    rows = db.session.execute(
        select(
            Person,
            FACE,
            ConflictOfInterest.reason,
            ConflictOfInterest.recorded_at,
            func.count().over(),
        )
        .join(Application, Application.id == ConflictOfInterest.application_id)
        .join(Person, Person.id == ConflictOfInterest.person_id)
        .join(Reviewer, (Reviewer.person_id == Person.id) & (Reviewer.call_id == Application.call_id))
        .where(
            Application.call_id == call.id,
            ConflictOfInterest.is_conflict,
            ConflictOfInterest.ended_at.is_(None),
            visible_to(actor),
        )
        .order_by(ConflictOfInterest.recorded_at.desc(), Application.reference, ConflictOfInterest.id)
        .limit(limit)
    ).all()
    found = [
        RecusalRow(person.name or person.email, face, reason, recorded_at)
        for person, face, reason, recorded_at, _ in rows
    ]
    return found, rows[0][-1] if rows else 0


def _counts_by_status() -> list[ColumnElement[int]]:
    return [
        func.sum(case((Assignment.status == status, 1), else_=0))
        for status in (AssignmentStatus.ASSIGNED, AssignmentStatus.READING, AssignmentStatus.REVIEWED)
    ]
