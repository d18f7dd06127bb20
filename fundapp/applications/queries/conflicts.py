"""Who has a conflict of interest with which application, and why: all pairs of a call, and what was stated of them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.definition import Party
from fundapp.applications.links import Link, Way, holding, linked
from fundapp.applications.models import Application, Call, ConflictOfInterest, PartyFactKind
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound

Pair = tuple[UUID, UUID]
"""An application and a person."""
People = Select[UUID]
"""A query of ids of people."""


@dataclass(frozen=True, order=True)
class Cause:
    """What ties a person to an application; `party` is who of it (None: the organisation that applies)."""

    way: Way
    party: Party | None = None
    kind: PartyFactKind | None = None

    @property
    def is_own(self) -> bool:
        """Return whether nobody can say that it is no conflict."""
        return self.way is Way.OWN


def causes(*, applications: ColumnElement[bool], people: People) -> dict[Pair, list[Cause]]:
    """Return what ties people to applications by the facts as they are now; pairs without any are missing."""
    found: dict[Pair, set[Cause]] = {}
    wanted = set(db.session.scalars(people))
    for link in _all_links():
        query = link.query.add_columns(Application.id, link.person_id).where(applications).distinct()
        if len(wanted) == 1:
            # Of many people the database may try each with each application, instead of following the keys.
            query = query.where(link.person_id.in_(wanted))
        for party, kind, application_id, person_id in db.session.execute(query):
            if person_id not in wanted:
                continue
            cause = Cause(link.way, party and Party(party), kind and PartyFactKind(kind))
            found.setdefault((application_id, person_id), set()).add(cause)
    return {pair: sorted(each, key=repr) for pair, each in found.items()}


def pairs_in_conflict(*, call: Call, people: People) -> frozenset[Pair]:
    """Return which of these people have a conflict of interest with which applications of a call.

    It says the same as `scope.in_conflict` of every pair, in a constant number of statements over the facts alone.
    """
    of_call = Application.call_id == call.id
    tied = {
        pair: any(cause.is_own for cause in each) for pair, each in causes(applications=of_call, people=people).items()
    }
    stated = {False: set[Pair](), True: set[Pair]()}
    for application_id, person_id, is_conflict in db.session.execute(
        select(ConflictOfInterest.application_id, ConflictOfInterest.person_id, ConflictOfInterest.is_conflict)
        .join(ConflictOfInterest.application)
        .where(of_call, ConflictOfInterest.ended_at.is_(None), ConflictOfInterest.person_id.in_(people))
    ):
        stated[is_conflict].add((application_id, person_id))
    own = {pair for pair, is_own in tied.items() if is_own}
    return frozenset(((tied.keys() | stated[True]) - stated[False]) | own)


def is_own(application: Application, person_id: UUID) -> bool:
    """Say whether an application is somebody's own, so that nothing lets them judge it."""
    return any(cause.is_own for cause in _causes_of(application, person_id))


def is_tied(application: Application, person_id: UUID) -> bool:
    """Say whether the facts tie somebody to an application in any way."""
    return bool(_causes_of(application, person_id))


def _causes_of(application: Application, person_id: UUID) -> list[Cause]:
    people = select(literal(person_id, type_=Application.person_id.type))
    found = causes(applications=Application.id == application.id, people=people)
    return [cause for each in found.values() for cause in each]


def stated_about(
    *,
    actor: Actor,
    call: Call,
    people: Collection[UUID] | None = None,
    application_id: UUID | None = None,
) -> list[ConflictOfInterest]:
    """Return what people stated and nobody took back, over what the actor may see, the latest first."""
    conditions = [Application.call_id == call.id, ConflictOfInterest.ended_at.is_(None), visible_to(actor)]
    if people is not None:
        conditions.append(ConflictOfInterest.person_id.in_(people))
    if application_id is not None:
        conditions.append(Application.id == application_id)
    return list(
        db.session.scalars(
            select(ConflictOfInterest)
            .join(ConflictOfInterest.application)
            .where(*conditions)
            .options(joinedload(ConflictOfInterest.recorded_by))
            .order_by(ConflictOfInterest.recorded_at.desc(), ConflictOfInterest.id)
        )
    )


def pinned_for(*, application: Application, person_id: UUID) -> ConflictOfInterest:
    """Return what a manager said of a person and an application. Raises NotFound."""
    found = db.session.scalar(
        select(ConflictOfInterest).where(
            ConflictOfInterest.application_id == application.id,
            ConflictOfInterest.person_id == person_id,
            ConflictOfInterest.source == "set_by_manager",
            ConflictOfInterest.ended_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


@cache
def _all_links() -> list[Link]:
    """Return every way, over tables that are made once: to make them anew each time takes longer than to ask."""
    own = select(literal(None).label("party"), literal(None).label("kind"))
    holds = holding()
    return [
        Link(Way.OWN, Application.person_id, own),
        Link(Way.OWN, holds.person_id, holds.query),
        *linked(),
    ]
