"""Files as answers to a draft's questions."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.files.rules import (
    MEGABYTE,
    PERSON_MEGABYTES,
    SPARE_BYTES,
    announced_problems,
    content_problems,
    refusal,
)
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.definition import Question
from fundapp.applications.models import Application, ApplicationStatus, Attachment, FileStatus, Upload
from fundapp.applications.sealed_answers import Holder, clear_answers_of, keep_answers
from fundapp.applications.services.drafts import form_of, lock_draft
from fundapp.core import inspection, logs, outbox, sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealed_files import SealedFile
from fundapp.core.sealing import Record, record_of
from fundapp.core.storage import Storage
from fundapp.core.text import TextError, clean_text

FILE_KIND: Final = "file:prepare"
"""The outbox work that scans a file and makes the copy for reviewers."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class CheckedFile:
    """A file that its question takes: by its content, its size and its name."""

    filename: str
    content_type: str
    data: bytes


class NoRoom(RuleViolations):
    """The file fits no more: the person's share, or the disk, is full."""


def attach_file(
    *,
    actor: Actor,
    application: Application,
    question: Question,
    key: str,
    filename: str,
    data: bytes,
    storage: Storage,
    now: datetime,
) -> Attachment:
    """Keep a file as the answer with a key, in place of an earlier one, and have it looked into for reviewers.

    The sealed bytes are stored before the transaction ends; a file that no row names is only left over. Raises
    RuleViolations naming the key (kind by content, size, name), NoRoom, Conflict once the application was sent.
    """
    actor.require(P.APPLICATION_WRITE)
    file = checked_file(question, key, filename, data)
    lock_draft(actor, application, keys=[key], now=now)
    attachment = keep_file(actor=actor, application=application, file=file, key=key, storage=storage, now=now)
    _drop_unsent(application, key, but=attachment)
    form = form_of(application)
    answer = answer_of_file(attachment)
    keep_answers(application=application, form=form, values={key: answer}, by_id=actor.person_id, now=now)
    application.saved_at = now
    record(
        actor=actor,
        action="application:attach",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"question": key, "stored_as": attachment.stored_as, "size_bytes": attachment.size_bytes},
    )
    db.session.flush()
    return attachment


def checked_file(question: Question, key: str, filename: str, data: bytes) -> CheckedFile:
    """Return a file that a question takes. Raises RuleViolations naming the key (kind by content, size, name)."""
    filename = checked_name(filename, key)
    return CheckedFile(filename, _checked_content(question, key, filename, data), data)


def keep_file(
    *,
    actor: Actor,
    application: Application,
    file: CheckedFile,
    key: str,
    storage: Storage,
    now: datetime,
    kept_as: str = "",
) -> Attachment:
    """Keep a checked file of an application as the answer with a key, and have it looked into.

    What it answers is stored as `kept_as` where that is not the key itself. Whoever calls this records it. Raises
    NoRoom.
    """
    require_room(actor.person_id, len(file.data), storage, key)
    attachment_id = uuid4()
    stored = keep_sealed(storage, application, Record("attachment", attachment_id), file.data, key)
    attachment = Attachment(
        id=attachment_id,
        application_id=application.id,
        question=kept_as or key,
        filename=file.filename,
        content_type=file.content_type,
        size_bytes=len(file.data),
        sha256=stored.sha256,
        stored_as=stored.stored_as,
        uploaded_at=now,
        uploaded_by_id=actor.person_id,
    )
    db.session.add(attachment)
    db.session.flush()
    outbox.enqueue(kind=FILE_KIND, subject_id=attachment.id, now=now)
    db.session.expire(application, ["attachments"])
    return attachment


def answer_of_file(attachment: Attachment) -> Answer:
    """Return the answer that a file is."""
    return {
        "attachment": str(attachment.id),
        "sha256": attachment.sha256,
        "content_type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
    }


