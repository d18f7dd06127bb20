"""People and their roles as administrators, auditors and the people themselves see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from fundapp.accounts.call_names import CallName
from fundapp.accounts.models import Person, RoleChange, RoleGrant
from fundapp.accounts.people_queries import Holder
from fundapp.accounts.refusals import ROLE_LABELS, ROLE_MEANINGS
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _


@dataclass(frozen=True)
class RoleShown:
    """A role that somebody holds; `url` leads to taking it away ("" where that cannot be done)."""

    label: str
    meaning: str
    where: str
    since: Moment
    url: str


@dataclass(frozen=True)
class PersonRow:
    """One line of the list of people."""

    url: str
    name: str
    email: str
    roles: Sequence[str]
    is_active: bool


@dataclass(frozen=True)
class PersonShown:
    """A person's account. Of people without a role no name is shown: they apply, and that is their own affair."""

    id: UUID
    name: str
    email: str
    is_active: bool
    roles: Sequence[RoleShown]


@dataclass(frozen=True)
class ChangeShown:
    """Who gave or took a role, when and why."""

    words: str
    where: str
    by: str
    at: Moment
    reason: str


def person_row(found: Holder, calls: Mapping[UUID, CallName]) -> PersonRow:
    """Return one line of the list."""
    person = found.person
    return PersonRow(
        url=url_for("accounts.person", person_id=person.id),
        name=person.name if found.grants else "",
        email=person.email or "",
        roles=[
            _("%(role)s: %(where)s", role=ROLE_LABELS[grant.role], where=_where(grant.call_id, calls))
            for grant in found.grants
        ],
        is_active=person.is_active,
    )


def person_shown(found: Holder, calls: Mapping[UUID, CallName], *, may_take: bool) -> PersonShown:
    """Return a person's account; with `may_take` each role leads to taking it away."""
    person = found.person
    return PersonShown(
        id=person.id,
        name=person.name if found.grants else "",
        email=person.email or "",
        is_active=person.is_active,
        roles=[role_shown(grant, calls, link=may_take) for grant in found.grants],
    )


def role_shown(grant: RoleGrant, calls: Mapping[UUID, CallName], *, link: bool) -> RoleShown:
    """Return a role that somebody holds."""
    return RoleShown(
        label=str(ROLE_LABELS[grant.role]),
        meaning=str(ROLE_MEANINGS[grant.role]),
        where=_where(grant.call_id, calls),
        since=moment(grant.granted_at),
        url=url_for("accounts.confirm_take_role", person_id=grant.person_id, grant_id=grant.id) if link else "",
    )


def change_shown(change: RoleChange, calls: Mapping[UUID, CallName]) -> ChangeShown:
    """Return a line of the history of somebody's roles."""
    label = ROLE_LABELS[change.role]
    return ChangeShown(
        words=_("%(role)s: given", role=label) if change.is_given else _("%(role)s: taken away", role=label),
        where=_where(change.call_id, calls),
        by=_name(change.by) if change.by else _("Command line"),
        at=moment(change.at),
        reason=change.reason,
    )


def _where(call_id: UUID | None, calls: Mapping[UUID, CallName]) -> str:
    return calls[call_id].title if call_id is not None else _("every call")


def _name(person: Person) -> str:
    return person.name or person.email or ""
