"""Erase what came before an application: questions, nominations, drafts that waited for somebody, tables to take in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, system_actor
from fundapp.accounts.rules import fold_email
from fundapp.applications.models import (
    Application,
    ApplicationSource,
    CallInvitation,
    DraftOffer,
    Enquiry,
    ImportFailure,
    Nomination,
    Nominee,
    TableImport,
)
from fundapp.applications.services.parties import began_with, note_all
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.sealing import destroy, record_of


def forget_around(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase what was asked about an application, what offers it to somebody, and notes on the tables of its call."""
    _forget_enquiries(
        actor, db.session.scalars(select(Enquiry).where(Enquiry.application_id == application.id)).all(), now
    )
    for offer in db.session.scalars(select(DraftOffer).where(DraftOffer.application_id == application.id)).all():
        record(actor=actor, action="draft:decline", subject=offer, now=now, call_id=application.call_id)
        db.session.delete(offer)
    if application.source is ApplicationSource.IMPORT:
        # Which table it came from is not known; what is kept of one is a help for some days, and no more.
        tables = select(TableImport.id).where(TableImport.call_id == application.call_id)
        forget_imports(db.session.scalars(tables.where(TableImport.finished_at.is_not(None))).all(), now)


def forget_address(*, actor: Actor, address: str, now: datetime) -> None:
    """Erase questions that were asked with an address, and nominations that were made with it or name it.

    An invitation that followed from a nomination stays: it is somebody else's.
    """
    folded = fold_email(address)
    enquiries = db.session.scalars(select(Enquiry)).all()
    _forget_enquiries(actor, [each for each in enquiries if fold_email(each.email) == folded], now)
    nominations = db.session.scalars(select(Nomination)).all()
    theirs = [each.id for each in nominations if folded in map(fold_email, (each.contact, each.nominator_contact))]
    _forget_nominations(actor, theirs, now)


def forget_enquiries(ids: Sequence[UUID], now: datetime) -> None:
    """Erase questions to a person whose time is over."""
    _forget_enquiries(system_actor(), db.session.scalars(select(Enquiry).where(Enquiry.id.in_(ids))).all(), now)


def forget_nominations(ids: Sequence[UUID], now: datetime) -> None:
    """Erase nominations whose time is over, and nominees of whom none is left."""
    _forget_nominations(system_actor(), ids, now)


def _forget_nominations(actor: Actor, ids: Sequence[UUID], now: datetime) -> None:
    found = db.session.scalars(select(Nomination).where(Nomination.id.in_(ids))).all()
    nominees = {nomination.nominee_id for nomination in found}
    theirs = list(db.session.scalars(began_with(nominees)))
    for nomination in found:
        record(actor=actor, action="nomination:erase", subject=nomination, now=now)
        db.session.delete(nomination)
        destroy(record_of(nomination), now)
    db.session.flush()
    still = set(db.session.scalars(select(Nomination.nominee_id).where(Nomination.nominee_id.in_(nominees))))
    for nominee in db.session.scalars(select(Nominee).where(Nominee.id.in_(nominees - still))).all():
        for invitation in db.session.scalars(select(CallInvitation).where(CallInvitation.nominee_id == nominee.id)):
            invitation.nominee_id = None
            record(actor=actor, action="nominee:erase", subject=invitation, now=now, call_id=nominee.call_id)
        db.session.flush()
        record(actor=actor, action="nominee:erase", subject=nominee, now=now, call_id=nominee.call_id)
        db.session.delete(nominee)
    db.session.flush()
    note_all(theirs)


def forget_offers(ids: Sequence[UUID], now: datetime) -> None:
    """Delete offers that nobody took in time."""
    for offer in db.session.scalars(select(DraftOffer).where(DraftOffer.id.in_(ids))).all():
        record(actor=system_actor(), action="draft:decline", subject=offer, now=now)
        db.session.delete(offer)


def drop_tables(ids: Sequence[UUID], now: datetime) -> None:
    """Let go of tables that nobody took; the stored files are swept like every file that no row names."""
    for table_import in db.session.scalars(select(TableImport).where(TableImport.id.in_(ids))).all():
        if table_import.finished_at is None:
            table_import.finished_at, table_import.failure = now, ImportFailure.GIVEN_UP
        table_import.stored_as = None
    db.session.flush()


def forget_imports(ids: Sequence[UUID], now: datetime) -> None:
    """Erase what is kept of tables: names of files, headings, and what could not be taken."""
    for table_import in db.session.scalars(select(TableImport).where(TableImport.id.in_(ids))).all():
        destroy(record_of(table_import), now)
        db.session.delete(table_import)
    db.session.flush()


def _forget_enquiries(actor: Actor, enquiries: Iterable[Enquiry], now: datetime) -> None:
    for enquiry in enquiries:
        record(actor=actor, action="enquiry:erase", subject=enquiry, now=now, call_id=enquiry.call_id)
        db.session.delete(enquiry)
        destroy(record_of(enquiry), now)
