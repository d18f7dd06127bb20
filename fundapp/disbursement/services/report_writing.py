"""Writing and sending a report, by the rules of drafts: what was typed is kept, and nobody's words are taken away."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import base
from fundapp.applications.form_engine.answers import Answer, Typed, read_answer
from fundapp.applications.form_engine.definition import FormDefinition, Question
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Attachment, FileStatus
from fundapp.applications.queries.applicant import may_send, may_write
from fundapp.applications.services.attaching import answer_of_file, checked_file, keep_file
from fundapp.applications.services.drafts import surroundings_of, terms_of
from fundapp.applications.services.saving import Saved, compared
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.storage import Storage
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.models import Report
from fundapp.disbursement.queries.reports import files_sent
from fundapp.disbursement.report_rules import OPEN, ReportWay
from fundapp.disbursement.services.reports import new_sending
from fundapp.disbursement.transitions import REPORT


def filling_of_report(report: Report, form: FormDefinition, now: datetime) -> Filling:
    """Return what a report asks now, by its working copy."""
    application = report.application
    return Filling(form, report.answers, surroundings_of(application.call, now, application.language))


def save_report(
    *,
    actor: Actor,
    report: Report,
    typed: Mapping[str, Typed],
    seen: Mapping[str, str],
    language: str,
    now: datetime,
    sent_before: Mapping[str, Typed] | None = None,
) -> Saved:
    """Keep what was typed, right or wrong, except where somebody else was faster: as `save_draft` does.

    Raises NotAllowed, and Conflict once it was sent or is not needed any more.
    """
    _hold(actor, report)
    form, clear = report.form.form, report.answers
    before_it = filling_of_report(report, form, now)
    asked = {
        key: question
        for key in typed
        if (question := form.question_at(key)) and question.takes_answer and not before_it.is_readonly(base(key))
    }

    def read(texts: Mapping[str, Typed]) -> dict[str, Answer | None]:
        currency = report.award.currency
        return {
            key: read_answer(question, texts[key], language=language, currency=currency)
            for key, question in asked.items()
            if key in texts
        }

    values = read(typed)
    changes, conflicts = compared(values, clear, seen, read(sent_before or {}))
    changed = _with(clear, changes)
    call = report.application.call
    kept = Filling(form, changed, surroundings_of(call, now, report.application.language)).to_keep()
    _keep(actor, report, {**changes, **kept}, now)
    problems = report_problems(report, submitting=False, language=language, now=now)
    return Saved([problem for problem in problems if problem.field in values], [], conflicts)


def attach_to_report(
    *,
    actor: Actor,
    report: Report,
    question: Question,
    key: str,
    filename: str,
    data: bytes,
    storage: Storage,
    now: datetime,
) -> Attachment:
    """Keep a file as the answer with a key, in place of an earlier one that was not sent, and have it looked into.

    Raises RuleViolations naming the key (kind by content, size, name), NoRoom, NotAllowed and Conflict.
    """
    file = checked_file(question, key, filename, data)
    _hold(actor, report)
    attachment = keep_file(
        actor=actor,
        application=report.application,
        file=file,
        key=key,
        kept_as=f"report:{report.id}:{key}",
        storage=storage,
        now=now,
    )
    told = {"report": str(report.id), "stored_as": attachment.stored_as, "size_bytes": attachment.size_bytes}
    record(actor=actor, action="report:attach", subject=attachment, now=now, call_id=report.award.call_id, data=told)
    _drop_unsent(actor, report, key, now)
    _keep(actor, report, {key: answer_of_file(attachment)}, now)
    return attachment


def remove_from_report(*, actor: Actor, report: Report, key: str, now: datetime) -> None:
    """Take the file with a key out of a report. Raises NotAllowed, and Conflict once it was sent."""
    _hold(actor, report)
    _drop_unsent(actor, report, key, now)
    _keep(actor, report, {key: None}, now)


def report_problems(report: Report, *, submitting: bool, language: str, now: datetime) -> list[Problem]:
    """Return what is wrong with the working copy; when `submitting`, what is missing counts too."""
    filling = filling_of_report(report, report.form.form, now)
    problems = filling.problems(terms_of(report.application.call), submitting=submitting, language=language)
    if submitting:
        for key, answer in report.answers.items():
            if _file_of(report, answer, FileStatus.INFECTED) is not None:
                message = _l("A virus was found in this file, so nobody can open it. Choose another file.")
                problems.append(Problem(message, field=key))
    return problems


def send_report(*, actor: Actor, report: Report, language: str, now: datetime) -> None:
    """Send a report as it is saved; sending twice changes nothing.

    Raises RuleViolations with what is missing or wrong, NotAllowed for whoever may only read or write, Conflict where
    it is not needed any more.
    """
    actor.require(P.APPLICATION_WRITE)
    if not may_send(actor=actor, application=report.application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can send its report."))
    _lock(report)
    if report.sendings and report.status not in OPEN:
        return
    _require_open(report)
    if problems := report_problems(report, submitting=True, language=language, now=now):
        raise RuleViolations(problems)
    sent = filling_of_report(report, report.form.form, now).sent()
    data = {"award": str(report.award_id), "number": report.number}
    apply_transition(REPORT, report, "send", actor=actor, now=now, call_id=report.award.call_id, data=data)
    new_sending(actor, report, ReportWay.FORM, now).answers = sent
    db.session.flush()


def _hold(actor: Actor, report: Report) -> None:
    """Hold a report for whoever writes it. Raises NotAllowed, and Conflict where nothing can be written any more."""
    actor.require(P.APPLICATION_WRITE)
    if not may_write(actor=actor, application=report.application):
        raise NotAllowed(P.APPLICATION_WRITE)
    _lock(report)
    _require_open(report)


def _lock(report: Report) -> None:
    """Lock a report's row and read again what others may have sent meanwhile. Raises Conflict where it was erased."""
    lock_row(report)
    db.session.expire(report, ["sendings"])
    if report.application.erased_at is not None:
        raise Conflict(_l("This application was erased. Nothing can be answered any more."))


