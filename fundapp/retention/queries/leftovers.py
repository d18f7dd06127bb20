"""What an installation piles up beside applications and people, and the stored files that a row still names."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import (
    OneTimeLink,
    OrganisationInvitation,
    SignInSession,
)
from fundapp.applications.models import (
    Application,
    Attachment,
    Call,
    DraftOffer,
    Enquiry,
    Nomination,
    Nominee,
    TableImport,
)
from fundapp.applications.models.files import Upload, UploadPart
from fundapp.applications.services.uploading import KEPT_FOR
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.retention import Due
from fundapp.disbursement.models import ExportJob, Letter, Letterhead, PaymentDocument, PaymentFile, SupersededLetter
from fundapp.disbursement.queries.exports import KEPT_DAYS
from fundapp.retention.rules import (
    ENQUIRY_DAYS,
    IMPORT_DAYS,
    INVITATION_DAYS,
    LINK_DAYS,
    MAIL_FAILED_DAYS,
    MAIL_SENT_DAYS,
    NOMINATION_DAYS,
    OFFER_DAYS,
    SESSION_DAYS,
    TABLE_DAYS,
    VOTE_REQUEST_DAYS,
    VOTER_DAYS,
    WORK_DONE_DAYS,
)
from fundapp.review.models import Ballot, PublicVote, VoteRequest


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


def vote_requests_due() -> list[Due]:
    """Return public votes that nobody confirmed."""
    return _by_time(VoteRequest.id, VoteRequest.expires_at, VOTE_REQUEST_DAYS)


def voters_due() -> list[Due]:
    """Return public votes whose voters can still be told apart."""
    keyed = select(Ballot.id).where(Ballot.vote_id == PublicVote.id, Ballot.voter_key.is_not(None)).exists()
    rows = db.session.execute(
        select(PublicVote.id, PublicVote.closes_at, PublicVote.call_id).where(keyed).order_by(PublicVote.closes_at)
    )
    return [Due(row.id, row.closes_at + timedelta(days=VOTER_DAYS), row.call_id) for row in rows]


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


def exports_due() -> list[Due]:
    """Return tables that were made in the background, ready or not."""
    return _by_time(ExportJob.id, ExportJob.asked_at, KEPT_DAYS)


def _by_time(id_column: Any, at: Any, days: int) -> list[Due]:
    rows = db.session.execute(select(id_column, at).where(at.is_not(None)).order_by(at, id_column))
    return [Due(row[0], row[1] + timedelta(days=days)) for row in rows]


def stored_files_in_use() -> set[str]:
    """Return the names of all stored files that a row points to."""
    erased = select(Letter.id).join(Application).where(Application.erased_at.is_not(None))
    letters = select(Letter.stored_as).where(Letter.stored_as.is_not(None), Letter.id.not_in(erased))
    superseded = select(SupersededLetter.stored_as).where(SupersededLetter.letter_id.not_in(erased))
    logos = select(Letterhead.stored_as).where(Letterhead.stored_as.is_not(None))
    copies = select(Attachment.copy_stored_as).where(Attachment.copy_stored_as.is_not(None))
    tables = select(TableImport.stored_as).where(TableImport.stored_as.is_not(None))
    exports = select(ExportJob.stored_as).where(ExportJob.stored_as.is_not(None))
    payments = select(PaymentDocument.stored_as).join(PaymentDocument.file).where(PaymentFile.emptied_at.is_(None))
    parts = select(UploadPart.stored_as)
    files = (select(Attachment.stored_as), copies, parts, letters, superseded, logos, tables, payments, exports)
    return {str(name) for each in files for name in db.session.scalars(each)}


def held_work() -> Sequence[OutboxItem]:
    """Return the work that a restore has put aside, the oldest first."""
    return db.session.scalars(
        select(OutboxItem).where(OutboxItem.state == OutboxState.HELD).order_by(OutboxItem.created_at, OutboxItem.id)
    ).all()
