"""Who may see which application: the one condition that every read path of staff and reviewers goes through.

Pages, lists, counts, averages, searches and exports select with `visible_to`, so that an application in which
somebody has a conflict of interest is missing for them everywhere, and from the next statement on.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, QueryableAttribute, aliased

from fundapp.accounts.models import Membership
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ConflictOfInterest


def in_conflict(person_id: QueryableAttribute[UUID] | UUID | None) -> ColumnElement[bool]:
    """Return the condition that a person has a conflict of interest with Application.

    That is: one was recorded, the application is the person's own, or both belong to one organisation. It is computed
    from the facts as they are now, so a membership that is added later counts at once.
    """
    conflict, membership = aliased(ConflictOfInterest), aliased(Membership)  # apart from those of the query around it
    recorded = (
        select(conflict.id).where(conflict.application_id == Application.id, conflict.person_id == person_id).exists()
    )
    same_organisation = (
        select(membership.id)
        .where(membership.organisation_id == Application.organisation_id, membership.person_id == person_id)
        .exists()
    )
    return or_(recorded, same_organisation, Application.person_id == person_id)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that leaves out what the actor has a conflict of interest with."""
    return true() if actor.is_system else ~in_conflict(actor.person_id)


def in_calls(actor: Actor, permission: str, call_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition that keeps a column of call ids to the calls in which the actor holds a permission."""
    calls = actor.calls_with(permission)
    return true() if calls is None else call_id.in_(calls)
