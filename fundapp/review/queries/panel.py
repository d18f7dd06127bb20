"""The panel of a call for those who run it: reviewers, what they have, what is covered, who stepped back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from fundapp.accounts.models import Membership, Person
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
from fundapp.review.assignment import EntryNeed, Pair, ReviewerOffer
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer, ReviewerStatus
from fundapp.review.queries.active import in_its_stage, is_active, is_on_panel
from fundapp.review.queries.conflicts import entry_conflicts
from fundapp.review.queries.profiles import limits_at_once


@dataclass(frozen=True)
class ReviewerRow:
    """A reviewer of a call, and how many of the entries they have stand where."""

    id: UUID
    name: str
    email: str
    organisations: tuple[str, ...]
    languages: tuple[str, ...]
    max_entries: int
    waiting: int = 0
    reading: int = 0
    reviewed: int = 0

    @property
    def load(self) -> int:
        """Return how many entries the reviewer has in all."""
        return self.waiting + self.reading + self.reviewed


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


@dataclass(frozen=True)
class PlanningFacts:
    """Everything that a plan of assignment is made from. Entries that the planner may not see stay as they are."""

    entries: list[EntryNeed]
    reviewers: list[ReviewerOffer]
    conflicts: frozenset[Pair]
    started: frozenset[Pair]
    current: frozenset[Pair]
    affinity: dict[Pair, int]
    hidden: frozenset[str]


def reviewers(*, actor: Actor, call: Call) -> list[ReviewerRow]:
    """Return the reviewers of a call by name, with their loads over what the actor may see."""
    people = sorted(
        db.session.scalars(select(Reviewer).where(Reviewer.call_id == call.id).options(joinedload(Reviewer.person))),
        key=lambda reviewer: reviewer.person.sort_key,
    )
    organisations: dict[UUID, list[str]] = {}
    for membership in db.session.scalars(
        select(Membership)
        .join(Reviewer, Reviewer.person_id == Membership.person_id)
        .where(Reviewer.call_id == call.id)
        .options(joinedload(Membership.organisation))
    ):
        organisations.setdefault(membership.person_id, []).append(membership.organisation.name)
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
            reviewer.person.name or reviewer.person.email,
            reviewer.person.email,
            tuple(sorted(filter(None, organisations.get(reviewer.person_id, ())))),
            tuple(reviewer.languages),
            reviewer.max_entries,
            *counts.get(reviewer.id, ()),
        )
        for reviewer in people
    ]


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
            Stage.reviews_per_entry,
        )
        .join(Entry.application)
        .join(Entry.stage)
        .outerjoin(Entry.category)
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


def recusals(*, actor: Actor, call: Call) -> list[RecusalRow]:
    """Return which reviewers stepped back from which applications, the latest first."""
    rows = db.session.execute(
        select(
            Person,
            FACE,
            ConflictOfInterest.reason,
            ConflictOfInterest.recorded_at,
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
        .order_by(ConflictOfInterest.recorded_at.desc(), Application.reference)
    ).all()
    return [
        RecusalRow(person.name or person.email, face, reason, recorded_at) for person, face, reason, recorded_at in rows
    ]


def planning_facts(*, actor: Actor, call: Call) -> PlanningFacts:
    """Return what a plan is made from. Ids are those of entries and reviewers, as text."""
    entries = db.session.execute(
        select(Entry.id, Application.language, Stage.reviews_per_entry, visible_to(actor))
        .join(Entry.application)
        .join(Entry.stage)
        .where(Entry.call_id == call.id, goes_to_reviewers())
    ).all()
    people = db.session.execute(
        select(Reviewer.id, Reviewer.languages, Person.language)
        .join(Reviewer.person)
        .where(Reviewer.call_id == call.id, or_(is_on_panel(), Reviewer.status == ReviewerStatus.REMOVED))
    ).all()
    limits = limits_at_once(call)  # none for whoever was taken off, and only finishes what they began
    conflicts = entry_conflicts(call) | frozenset(
        Pair(str(entry_id), str(reviewer_id))
        for entry_id, reviewer_id in db.session.execute(
            select(Entry.id, Reviewer.id)
            .join(Reviewer, Reviewer.call_id == Entry.call_id)
            .where(Entry.call_id == call.id, _taken_back())
        )
    )
    present: dict[Pair, AssignmentStatus] = {
        Pair(str(entry_id), str(reviewer_id)): status
        for entry_id, reviewer_id, status in db.session.execute(
            select(Assignment.entry_id, Assignment.reviewer_id, Assignment.status)
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Entry.call_id == call.id, in_its_stage(), is_active())
        )
    }
    hidden = frozenset(str(entry_id) for entry_id, *_, visible in entries if not visible)
    started = frozenset(
        pair for pair, status in present.items() if status is not AssignmentStatus.ASSIGNED or pair.entry_id in hidden
    )
    seats = dict.fromkeys(hidden, 0)
    for pair in started:
        if pair.entry_id in hidden:
            seats[pair.entry_id] += 1
    return PlanningFacts(
        entries=[
            EntryNeed(str(entry_id), seats.get(str(entry_id), wanted), language)
            for entry_id, language, wanted, _ in entries
        ],
        reviewers=[
            ReviewerOffer(str(reviewer_id), limits.get(reviewer_id, 0), frozenset(languages))
            for reviewer_id, languages, _ in people
        ],
        conflicts=conflicts,
        started=started,
        current=frozenset(present) - started,
        affinity={
            Pair(str(entry_id), str(reviewer_id)): 1
            for entry_id, written_in, *_ in entries
            for reviewer_id, _, own_language in people
            if written_in == own_language
        },
        hidden=hidden,
    )


def _taken_back() -> ColumnElement[bool]:
    """Return the condition that what Reviewer began with Entry was taken back: they do not get it again."""
    taken = aliased(Assignment)
    return (
        select(taken.id)
        .where(
            taken.entry_id == Entry.id,
            taken.reviewer_id == Reviewer.id,
            taken.stage_id == Entry.stage_id,
            taken.status == AssignmentStatus.TAKEN_BACK,
        )
        .exists()
    )


def _counts_by_status() -> list[ColumnElement[int]]:
    return [
        func.sum(case((Assignment.status == status, 1), else_=0))
        for status in (AssignmentStatus.ASSIGNED, AssignmentStatus.READING, AssignmentStatus.REVIEWED)
    ]