def remove_file(*, actor: Actor, application: Application, key: str, now: datetime) -> None:
    """Take the file with a key out of a draft. Raises Conflict once the application was sent."""
    lock_draft(actor, application, keys=[key], now=now)
    _drop_unsent(application, key)
    form = form_of(application)
    keep_answers(application=application, form=form, values={key: None}, by_id=actor.person_id, now=now)
    application.saved_at = now
    record(
        actor=actor,
        action="application:remove_file",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"question": key},
    )
    db.session.flush()


def infected_problems(application: Application) -> list[Problem]:
    """Return what stands against sending an application whose answers name a file in which a virus was found."""
    named = named_files([application])
    return [
        Problem(_l("A virus was found in this file, so nobody can open it. Choose another file."), field=file.question)
        for file in application.attachments
        if file.status is FileStatus.INFECTED and file.id in named
    ]


def named_files(holders: Iterable[Holder]) -> set[UUID]:
    """Return the files that answers name, whether sealed or not."""
    return {
        UUID(answer["attachment"])
        for answers in clear_answers_of(list(holders))
        for answer in answers.values()
        if isinstance(answer, dict) and "attachment" in answer
    }


def checked_name(filename: str, key: str) -> str:
    """Return the name of a file as it is kept. Raises RuleViolations for one that is no text."""
    try:
        return clean_text(filename)
    except TextError as error:
        raise RuleViolations([Problem(error.message, field=key)]) from error


def require_room(person_id: UUID | None, size_bytes: int, storage: Storage, key: str) -> None:
    """Raise NoRoom unless a file still fits: into the person's share of what was not sent yet, and on the disk."""
    kept = db.session.scalar(
        select(func.coalesce(func.sum(Attachment.size_bytes), 0))
        .join(Attachment.application)
        .where(Attachment.uploaded_by_id == person_id, Application.status == ApplicationStatus.DRAFT)
    )
    coming = db.session.scalar(
        select(func.coalesce(func.sum(Upload.size_bytes), 0)).where(Upload.person_id == person_id)
    )
    if person_id is not None and int(kept or 0) + int(coming or 0) + size_bytes > PERSON_MEGABYTES * MEGABYTE:
        message = _l(
            "Your files that were not sent yet have %(size)s MB together; we cannot keep more. Remove some first.",
            size=PERSON_MEGABYTES,
        )
        raise NoRoom([Problem(message, field=key)])
    if storage.free_bytes() < SPARE_BYTES + size_bytes:
        raise _disk_full(key)


def keep_sealed(storage: Storage, application: Application, row: Record, data: bytes, key: str) -> SealedFile:
    """Seal and store bytes of an application. Raises NoRoom when the disk is full."""
    try:
        return sealed_files.keep(storage, record=record_of(application), row=row, data=data)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full(key) from error
        raise


def _disk_full(key: str) -> NoRoom:
    logs.write("no_room_for_files")
    message = _l("We have no room for this file at the moment. Everything else is saved. Try again in a few hours.")
    return NoRoom([Problem(message, field=key)])


def _checked_content(question: Question, key: str, filename: str, data: bytes) -> str:
    """Return the media type of a file that its question takes. Raises RuleViolations."""
    problems = announced_problems(question.kind, filename=filename, size_bytes=len(data))
    if not problems:
        try:
            content_type = inspection.examine(data)
        except inspection.Refused as refused:
            problems = [refusal(question.kind, refused.why)]
        else:
            problems = content_problems(question.kind, content_type, size_bytes=len(data))
    if problems:
        raise RuleViolations([Problem(problem.message, field=key) for problem in problems])
    return content_type


def _drop_unsent(application: Application, key: str, but: Attachment | None = None) -> None:
    """Delete the file of a key, unless it belongs to what was sent before, or is the new one."""
    kept = named_files(application.submissions) | ({but.id} if but else set())
    for file in [each for each in application.attachments if each.question == key and each.id not in kept]:
        db.session.delete(file)
    db.session.flush()
    db.session.expire(application, ["attachments"])
