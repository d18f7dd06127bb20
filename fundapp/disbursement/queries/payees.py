"""Payee details: where those of an award stand, whether money may go, and who else names the same account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.secrets import token_hash
from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import in_calls, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import Award, AwardOffer, PayeeCall, PayeeDetails, PayeeFreeze
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.payee_rules import LINK_LIFE, CallOutcome, Hold, PayeeFacts, holds_of
from fundapp.review.models import Decision


@dataclass(frozen=True)
class Payee:
    """An award with the newest version of its payee details, and what freezes them, where there are any."""

    award: Award
    offer: AwardOffer | None
    details: PayeeDetails | None
    freeze: PayeeFreeze | None
    face: Face
    erased_at: datetime | None
    confirmed: int
    """How many call-backs confirmed this version."""

    @property
    def facts(self) -> PayeeFacts:
        """Return what the rule asks about."""
        return PayeeFacts(
            is_accepted=self.offer is not None and self.offer.status is OfferStatus.ACCEPTED,
            has_details=self.details is not None and self.details.sealed is not None,
            is_frozen=self.freeze is not None,
            is_confirmed=self.confirmed > 0,
            is_approved=self.details is not None and self.details.approved_at is not None,
            usable_from=None if self.details is None else self.details.usable_from,
            is_erased=self.erased_at is not None,
        )

    def holds(self, now: datetime) -> list[Hold]:
        """Return everything that keeps money from going now."""
        return holds_of(self.facts, now)


@dataclass(frozen=True)
class Usable:
    """Whether money of an award may go, and where: `details` is the version to use, None while `holds` says why not."""

    details: PayeeDetails | None
    holds: Sequence[Hold]


def usable_details(award: Award, now: datetime) -> Usable:
    """Return the payee details to which money of an award may go now, or why it may not.

    Whoever pays holds the award's row while it asks and writes, and keeps the id of the version: another one is never
    paid instead.
    """
    payee = payee_of(award)
    holds = payee.holds(now)
    return Usable(None if holds else payee.details, holds)


def payee_of(award: Award) -> Payee:
    """Return where the payee details of an award stand, as it is now."""
    return Payee(*db.session.execute(_payees().where(Award.id == award.id)).one())


def payees(*, actor: Actor, call: Call) -> list[Payee]:
    """Return the awards of a call that were accepted or have details, by reference, as the actor may see them."""
    actor.require(P.PAYEE_READ, call.id)
    details = _payees().where(
        Award.call_id == call.id,
        visible_to(actor),
        or_(AwardOffer.status == OfferStatus.ACCEPTED, PayeeDetails.id.is_not(None)),
    )
    rows = db.session.execute(details.order_by(func.length(Award.reference), Award.reference))
    return [Payee(*row) for row in rows]


def managed_payee(*, actor: Actor, call: Call, award_id: UUID) -> Payee:
    """Return an award of a call with its payee details. Raises NotFound, also where the actor has a conflict."""
    found = db.session.execute(
        _payees().where(
            Award.id == award_id,
            Award.call_id == call.id,
            visible_to(actor),
            in_calls(actor, P.PAYEE_READ, Award.call_id),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return Payee(*found)


def versions_of(award: Award) -> list[PayeeDetails]:
    """Return all versions of the payee details of an award, the newest first."""
    return list(
        db.session.scalars(
            select(PayeeDetails)
            .where(PayeeDetails.award_id == award.id)
            .options(joinedload(PayeeDetails.entered_by), joinedload(PayeeDetails.approved_by))
            .order_by(PayeeDetails.number.desc())
        )
    )


def newest_details(application: Application) -> list[PayeeDetails]:
    """Return the newest version of the payee details of each award of an application, by the award's reference."""
    found = db.session.scalars(
        select(PayeeDetails)
        .join(PayeeDetails.award)
        .where(PayeeDetails.application_id == application.id, PayeeDetails.sealed.is_not(None))
        .order_by(Award.reference, PayeeDetails.number)
    )
    return list({details.award_id: details for details in found}.values())


def details_of_link(token: str, now: datetime) -> PayeeDetails | None:
    """Return the version that a mailed link stops, None for a link that is unknown or too old."""
    return db.session.scalar(
        select(PayeeDetails).where(
            PayeeDetails.stop_hash == token_hash(token), PayeeDetails.entered_at > now - LINK_LIFE
        )
    )


def sharing(*, actor: Actor, rows: Sequence[Payee]) -> Mapping[UUID, list[str]]:
    """Return, by award, the references of other organisations' awards that name the same account, in any version.

    Only what the actor may see: nothing tells that there is more.
    """
    accounts = {row.award.id: row.details.account for row in rows if row.details is not None and row.details.account}
    if not accounts:
        return {}
    found = db.session.execute(
        select(PayeeDetails, Award.reference, Application)
        .join(PayeeDetails.award)
        .join(PayeeDetails.application)
        .where(
            or_(*(PayeeDetails.account.matches(account) for account in sorted(set(accounts.values())))),
            visible_to(actor),
            in_calls(actor, P.PAYEE_READ, Award.call_id),
        )
    ).all()
    of_award = {row.award.id: row.award.decision.entry.application for row in rows}
    shared = {
        award_id: sorted(
            {
                reference
                for details, reference, application in found
                if details.account == account and _people_of(application) != _people_of(of_award[award_id])
            }
        )
        for award_id, account in accounts.items()
    }
    return {award_id: references for award_id, references in shared.items() if references}


def _people_of(application: Application) -> UUID:
    return application.organisation_id or application.id


def _payees() -> Select[*tuple[Any, ...]]:
    later = aliased(PayeeDetails)
    newest = select(func.max(later.number)).where(later.award_id == Award.id).scalar_subquery()
    confirmed = (
        select(func.count())
        .where(PayeeCall.details_id == PayeeDetails.id, PayeeCall.outcome == CallOutcome.CONFIRMED)
        .scalar_subquery()
    )
    return (
        select(Award, AwardOffer, PayeeDetails, PayeeFreeze, FACE, Application.erased_at, confirmed)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .outerjoin(PayeeDetails, and_(PayeeDetails.award_id == Award.id, PayeeDetails.number == newest))
        .outerjoin(PayeeFreeze, and_(PayeeFreeze.award_id == Award.id, PayeeFreeze.lifted_at.is_(None)))
        .options(
            joinedload(Award.decision).joinedload(Decision.entry).joinedload(Entry.application),
            joinedload(PayeeDetails.approved_by),
            joinedload(PayeeFreeze.first_by),
        )
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    )
