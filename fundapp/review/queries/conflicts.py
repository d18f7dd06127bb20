"""Conflicts of interest of the people of a panel: all pairs for planning, and the causes that pages tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, Uuid, literal, select, union

from fundapp.accounts.models import Person, RoleGrant
from fundapp.accounts.permissions import Actor
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, ApplicationStatus, Call, ConflictOfInterest, Entry
from fundapp.applications.queries.conflicts import Cause, causes, pairs_in_conflict, stated_about
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.assignment import Pair
from fundapp.review.models import Assignment, Reviewer


@dataclass(frozen=True)
class PersonStanding:
    """A person of a call and what there is between them and one application."""

    person: Person
    causes: list[Cause]
    stated: list[ConflictOfInterest]


@dataclass(frozen=True)
class ApplicationStanding:
    """An application and what there is between it and one person."""

    application_id: UUID
    face: Face
    causes: list[Cause]
    stated: list[ConflictOfInterest]


def entry_conflicts(call: Call) -> frozenset[Pair]:
    """Return which reviewers of a call have a conflict of interest with which of its entries that are read."""
    reviewers = {
        person_id: str(reviewer_id)
        for reviewer_id, person_id in db.session.execute(
            select(Reviewer.id, Reviewer.person_id).where(Reviewer.call_id == call.id)
        )
    }
    entries: dict[UUID, list[str]] = {}
    for entry_id, application_id in db.session.execute(
        select(Entry.id, Application.id).join(Entry.application).where(Entry.call_id == call.id, goes_to_reviewers())
    ):
        entries.setdefault(application_id, []).append(str(entry_id))
    return frozenset(
        Pair(entry_id, reviewers[person_id])
        for application_id, person_id in pairs_in_conflict(call=call, people=_reviewers(call))
        for entry_id in entries.get(application_id, ())
    )


def people_with(*, actor: Actor, application: Application) -> list[PersonStanding]:
    """Return, by name, the people of a call of whom there is something to tell about an application: what ties them to
    it, what was stated, or that they were given it. The caller has read the application for the actor.
    """
    call = application.call
    found = causes(applications=Application.id == application.id, people=_people(call))
    stated = _by_person(stated_about(actor=actor, call=call, application_id=application.id))
    given = db.session.scalars(
        select(Reviewer.person_id)
        .join(Reviewer.assignments)
        .join(Assignment.entry)
        .where(Entry.application_id == application.id)
    )
    ids = {person_id for _, person_id in found} | stated.keys() | set(given)
    people = db.session.scalars(select(Person).where(Person.id.in_(_people(call)), Person.id.in_(ids)))
    return [
        PersonStanding(person, found.get((application.id, person.id), []), stated.get(person.id, []))
        for person in sorted(people, key=lambda each: each.sort_key)
    ]


def applications_with(*, actor: Actor, call: Call, person: Person) -> list[ApplicationStanding]:
    """Return, by reference, the applications of a call that the actor may see and that a person is tied to, had
    something stated about, or was given.
    """
    seen = [Application.call_id == call.id, Application.status != ApplicationStatus.DRAFT, visible_to(actor)]
    found = causes(applications=Application.call_id == call.id, people=_one(person.id))
    stated: dict[UUID, list[ConflictOfInterest]] = {}
    for each in stated_about(actor=actor, call=call, people=[person.id]):
        stated.setdefault(each.application_id, []).append(each)
    given = (
        select(Entry.application_id)
        .join(Assignment, Assignment.entry_id == Entry.id)
        .join(Assignment.reviewer)
        .where(Entry.call_id == call.id, Reviewer.person_id == person.id)
    )
    ids = {application_id for application_id, _ in found} | stated.keys() | set(db.session.scalars(given))
    rows = db.session.execute(
        select(Application.id, FACE).where(*seen, Application.id.in_(ids)).order_by(Application.reference)
    )
    return [
        ApplicationStanding(
            application_id, face, found.get((application_id, person.id), []), stated.get(application_id, [])
        )
        for application_id, face in rows
    ]


def standing_of(*, actor: Actor, application: Application, person: Person) -> PersonStanding:
    """Return what there is between one person and an application that the actor was shown."""
    found = causes(applications=Application.id == application.id, people=_one(person.id))
    stated = stated_about(actor=actor, call=application.call, application_id=application.id, people=[person.id])
    return PersonStanding(person, found.get((application.id, person.id), []), stated)


def person_of_call(*, call: Call, person_id: UUID) -> Person:
    """Return somebody who reads for a call or has a role in it. Raises NotFound for anybody else."""
    person = db.session.scalar(select(Person).where(Person.id == person_id, Person.id.in_(_people(call))))
    if person is None:
        raise NotFound
    return person


def application_by_reference(*, actor: Actor, call: Call, reference: str) -> Application | None:
    """Return the application of a call with this reference, or None, also for one that the actor may not see."""
    return db.session.scalar(
        select(Application).where(
            Application.call_id == call.id,
            Application.reference == reference.strip().upper(),
            Application.status != ApplicationStatus.DRAFT,
            visible_to(actor),
        )
    )


def _by_person(stated: Sequence[ConflictOfInterest]) -> dict[UUID, list[ConflictOfInterest]]:
    found: dict[UUID, list[ConflictOfInterest]] = {}
    for each in stated:
        found.setdefault(each.person_id, []).append(each)
    return found


def _reviewers(call: Call) -> Select[UUID]:
    return select(Reviewer.person_id).where(Reviewer.call_id == call.id)


def _people(call: Call) -> Select[UUID]:
    """Return the query of the ids of everybody who reads for a call or has a role in it."""
    holders = select(RoleGrant.person_id).where(RoleGrant.call_id.is_(None) | (RoleGrant.call_id == call.id))
    everybody = union(_reviewers(call), holders).subquery()
    return select(everybody.c.person_id)


def _one(person_id: UUID) -> Select[UUID]:
    return select(literal(person_id, type_=Uuid()))
