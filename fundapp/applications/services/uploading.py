"""Uploads in parts: what a broken connection has brought over is kept, sealed, and the rest follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.files.rules import MAX_PART_BYTES, MIN_PART_BYTES, announced_problems
from fundapp.applications.form_engine.definition import Question
from fundapp.applications.models import Application, Attachment, Upload, UploadPart
from fundapp.applications.services.attaching import attach_file, checked_name, keep_sealed, require_room
from fundapp.applications.services.drafts import lock_draft
from fundapp.core import sealed_files
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import record_of
from fundapp.core.storage import Storage

KEPT_FOR: Final = timedelta(days=1)
"""How long an upload may rest before it is deleted."""


def begin_upload(
    *,
    actor: Actor,
    application: Application,
    question: Question,
    key: str,
    filename: str,
    modified: str,
    size_bytes: int,
    storage: Storage,
    now: datetime,
) -> Upload:
    """Begin to take a file in parts, or go on with the same file (name, size, time of change) where it stopped.

    A key has one upload at a time. Raises RuleViolations naming the key, NoRoom, Conflict once it was sent.
    """
    filename = checked_name(filename, key)
    if problems := announced_problems(question.kind, filename=filename, size_bytes=size_bytes):
        raise RuleViolations([Problem(problem.message, field=key) for problem in problems])
    lock_draft(actor, application, keys=[key], now=now)
    described = {"filename": filename, "modified": modified[:20]}
    for other in db.session.scalars(
        select(Upload).where(Upload.application_id == application.id, Upload.question == key)
    ):
        if other.person_id == actor.person_id and other.size_bytes == size_bytes and other.described == described:
            other.touched_at = now
            return other
        db.session.delete(other)
    db.session.flush()
    require_room(actor.person_id, size_bytes, storage, key)
    upload = Upload(
        application_id=application.id,
        person_id=actor.person_id,
        question=key,
        size_bytes=size_bytes,
        received_bytes=0,
        started_at=now,
        touched_at=now,
    )
    upload.described = described
    db.session.add(upload)
    db.session.flush()
    return upload


def add_part(*, actor: Actor, upload: Upload, start: int, data: bytes, storage: Storage, now: datetime) -> None:
    """Keep the next part of a file. One that is there already, or that comes too early, changes nothing.

    Raises RuleViolations for a part of a size that no page of ours sends, NoRoom.
    """
    application = upload.application
    lock_draft(actor, application, keys=[upload.question], now=now)
    lock_row(upload)
    if start != upload.received_bytes:
        return
    end = start + len(data)
    is_last = end == upload.size_bytes
    if end > upload.size_bytes or len(data) > MAX_PART_BYTES or (len(data) < MIN_PART_BYTES and not is_last):
        raise RuleViolations([Problem(_l("This part of the file does not fit. Choose the file again."))])
    part = UploadPart(upload_id=upload.id, start_byte=start, stored_as="")
    part.stored_as = keep_sealed(storage, application, record_of(part), data, upload.question).stored_as
    upload.parts.append(part)
    upload.received_bytes = end
    upload.touched_at = now
    db.session.flush()


def finish_upload(
    *, actor: Actor, upload: Upload, question: Question, storage: Storage, now: datetime
) -> Attachment | list[Problem]:
    """Attach a file that has arrived whole, or return what stands against it; the upload is over either way."""
    if upload.received_bytes != upload.size_bytes:
        raise Conflict(_l("This file has not arrived yet."))
    application, key, filename = upload.application, upload.question, upload.described["filename"]
    data = b"".join(sealed_files.read(storage, part.file) for part in upload.parts)
    db.session.delete(upload)
    db.session.flush()
    try:
        return attach_file(
            actor=actor,
            application=application,
            question=question,
            key=key,
            filename=filename,
            data=data,
            storage=storage,
            now=now,
        )
    except RuleViolations as violations:
        return violations.problems


def delete_uploads(ids: Sequence[UUID], _now: datetime) -> None:
    """Delete uploads that nobody continues; their stored parts are swept like every file that no row names."""
    for upload in db.session.scalars(select(Upload).where(Upload.id.in_(ids))):
        db.session.delete(upload)
    db.session.flush()
