"""Who may see which application: the conditions that every read path goes through.

Pages, lists, counts, averages, searches and exports of staff and reviewers select with `visible_to`, so that an
application in which somebody has a conflict of interest is missing for them everywhere, and from the next statement
on. Pages of applicants select with `of_own_organisation`.
"""

from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, QueryableAttribute, aliased

from fundapp.accounts.models import Membership, MembershipRole
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.links import Link, Way, holding, linked
from fundapp.applications.models import Application, ApplicationStatus, ConflictOfInterest


def in_conflict(person_id: QueryableAttribute[UUID] | UUID | None) -> ColumnElement[bool]:
    """Return the condition that a person has a conflict of interest with Application.

    What people stated is held against the facts as they are now, so a membership, a tie or a partner that is added
    later counts at once. A manager's "none" stands against all of it but one: nobody judges what they can write.

    Of one person all such applications are found once for the whole query; of a column of people each row is looked up
    by its keys.
    """
    if isinstance(person_id, QueryableAttribute):
        holds, *ways = _ways()
        is_own = or_(Application.person_id == person_id, _exists(holds, person_id))
        tied = or_(_is_stated(person_id, is_conflict=True), *(_exists(each, person_id) for each in ways))
        return or_(is_own, and_(tied, ~_is_stated(person_id, is_conflict=False)))
    theirs, holds, *ways = _ways_to_ids()
    own = union_all(theirs.of(person_id), holds.of(person_id))
    tied_to: CompoundSelect[UUID] = union_all(
        _stated(person_id, is_conflict=True), *(each.of(person_id) for each in ways)
    )
    is_none = Application.id.in_(_stated(person_id, is_conflict=False))
    return or_(Application.id.in_(own), and_(Application.id.in_(tied_to), ~is_none))


# To make these tables anew for each query takes longer than to ask the database. They are made once, and serve nothing
# but the conditions here: one that stood in the query around a condition as well would be taken for that one.


@cache
def _ways() -> list[Link]:
    """Return the way of those who hold Application, and all others."""
    return [holding(), *linked()]


@cache
def _ways_to_ids() -> list[Link]:
    """Return the same over an application of their own, whose id they select, after that of its main contact."""
    other = aliased(Application)
    own: Any = select(other)
    ways = [Link(Way.OWN, other.person_id, own), holding(other), *linked(other)]
    ids: list[Any] = [each.query.with_only_columns(other.id) for each in ways]
    return [replace(each, query=query) for each, query in zip(ways, ids, strict=True)]


@cache
def _statements() -> Any:
    """Return the table of what was stated."""
    return aliased(ConflictOfInterest)


@cache
def _memberships() -> Any:
    """Return the table of memberships that `_belongs` looks into."""
    return aliased(Membership)


def _exists(link: Link, person_id: QueryableAttribute[UUID]) -> ColumnElement[bool]:
    return link.of(person_id).exists()


def _is_stated(person_id: QueryableAttribute[UUID], *, is_conflict: bool) -> ColumnElement[bool]:
    of_application = _statements().application_id == Application.id
    return _stated(person_id, is_conflict=is_conflict).where(of_application).exists()


def _stated(person_id: QueryableAttribute[UUID] | UUID | None, *, is_conflict: bool) -> Select[UUID]:
    """Select the applications of what was stated of a person and not taken back."""
    stated = _statements()
    return select(stated.application_id).where(
        stated.person_id == person_id, stated.ended_at.is_(None), stated.is_conflict.is_(is_conflict)
    )


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that leaves out what the actor has a conflict of interest with."""
    return true() if actor.is_system else ~in_conflict(actor.person_id)


def in_work() -> ColumnElement[bool]:
    """Return the condition that Application was not set aside, as a duplicate or as spam."""
    return Application.set_aside_at.is_(None)


def goes_to_reviewers() -> ColumnElement[bool]:
    """Return the condition that Application is one that is read, scored and decided."""
    return and_(Application.status == ApplicationStatus.ELIGIBLE, in_work())


def of_own_organisation(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that keeps to those that the actor may read as an applicant."""
    return _belongs(actor, MembershipRole.APPLICANT, MembershipRole.COLLABORATOR, MembershipRole.READER)


def held_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that keeps to those that the actor may also send and decide about."""
    return _belongs(actor, MembershipRole.APPLICANT)


def read_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that keeps to what the actor may read as its people do, or types in."""
    return or_(of_own_organisation(actor), _typed_in_by(actor))


def written_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that keeps to what the actor may write: their own, or what they type in.

    Readers of an organisation are left out.
    """
    return or_(_belongs(actor, MembershipRole.APPLICANT, MembershipRole.COLLABORATOR), _typed_in_by(actor))


def sent_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Application that keeps to what the actor may send: their own, or what they type in."""
    return or_(held_by(actor), _typed_in_by(actor))


def _typed_in_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor types Application in for its people; once sent, it is like any other."""
    return and_(
        Application.entered_by_id == actor.person_id,
        Application.status == ApplicationStatus.DRAFT,
        in_calls(actor, P.APPLICATION_ENTER, Application.call_id),
        visible_to(actor),
    )


def _belongs(actor: Actor, *roles: MembershipRole) -> ColumnElement[bool]:
    membership = _memberships()
    return (
        select(membership.id)
        .where(
            membership.organisation_id == Application.organisation_id,
            membership.person_id == actor.person_id,
            membership.role.in_(roles),
        )
        .exists()
    )


def in_calls(
    actor: Actor, permission: str, call_id: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
) -> ColumnElement[bool]:
    """Return the condition that keeps a column of call ids to the calls in which the actor holds a permission."""
    calls = actor.calls_with(permission)
    return true() if calls is None else call_id.in_(calls)
