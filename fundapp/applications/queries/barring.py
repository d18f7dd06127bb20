"""Who can't apply because they read: those who read for a call, and their organisations."""

from collections.abc import Collection, Iterable, Set
from uuid import UUID

from sqlalchemy import and_, or_, select

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.models import Membership, Organisation, Person, RoleGrant, Tie, TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.models import Application, Call
from fundapp.core import clock
from fundapp.core.db import db


def any_reviews(call: Call, person_ids: Collection[UUID]) -> bool:
    """Say whether any of these people reads for a call."""
    found = select(RoleGrant.id).where(
        RoleGrant.role == Role.REVIEWER, RoleGrant.call_id == call.id, RoleGrant.person_id.in_(person_ids)
    )
    return db.session.scalar(found.limit(1)) is not None


def is_read_by_its_own(application: Application) -> bool:
    """Say whether somebody who reads for the call of an application belongs to the organisation that applies."""
    return _found(application.call, application.organisation_id, {application.organisation_key} - {""}, set())


def reads_for(call: Call, *, organisation_id: UUID | None, names: Iterable[str], emails: Iterable[str]) -> bool:
    """Say whether somebody who reads for a call belongs to an organisation: to this one, to one of such a name, by
    their address to one of such an address, or as they say themselves, because they work there or sit on its board.
    """
    keys = {organisation_key(name) for name in names} - {""}
    domains = {key for email in emails if (key := domain_key(email))}
    return _found(call, organisation_id, keys, domains)


def _found(call: Call, organisation_id: UUID | None, keys: Set[str], domains: Set[str]) -> bool:
    of_tie = and_(
        Tie.kind.in_((TieKind.WORK, TieKind.BOARD)),
        or_(Tie.organisation_key.in_(keys), Tie.domain_key.in_(domains)),
        or_(Tie.until_on.is_(None), Tie.until_on >= clock.now().date()),
    )
    belonging = (
        select(Membership.id)
        .join(Membership.organisation)
        .where(
            Membership.person_id == Person.id,
            or_(Organisation.id == organisation_id, Organisation.name_key.in_(keys)),
        )
    )
    found = (
        select(Person.id)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(
            RoleGrant.role == Role.REVIEWER,
            RoleGrant.call_id == call.id,
            or_(
                Person.domain_key.in_(domains),
                belonging.exists(),
                select(Tie.id).where(Tie.person_id == Person.id, of_tie).exists(),
            ),
        )
    )
    return db.session.scalar(found.limit(1)) is not None
