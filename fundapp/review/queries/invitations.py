"""Invitations of one person to review, and whom to ask again."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, CallStatus, Stage
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Reviewer, ReviewerStatus

MOST_EARLIER = 500
"""People who are offered to be asked again."""


def own_invitations(*, actor: Actor) -> list[Reviewer]:
    """Return the calls that ask, or asked, the actor to review, what waits for an answer first, then the newest."""
    found = list(
        db.session.scalars(
            select(Reviewer)
            .where(Reviewer.person_id == actor.person_id)
            .options(
                joinedload(Reviewer.call).options(
                    joinedload(Call.programme), selectinload(Call.stages).selectinload(Stage.phases)
                )
            )
            .order_by(Reviewer.invited_at.desc(), Reviewer.id)
        )
    )
    return sorted(found, key=lambda reviewer: reviewer.status is not ReviewerStatus.INVITED)


def own_invitation(*, actor: Actor, reviewer_id: UUID) -> Reviewer:
    """Return an invitation of this very person. Raises NotFound."""
    reviewer = db.session.get(Reviewer, reviewer_id)
    if reviewer is None or reviewer.person_id != actor.person_id:
        raise NotFound
    return reviewer


def waiting_invitations(person_id: UUID | None) -> bool:
    """Say whether a call waits for a person's answer."""
    waiting = select(Reviewer.id).where(Reviewer.person_id == person_id, Reviewer.status == ReviewerStatus.INVITED)
    return db.session.scalar(waiting.limit(1)) is not None


def reviewer_of(*, call: Call, reviewer_id: UUID) -> Reviewer:
    """Return a reviewer of a call, whatever they answered. Raises NotFound."""
    reviewer = db.session.scalar(
        select(Reviewer)
        .where(Reviewer.id == reviewer_id, Reviewer.call_id == call.id)
        .options(joinedload(Reviewer.person))
    )
    if reviewer is None:
        raise NotFound
    return reviewer


def other_calls(*, actor: Actor, call: Call) -> list[Call]:
    """Return the other calls to which the actor may invite reviewers now, the newest first."""
    found = db.session.scalars(
        select(Call)
        .where(Call.id != call.id, Call.status != CallStatus.DECIDED)
        .order_by(Call.opens_at.desc(), Call.id)
    )
    return [each for each in found if actor.can(P.REVIEWER_INVITE, each.id)]


def earlier_reviewers(*, actor: Actor, call: Call) -> tuple[Call | None, list[Reviewer]]:
    """Return the last round of the programme that had reviewers, and those who can be asked again, by name.

    Only a round whose panel the actor may see; whoever is asked or has accepted here already is left out.
    """
    rounds = db.session.scalars(
        select(Call)
        .where(Call.programme_id == call.programme_id, Call.id != call.id, Call.opens_at <= call.opens_at)
        .order_by(Call.opens_at.desc(), Call.id)
    )
    here = set(
        db.session.scalars(
            select(Reviewer.person_id).where(
                Reviewer.call_id == call.id,
                Reviewer.status.in_((ReviewerStatus.INVITED, ReviewerStatus.ACCEPTED)),
            )
        )
    )
    seen = [each for each in rounds if actor.can(P.PANEL_READ, each.id)]
    had = set(
        db.session.scalars(
            select(Reviewer.call_id).where(
                Reviewer.call_id.in_([each.id for each in seen]), Reviewer.status == ReviewerStatus.ACCEPTED
            )
        )
    )
    last = next((each for each in seen if each.id in had), None)
    if last is None:
        return None, []
    people = db.session.scalars(
        select(Reviewer)
        .where(Reviewer.call_id == last.id, Reviewer.status == ReviewerStatus.ACCEPTED)
        .options(joinedload(Reviewer.person))
    )
    free = [each for each in people if each.person_id not in here and each.person.is_active]
    return last, sorted(free, key=lambda reviewer: reviewer.person.sort_key)[:MOST_EARLIER]
