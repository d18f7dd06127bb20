"""What is due when: applications by their fate, people by their last sign-in, and what the installation piles up."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from fundapp.accounts.models import (
    Membership,
    MembershipRole,
    OneTimeLink,
    Organisation,
    OrganisationInvitation,
    Person,
    RoleChange,
    RoleGrant,
    SignInSession,
)
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Attachment,
    Call,
    DraftOffer,
    Enquiry,
    Entry,
    Nomination,
    Nominee,
    TableImport,
)
from fundapp.applications.models.files import Upload, UploadPart
from fundapp.applications.scope import held_by, visible_to
from fundapp.applications.services.uploading import KEPT_FOR
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.retention import Due
from fundapp.disbursement.models import Award, Letter
from fundapp.retention.models import ErasureRequest, LegalHold
from fundapp.retention.rules import (
    BEGUN_DAYS,
    ENQUIRY_DAYS,
    IDLE_PERSON_DAYS,
    IMPORT_DAYS,
    INVITATION_DAYS,
    LINK_DAYS,
    MAIL_FAILED_DAYS,
    MAIL_SENT_DAYS,
    NOMINATION_DAYS,
    OFFER_DAYS,
    SESSION_DAYS,
    TABLE_DAYS,
    UNCONFIRMED_DAYS,
    WORK_DONE_DAYS,
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
        )
        .join(Call, Call.id == Application.call_id)
        .outerjoin(decided, decided.c.application_id == Application.id)
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


def enquiries_due() -> list[Due]:
    """Return questions to a person before an application."""
    rows = db.session.execute(
        select(Enquiry.id, Enquiry.asked_at, Enquiry.call_id, Call.closes_at)
        .join(Call, Call.id == Enquiry.call_id)
        .order_by(Enquiry.asked_at, Enquiry.id)
    )
    since = timedelta(days=ENQUIRY_DAYS)
    return [Due(row.id, max(row.asked_at, row.closes_at) + since, row.call_id) for row in rows]


def nominations_due() -> list[Due]:
    """Return nominations."""
    rows = db.session.execute(
        select(Nomination.id, Nomination.made_at, Nominee.call_id, Call.closes_at)
        .join(Nominee, Nominee.id == Nomination.nominee_id)
        .join(Call, Call.id == Nominee.call_id)
        .order_by(Nomination.made_at, Nomination.id)
    )
    since = timedelta(days=NOMINATION_DAYS)
    return [Due(row.id, max(row.made_at, row.closes_at) + since, row.call_id) for row in rows]


def offers_due() -> list[Due]:
    """Return drafts offered to somebody who never took them."""
    return _by_time(DraftOffer.id, DraftOffer.expires_at, OFFER_DAYS)


def sessions_due() -> list[Due]:
    """Return the sessions that have ended by themselves; those that people end go at once."""
    return _by_time(SignInSession.id, SignInSession.expires_at, SESSION_DAYS)


def links_due() -> list[Due]:
    """Return mailed links and codes, spent or not."""
    return _by_time(OneTimeLink.id, OneTimeLink.expires_at, LINK_DAYS)


def invitations_due() -> list[Due]:
    """Return invitations to join an organisation, answered or not."""
    return _by_time(OrganisationInvitation.id, OrganisationInvitation.expires_at, INVITATION_DAYS)


def mails_sent_due() -> list[Due]:
    """Return mails that were handed over."""
    return _by_time(MailMessage.id, MailMessage.sent_at, MAIL_SENT_DAYS)


def mails_failed_due() -> list[Due]:
    """Return mails that were given up."""
    return _by_time(MailMessage.id, MailMessage.failed_at, MAIL_FAILED_DAYS)


def unsent_mails() -> Sequence[MailMessage]:
    """Return mails that nobody got, except those that a worker is handing over just now."""
    running = select(OutboxItem.subject_id).where(OutboxItem.state == OutboxState.RUNNING)
    return db.session.scalars(
        select(MailMessage).where(MailMessage.sent_at.is_(None), MailMessage.id.not_in(running))
    ).all()


def work_due() -> list[Due]:
    """Return finished work."""
    return _by_time(OutboxItem.id, OutboxItem.done_at, WORK_DONE_DAYS)


def uploads_due() -> list[Due]:
    """Return files on their way, by when the last part arrived."""
    return _by_time(Upload.id, Upload.touched_at, KEPT_FOR.days)


def tables_due() -> list[Due]:
    """Return tables of applications that nobody took, or that stopped."""
    rows = db.session.execute(
        select(TableImport.id, TableImport.touched_at)
        .where(TableImport.stored_as.is_not(None))
        .order_by(TableImport.touched_at, TableImport.id)
    )
    return [Due(row.id, row.touched_at + timedelta(days=TABLE_DAYS)) for row in rows]


def imports_due() -> list[Due]:
    """Return notes of what became of tables of applications."""
    return _by_time(TableImport.id, TableImport.finished_at, IMPORT_DAYS)


def _by_time(id_column: Any, at: Any, days: int) -> list[Due]:
    rows = db.session.execute(select(id_column, at).where(at.is_not(None)).order_by(at, id_column))
    return [Due(row[0], row[1] + timedelta(days=days)) for row in rows]


def stored_files_in_use() -> set[str]:
    """Return the names of all stored files that a row points to."""
    erased = select(Letter.id).join(Application).where(Application.erased_at.is_not(None))
    letters = select(Letter.stored_as).where(Letter.stored_as.is_not(None), Letter.id.not_in(erased))
    copies = select(Attachment.copy_stored_as).where(Attachment.copy_stored_as.is_not(None))
    tables = select(TableImport.stored_as).where(TableImport.stored_as.is_not(None))
    files = (select(Attachment.stored_as), copies, select(UploadPart.stored_as), letters, tables)
    return {str(name) for each in files for name in db.session.scalars(each)}


def open_request(application_id: UUID) -> ErasureRequest | None:
    """Return the request for erasing an application that nobody has answered yet."""
    return db.session.scalar(
        select(ErasureRequest).where(
            ErasureRequest.application_id == application_id, ErasureRequest.answered_at.is_(None)
        )
    )


def open_requests(call: Call, actor: Actor) -> Sequence[ErasureRequest]:
    """Return a call's requests that wait for an answer, about applications that the actor may see; the oldest first."""
    return db.session.scalars(
        select(ErasureRequest)
        .join(Application)
        .where(Application.call_id == call.id, ErasureRequest.answered_at.is_(None), visible_to(actor))
        .order_by(ErasureRequest.asked_at, ErasureRequest.id)
    ).all()


