"""What links a person to an application: each way in which the facts as they are now tie the one to the other.

Every way is one join from the keys of a person to those of Application, so that it serves both as a condition on single
rows (`scope.in_conflict`) and as a list of all pairs of a call (`queries.conflicts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, null, or_, select
from sqlalchemy.orm import QueryableAttribute, aliased

from fundapp.accounts.models import Membership, MembershipRole, Organisation, Person, Tie
from fundapp.applications.models import Application, PartyFact
from fundapp.core import clock

# One comparison for each way: a choice between several would keep databases from using an index.
_TIE_KEYS: Final = ("organisation_key", "domain_key")
_PERSON_KEYS: Final = ("name_index", "email_index", "domain_key")


class Way(StrEnum):
    """How somebody is tied to an application."""

    OWN = "own"
    """It is theirs, as its main contact."""
    MEMBER = "member"
    """They belong to the organisation that applies."""
    ORGANISATION = "organisation"
    """They belong to an organisation of the same name as one that stands behind it."""
    TIE = "tie"
    """They declared a tie to an organisation that stands behind it."""
    PERSON = "person"
    """They are named in it, by name, by address or by the domain of their address."""
    COLLEAGUE = "colleague"
    """They have an address of the same organisation as somebody who holds the application."""


@dataclass(frozen=True)
class Link:
    """One way: `query` selects (party, kind) of the facts, `person_id` is the column of whom it ties."""

    way: Way
    person_id: QueryableAttribute[UUID]
    query: Select[Any, Any]

    def of(self, person_id: QueryableAttribute[UUID] | UUID | None) -> Select[Any, Any]:
        """Select what ties one person, or the person of a column in the query around it."""
        return self.query.where(self.person_id == person_id)


def linked(application: Any = Application) -> Sequence[Link]:
    """Return all ways but that of holding it, over Application (or an alias) as it stands in the query around them.

    The other tables of each are its own, apart from those of the query around it.
    """
    return [
        _member(application, _is_tied),
        *_same_name(application),
        *_tied(application),
        *(_person_by(application, key) for key in _PERSON_KEYS),
        _colleague(application),
    ]


def holding(application: Any = Application) -> Link:
    """Return the way of those who can read and write an application as their own."""
    return _member(application, _has_access)


def _member(application: Any, whose: Callable[[Any], ColumnElement[bool]]) -> Link:
    membership = aliased(Membership)
    of_applicant = membership.organisation_id == application.organisation_id
    return Link(Way.MEMBER, membership.person_id, _none(membership).where(of_applicant, whose(membership)))


def _same_name(application: Any) -> list[Link]:
    membership, organisation = aliased(Membership), aliased(Organisation)
    applicant = (
        _none(membership)
        .join(organisation, organisation.id == membership.organisation_id)
        .where(organisation.name_key != "", organisation.name_key == application.organisation_key)
    )
    behind, belonging, party = aliased(PartyFact), aliased(Membership), aliased(Organisation)
    others = (
        _fact(behind)
        .join(party, party.name_key == behind.key)
        .join(belonging, belonging.organisation_id == party.id)
        .where(behind.application_id == application.id)
    )
    return [
        Link(Way.ORGANISATION, membership.person_id, applicant),
        Link(Way.ORGANISATION, belonging.person_id, others),
    ]


def _tied(application: Any) -> list[Link]:
    tie = aliased(Tie)
    applicant = _none(tie).where(tie.organisation_key == application.organisation_key, _counts(tie))
    return [Link(Way.TIE, tie.person_id, applicant), *(_tie_by(application, key) for key in _TIE_KEYS)]


def _tie_by(application: Any, key: str) -> Link:
    behind, tie = aliased(PartyFact), aliased(Tie)
    query = (
        _fact(behind)
        .join(tie, getattr(tie, key) == behind.key)
        .where(behind.application_id == application.id, _counts(tie))
    )
    return Link(Way.TIE, tie.person_id, query)


def _person_by(application: Any, key: str) -> Link:
    behind, person = aliased(PartyFact), aliased(Person)
    query = (
        _fact(behind).join(person, getattr(person, key) == behind.key).where(behind.application_id == application.id)
    )
    return Link(Way.PERSON, person.id, query)


def _colleague(application: Any) -> Link:
    person, holder, membership = aliased(Person), aliased(Person), aliased(Membership)
    query = (
        _none(membership)
        .join(holder, holder.id == membership.person_id)
        .join(person, person.domain_key == holder.domain_key)
        .where(membership.organisation_id == application.organisation_id, _has_access(membership))
    )
    return Link(Way.COLLEAGUE, person.id, query)


def _has_access(membership: Any) -> ColumnElement[bool]:
    return and_(membership.role != MembershipRole.AFFILIATE)


def _is_tied(membership: Any) -> ColumnElement[bool]:
    return and_(membership.role == MembershipRole.AFFILIATE)


def _none(source: Any) -> Select[Any, Any]:
    """Select no fact: the way leads to the organisation that applies."""
    return select(null().label("party"), null().label("kind")).select_from(source)


def _fact(behind: Any) -> Select[Any, Any]:
    return select(behind.party.label("party"), behind.kind.label("kind")).select_from(behind)


def _counts(tie: Any) -> ColumnElement[bool]:
    today = bindparam("today", callable_=lambda: clock.now().date(), type_=Date)  # asked for when the query runs
    return or_(tie.until_on.is_(None), tie.until_on >= today)