def _require_open(report: Report) -> None:
    if report.status not in OPEN:
        raise Conflict(_l("This report was sent, or is not needed any more. Nothing more can be written in it."))


def _keep(actor: Actor, report: Report, changes: Mapping[str, Answer | None], now: datetime) -> None:
    """Store changed answers, if there are any, and say so in the record."""
    if not changes:
        return
    report.answers, report.saved_at = _with(report.answers, changes), now
    db.session.flush()
    data = {"award": str(report.award_id), "number": report.number, "questions": sorted(changes)}
    record(actor=actor, action="report:save", subject=report, now=now, call_id=report.award.call_id, data=data)


def _with(answers: Mapping[str, Answer], changes: Mapping[str, Answer | None]) -> dict[str, Answer]:
    return {key: value for key, value in {**answers, **changes}.items() if value is not None}


def _drop_unsent(actor: Actor, report: Report, key: str, now: datetime) -> None:
    """Delete the file that stands under a key, unless it was sent before."""
    file = _file_of(report, report.answers.get(key))
    if file is None or file.id in files_sent(report):
        return
    data = {"report": str(report.id), "question": key}
    record(actor=actor, action="report:remove_file", subject=file, now=now, call_id=report.award.call_id, data=data)
    db.session.delete(file)
    db.session.flush()
    db.session.expire(report.application, ["attachments"])


def _file_of(report: Report, answer: Answer | None, status: FileStatus | None = None) -> Attachment | None:
    if not isinstance(answer, dict) or "attachment" not in answer:
        return None
    wanted = UUID(answer["attachment"])
    files = (each for each in report.application.attachments if each.id == wanted)
    return next((each for each in files if status in (None, each.status)), None)