def hidden_applications(call: Call, actor: Actor) -> frozenset[UUID]:
    """Return the applications of a call that the actor may not see: they are left out of every number."""
    return frozenset(
        db.session.scalars(select(Application.id).where(Application.call_id == call.id, ~visible_to(actor)))
    )


def holds_of(call: Call, actor: Actor) -> Sequence[LegalHold]:
    """Return what holds a call or applications of it that the actor may see."""
    return db.session.scalars(
        select(LegalHold)
        .outerjoin(Application)
        .where(
            LegalHold.lifted_at.is_(None),
            or_(LegalHold.call_id == call.id, and_(Application.call_id == call.id, visible_to(actor))),
        )
        .order_by(LegalHold.set_at, LegalHold.id)
    ).all()


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


def held_work() -> Sequence[OutboxItem]:
    """Return the work that a restore has put aside, the oldest first."""
    return db.session.scalars(
        select(OutboxItem).where(OutboxItem.state == OutboxState.HELD).order_by(OutboxItem.created_at, OutboxItem.id)
    ).all()


def held_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application of an organisation that the actor holds, not erased yet. Raises NotFound."""
    application = db.session.scalar(
        select(Application).where(Application.id == application_id, held_by(actor), Application.erased_at.is_(None))
    )
    if application is None:
        raise NotFound
    return application


def last_request(application_id: UUID) -> ErasureRequest | None:
    """Return the newest request for erasing an application."""
    return db.session.scalar(
        select(ErasureRequest)
        .where(ErasureRequest.application_id == application_id)
        .order_by(ErasureRequest.asked_at.desc())
        .limit(1)
    )


def request_of(call: Call, request_id: UUID, actor: Actor) -> ErasureRequest:
    """Return a request of a call about an application that the actor may see. Raises NotFound."""
    request = db.session.scalar(
        select(ErasureRequest)
        .join(Application)
        .where(ErasureRequest.id == request_id, Application.call_id == call.id, visible_to(actor))
    )
    if request is None:
        raise NotFound
    return request


def hold_of(call: Call, hold_id: UUID, actor: Actor) -> LegalHold:
    """Return a hold of a call, or of an application of it that the actor may see. Raises NotFound."""
    found = next((hold for hold in holds_of(call, actor) if hold.id == hold_id), None)
    if found is None:
        raise NotFound
    return found
