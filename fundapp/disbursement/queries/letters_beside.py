"""What is read for letters to people who have no application."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, Nominee
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Assignment, Review, Reviewer, ReviewStatus, Slate, SlateStatus


@dataclass(frozen=True)
class Named:
    """Whom somebody nominated; `nominator` is "" unless one of them agreed to be named."""

    name: str
    nominator: str
    known_at: datetime


@dataclass(frozen=True)
class Thanked:
    """A reviewer of a released call, with how many reviews they handed in."""

    call: Call
    person: Person
    decided_at: datetime
    reviews: int


def named_in(*, call: Call, nominee_id: UUID) -> Named:
    """Return somebody who was nominated for a call, as the first nomination has it. Raises NotFound."""
    nominee = db.session.scalar(
        select(Nominee)
        .where(Nominee.id == nominee_id, Nominee.call_id == call.id)
        .options(selectinload(Nominee.nominations))
    )
    if nominee is None or not nominee.nominations:
        raise NotFound
    agreed = [each.nominator_name for each in nominee.nominations if each.may_be_named and each.nominator_name]
    return Named(nominee.nominations[0].name or "", agreed[0] if agreed else "", nominee.created_at)


def thanks_for(*, actor: Actor) -> list[Thanked]:
    """Return the released calls in which the actor handed reviews in, the latest first."""
    rows = db.session.execute(
        select(Call, Person, Slate.released_at, func.count(Review.id))
        .select_from(Reviewer)
        .join(Reviewer.call)
        .join(Reviewer.person)
        .join(Slate, Slate.call_id == Call.id)
        .join(Assignment, Assignment.reviewer_id == Reviewer.id)
        .join(Review, Review.assignment_id == Assignment.id)
        .where(
            Reviewer.person_id == actor.person_id,
            Slate.status == SlateStatus.RELEASED,
            Review.status == ReviewStatus.SUBMITTED,
        )
        .group_by(Call.id, Person.id, Slate.id)
        .order_by(Slate.released_at.desc(), Call.slug)
    )
    return [Thanked(call, person, at, number) for call, person, at, number in rows if at is not None]


def thanks_in(*, actor: Actor, slug: str) -> Thanked:
    """Return what the actor did as a reviewer of a released call. Raises NotFound."""
    found = next((each for each in thanks_for(actor=actor) if each.call.slug == slug), None)
    if found is None:
        raise NotFound
    return found
