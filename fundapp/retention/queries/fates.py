"""Applications by their fate, and people whom nothing needs any more, each with the day on which they go."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from fundapp.accounts.models import (
    Membership,
    MembershipRole,
    Organisation,
    Person,
    RoleChange,
    RoleGrant,
)
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    Entry,
)
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.retention import Due
from fundapp.disbursement.models import Award, NextCallConsent
from fundapp.retention.models import LegalHold
from fundapp.retention.rules import (
    BEGUN_DAYS,
    IDLE_PERSON_DAYS,
    UNCONFIRMED_DAYS,
    Facts,
    due_at,
)
from fundapp.review.models import Decision, Slate


def held() -> ColumnElement[bool]:
    """Return the condition that something holds Application, or its call."""
    return exists(
        select(LegalHold.id).where(
            LegalHold.lifted_at.is_(None),
            or_(LegalHold.application_id == Application.id, LegalHold.call_id == Application.call_id),
        )
    )


def is_held(application: Application) -> bool:
    """Return whether a hold keeps this application from being erased."""
    found = db.session.scalar(select(Application.id).where(Application.id == application.id, held()))
    return found is not None


def applications_due(wanted: str) -> list[Due]:
    """Return every application of one fate that nothing holds, with the instant at which it is erased."""
    return [due for name, due in _fates() if name == wanted]


def _fates() -> Iterator[tuple[str, Due]]:
    decided = (
        select(
            Entry.application_id,
            func.count(Entry.id).label("entries"),
            func.count(Slate.released_at).label("decided"),
            func.max(Slate.released_at).label("released_at"),
            func.max(Award.awarded_at).label("awarded_at"),
        )
        .outerjoin(Decision, Decision.entry_id == Entry.id)
        .outerjoin(Slate, and_(Slate.id == Decision.slate_id, Slate.released_at.is_not(None)))
        .outerjoin(Award, Award.decision_id == Decision.id)
        .group_by(Entry.application_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Application.id,
            Application.call_id,
            Application.status,
            Application.saved_at,
            Application.eligibility_at,
            Application.withdrawn_at,
            Call.closes_at,
            Application.closes_at.label("own_closes_at"),
            Call.retention_days,
            decided.c.entries,
            decided.c.decided,
            decided.c.released_at,
            decided.c.awarded_at,
            NextCallConsent.id.label("consent_id"),
        )
        .join(Call, Call.id == Application.call_id)
        .outerjoin(decided, decided.c.application_id == Application.id)
        .outerjoin(NextCallConsent, and_(NextCallConsent.application_id == Application.id, NextCallConsent.says_yes))
        .where(Application.erased_at.is_(None), ~held())
        .order_by(Application.started_at, Application.id)
    )
    for row in rows:
        facts = Facts(
            is_draft=row.status is ApplicationStatus.DRAFT,
            saved_at=row.saved_at,
            closes_at=max(row.closes_at, row.own_closes_at or row.closes_at),
            withdrawn_at=row.withdrawn_at,
            ineligible_at=row.eligibility_at if row.status is ApplicationStatus.INELIGIBLE else None,
            entries=row.entries or 0,
            decided=row.decided or 0,
            released_at=row.released_at,
            awarded_at=row.awarded_at,
            may_come_again=row.consent_id is not None,
        )
        name, at = due_at(facts, row.retention_days)
        yield name, Due(row.id, at, row.call_id)


def has_duties() -> ColumnElement[bool]:
    """Return the condition that Person has a role, or had one while something was there that is still kept.

    Who decided about an application is known for as long as the application is.
    """
    change = (
        select(RoleChange.id)
        .join(Application, or_(RoleChange.call_id.is_(None), RoleChange.call_id == Application.call_id))
        .where(
            RoleChange.person_id == Person.id,
            Application.erased_at.is_(None),
            Application.started_at <= RoleChange.at,
        )
    )
    return or_(exists(select(RoleGrant.id).where(RoleGrant.person_id == Person.id)), exists(change))


def is_needed(person: Person) -> bool:
    """Return whether a person has duties, or whether applications depend on them."""
    found = db.session.scalar(select(Person.id).where(Person.id == person.id, has_duties()))
    return found is not None or bool(held_organisations(person))


def people_due(*, signed_in: bool) -> list[Due]:
    """Return the people whom nothing needs any more: no duties, and no application of theirs or their organisations.

    Those who never signed in count from the day on which they became known, the others from their last sign-in.
    """
    kept = Application.erased_at.is_(None)
    of_organisation = (
        select(Membership.id)
        .join(Application, Application.organisation_id == Membership.organisation_id)
        .where(Membership.person_id == Person.id, kept)
    )
    last_sign_in = (
        select(AuditEntry.object_id, func.max(AuditEntry.at).label("at"))
        .where(AuditEntry.action == "session:open")
        .group_by(AuditEntry.object_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Person.id, Person.created_at, last_sign_in.c.at)
        .outerjoin(last_sign_in, last_sign_in.c.object_id == Person.id)
        .where(
            Person.erased_at.is_(None),
            Person.begin_key.is_(None),
            ~has_duties(),
            ~exists(select(Application.id).where(Application.person_id == Person.id, kept)),
            ~exists(of_organisation),
        )
        .order_by(Person.created_at, Person.id)
    )
    if signed_in:
        return [Due(row.id, row.at + timedelta(days=IDLE_PERSON_DAYS)) for row in rows if row.at is not None]
    return [Due(row.id, row.created_at + timedelta(days=UNCONFIRMED_DAYS)) for row in rows if row.at is None]


def begun_drafts_due() -> list[Due]:
    """Return drafts to which nobody can come back but a browser that has forgotten them by then."""
    member, other = aliased(Membership), aliased(Person)
    reachable = (
        select(member.id)
        .join(other, other.id == member.person_id)
        .where(
            member.organisation_id == Application.organisation_id,
            member.role != MembershipRole.AFFILIATE,
            other.begin_key.is_(None),
        )
    )
    rows = db.session.execute(
        select(Application.id, Person.created_at, Application.call_id)
        .join(Person, Person.id == Application.person_id)
        .where(
            Person.begin_key.is_not(None),
            Application.status == ApplicationStatus.DRAFT,
            Application.erased_at.is_(None),
            ~held(),
            ~exists(reachable),
        )
        .order_by(Person.created_at, Application.id)
    )
    return [Due(row.id, row.created_at + timedelta(days=BEGUN_DAYS), row.call_id) for row in rows]


def beginners_due() -> list[Due]:
    """Return people who began without an address, kept nothing, and have no draft left."""
    rows = db.session.execute(
        select(Person.id, Person.created_at)
        .where(
            Person.begin_key.is_not(None),
            Person.erased_at.is_(None),
            ~exists(select(Application.id).where(Application.person_id == Person.id, Application.erased_at.is_(None))),
        )
        .order_by(Person.created_at, Person.id)
    )
    return [Due(row.id, row.created_at + timedelta(days=BEGUN_DAYS)) for row in rows]


def held_organisations(person: Person) -> frozenset[UUID]:
    """Return a person's organisations that have an application that is not erased, and no other holder."""
    others = select(Membership.organisation_id).where(Membership.person_id != person.id)
    found = db.session.scalars(
        select(Organisation.id)
        .join(Application, Application.organisation_id == Organisation.id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person.id,
            Application.erased_at.is_(None),
            Organisation.id.not_in(others),
        )
    )
    return frozenset(found)
