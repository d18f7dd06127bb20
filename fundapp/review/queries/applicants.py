"""Who applies in a call, as far as it matters for who may review in it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, select, true

from fundapp.accounts.models import Membership, MembershipRole
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.applications.scope import in_work, visible_to
from fundapp.core.db import db


def applies(*, person_id: UUID, call: Call) -> bool:
    """Say whether somebody has access to an application of this call, be it a draft or hidden from everybody else."""
    return bool(_applicants(call, [person_id], true()))


def known_applicants(*, actor: Actor, call: Call, person_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of these people apply in this call as far as the actor may know it.

    Drafts, protected applications and those that the actor has a conflict of interest with say nothing.
    """
    seen = (Application.status != ApplicationStatus.DRAFT) & ~Application.is_protected & visible_to(actor)
    return _applicants(call, person_ids, seen)


def is_hidden_applicant(*, person_id: UUID, call: Call) -> bool:
    """Say whether somebody applies in this call by protected applications alone, so that nobody may learn it."""
    hidden = _applicants(call, [person_id], Application.is_protected.is_(True))
    seen = (Application.status != ApplicationStatus.DRAFT) & ~Application.is_protected
    return bool(hidden) and not _applicants(call, [person_id], seen)


def _applicants(call: Call, person_ids: Collection[UUID], condition: ColumnElement[bool]) -> frozenset[UUID]:
    there = (
        Application.call_id == call.id,
        Application.status != ApplicationStatus.WITHDRAWN,
        Application.erased_at.is_(None),
        in_work(),
        condition,
    )
    of_organisation = (
        select(Membership.person_id)
        .join(Application, Application.organisation_id == Membership.organisation_id)
        .where(Membership.person_id.in_(person_ids), Membership.role != MembershipRole.AFFILIATE, *there)
    )
    by_themselves = select(Application.person_id).where(Application.person_id.in_(person_ids), *there)
    return frozenset(db.session.scalars(of_organisation)) | frozenset(db.session.scalars(by_themselves))
