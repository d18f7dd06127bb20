"""The work of preparing files for reviewers: an id in, a scan and a copy without metadata out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import joinedload

from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services.people import tell
from fundapp.applications.files.transitions import FILE
from fundapp.applications.models import Attachment, FileStatus
from fundapp.applications.models.files import copy_row
from fundapp.applications.queries.applicant import holders_of
from fundapp.applications.services.attaching import FILE_KIND
from fundapp.core import inspection, sealed_files
from fundapp.core.db import db
from fundapp.core.outbox import Finish, JobKind
from fundapp.core.scanning import Scanner
from fundapp.core.sealing import Record
from fundapp.core.storage import Storage
from fundapp.core.workflow import apply_transition

NO_SCANNER: Final = "scanner"
"""The failure of a file that no scanner has looked at in all attempts."""


def file_job(storage: Storage, scanner: Callable[[], Scanner | None]) -> JobKind:
    """Return the outbox work that scans a file (where a scanner is set up) and makes the copy for reviewers.

    A scanner that does not answer raises ScannerDown: the work is tried again, and nobody but the applicant and those
    who check applications gets the file meanwhile.
    """

    def work(attachment_id: UUID) -> Finish | None:
        attachment = db.session.get(Attachment, attachment_id, options=[joinedload(Attachment.application)])
        if attachment is None or attachment.status is not FileStatus.PENDING:
            return None
        data = sealed_files.read(storage, attachment.file)
        asked = scanner()
        if asked is not None and asked.finds(data):
            return lambda now: _quarantine(attachment_id, now)
        is_scanned = asked is not None
        try:
            cleaned = inspection.clean(data)
        except inspection.Refused as refused:
            failure = refused.why.value
            return lambda now: _fail(attachment_id, failure, is_scanned, now)
        return lambda now: _keep(attachment_id, storage, cleaned, is_scanned, now)

    def gave_up(attachment_id: UUID, now: datetime, _error: str) -> None:
        _fail(attachment_id, NO_SCANNER if scanner() else inspection.Why.NOT_CLEANED.value, False, now)

    return JobKind(name=FILE_KIND, work=work, gave_up=gave_up)


def _keep(attachment_id: UUID, storage: Storage, cleaned: inspection.Cleaned, is_scanned: bool, now: datetime) -> None:
    attachment = _pending(attachment_id)
    if attachment is None:
        return
    record = Record("application", attachment.application_id)
    copy = sealed_files.keep(storage, record=record, row=copy_row(attachment_id), data=cleaned.data)
    _apply(
        attachment,
        "prepare",
        now,
        {
            "copy_stored_as": copy.stored_as,
            "copy_content_type": cleaned.content_type,
            "copy_size_bytes": len(cleaned.data),
            "scanned_at": now if is_scanned else None,
        },
    )


def _fail(attachment_id: UUID, failure: str, is_scanned: bool, now: datetime) -> None:
    attachment = _pending(attachment_id)
    if attachment is not None:
        _apply(attachment, "fail", now, {"failure": failure, "scanned_at": now if is_scanned else None})


def _quarantine(attachment_id: UUID, now: datetime) -> None:
    attachment = _pending(attachment_id)
    if attachment is None:
        return
    _apply(attachment, "quarantine", now, {"scanned_at": now})
    for person in holders_of(attachment.application):
        tell(person, template="news", path=f"/applications/{attachment.application_id}", now=now)


def _apply(attachment: Attachment, event: str, now: datetime, evidence: dict[str, Any]) -> None:
    call_id = attachment.application.call_id
    apply_transition(FILE, attachment, event, actor=system_actor(), now=now, call_id=call_id, evidence=evidence)


def _pending(attachment_id: UUID) -> Attachment | None:
    """Return a file that still waits; its application may have let go of it, or another worker been faster."""
    attachment = db.session.get(Attachment, attachment_id)
    return attachment if attachment is not None and attachment.status is FileStatus.PENDING else None
