"""Files as answers to a draft's questions."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete

from fundapp.accounts.permissions import Actor
from fundapp.applications.form_definition import Kind, Question
from fundapp.applications.models import Application, Attachment
from fundapp.applications.rules import content_type_of, file_problems
from fundapp.applications.sealed_answers import keep_answers
from fundapp.applications.services.drafts import form_of, lock_draft
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.sealing import Record, record_of
from fundapp.core.storage import Storage
from fundapp.core.text import TextError, clean_text


def attach_file(
    *,
    actor: Actor,
    application: Application,
    question: Question,
    filename: str,
    data: bytes,
    storage: Storage,
    now: datetime,
) -> Attachment:
    """Keep a file as the answer to a question, in place of an earlier one.

    The sealed bytes are stored before the transaction ends; a file that no row names is only left over. Raises
    RuleViolations naming the question (kind by content, size, name), Conflict once the application was sent.
    """
    lock_draft(actor, application, keys=[question.name], now=now)
    form = form_of(application)
    try:
        filename = clean_text(filename)
    except TextError as error:
        raise RuleViolations([Problem(error.message, field=question.name)]) from error
    problems = file_problems(filename=filename, data=data, images_only=question.kind is Kind.IMAGE)
    if problems:
        raise RuleViolations([Problem(problem.message, field=question.name) for problem in problems])
    _drop_files(application, question)
    attachment_id = uuid4()
    file = sealed_files.keep(storage, record=record_of(application), row=Record("attachment", attachment_id), data=data)
    attachment = Attachment(
        id=attachment_id,
        application_id=application.id,
        question=question.name,
        filename=filename,
        content_type=content_type_of(data) or "",
        size_bytes=len(data),
        sha256=file.sha256,
        stored_as=file.stored_as,
        uploaded_at=now,
    )
    db.session.add(attachment)
    db.session.flush()
    sent = {
        "attachment": str(attachment.id),
        "sha256": attachment.sha256,
        "content_type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
    }
    keep_answers(application=application, form=form, values={question.name: sent}, by_id=actor.person_id, now=now)
    application.saved_at = now
    record(
        actor=actor,
        action="application:attach",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"question": question.name, "stored_as": attachment.stored_as, "size_bytes": attachment.size_bytes},
    )
    db.session.flush()
    return attachment


def remove_file(*, actor: Actor, application: Application, question: Question, now: datetime) -> None:
    """Take the file of a question out of a draft. Raises Conflict once the application was sent."""
    lock_draft(actor, application, keys=[question.name], now=now)
    _drop_files(application, question)
    form = form_of(application)
    keep_answers(application=application, form=form, values={question.name: None}, by_id=actor.person_id, now=now)
    application.saved_at = now
    record(
        actor=actor,
        action="application:remove_file",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"question": question.name},
    )
    db.session.flush()


def _drop_files(application: Application, question: Question) -> None:
    db.session.execute(
        delete(Attachment).where(Attachment.application_id == application.id, Attachment.question == question.name)
    )
    db.session.expire(application, ["attachments"])
