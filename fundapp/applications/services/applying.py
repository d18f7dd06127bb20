"""What an applicant does before sending: ask for a link, start, save, attach."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import delete

from fundapp.accounts.models import Organisation, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.queries import organisations_held
from fundapp.accounts.rules import checked_email
from fundapp.accounts.services.links import request_sign_in
from fundapp.accounts.services.organisations import make_organisation
from fundapp.accounts.services.people import ensure_person, write_to_address
from fundapp.applications.answers import (
    Answer,
    Terms,
    Typed,
    problems_of,
    read_answer,
)
from fundapp.applications.form_definition import FormDefinition, Kind, Question, Role, Sensitivity
from fundapp.applications.models import Application, ApplicationStatus, Attachment, Call
from fundapp.applications.queries.applicant import invitation_for, is_invited, may_send, may_write, own_application_in
from fundapp.applications.queries.public import current_form
from fundapp.applications.rules import Opening, content_type_of, file_problems, opening
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.protection import protect_own, protect_with_call
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import Record, record_of
from fundapp.core.storage import Storage
from fundapp.core.text import TextError, clean_text

ANOTHER: Final = "another"
"""In place of an organisation's id: one that is not here yet."""


class ChangedElsewhere(Conflict):
    """The stored answers are not those that the sender of these had seen; `stored` holds those that differ."""

    def __init__(self, stored: Mapping[str, Answer | None]) -> None:
        super().__init__(_l("These answers were changed in another window or by somebody else."))
        self.stored = stored


def request_start(
    *, call: Call, email: str, secret_key: str, next_path: str, language: str, now: datetime, browser: str = ""
) -> None:
    """Mail a link with which an address can start or go on with an application.

    Each address gets one mail and the same answer on screen; one that was not invited, or whose account is closed,
    reads so in the mail. Raises RuleViolations for something that is no address.
    """
    address = checked_email(email)
    if not is_invited(call=call, email=address):
        path = "/" if call.is_protected else next_path  # even the name of a protected call says too much
        write_to_address(address, template="not_invited", data={"path": path}, now=now, language=language)
        return
    ensure_person(email=address, now=now, language=language)
    request_sign_in(
        email=address, secret_key=secret_key, now=now, next_path=next_path, language=language, browser=browser
    )


def start_application(
    *, actor: Actor, call: Call, language: str, now: datetime, protected: bool = False, organisation: str = ""
) -> Application:
    """Return the application of the actor's organisation in a call, made if there is none: twice makes one draft.

    It is protected from the start in a protected call, and where its people ask for it. `organisation` is the id of one
    that the actor holds, or ANOTHER; "" will do for somebody who holds one or none.

    Raises Conflict while the call takes no applications, NotAllowed for an address that was not invited, RuleViolations
    where it is not clear for which organisation.
    """
    actor.require(P.APPLICATION_WRITE)
    person = db.session.get_one(Person, actor.person_id, with_for_update=True)
    existing = own_application_in(actor=actor, call=call)
    if existing is not None:
        return existing
    require_open(call, now)
    if not is_invited(call=call, email=person.email):
        raise NotAllowed(
            P.APPLICATION_WRITE,
            _l("This call is by invitation. Sign in with the address to which the invitation was sent."),
        )
    theirs = _organisation_for(actor, person, organisation, now)
    existing = own_application_in(actor=actor, call=call)  # somebody else of it may have been faster
    if existing is not None:
        return existing
    form_version = current_form(call)
    form = FormDefinition.from_json(form_version.definition)
    application = Application(
        call=call,
        form_version=form_version,
        person_id=person.id,
        organisation_id=theirs.id,
        language=language,
        answers={},
        category_codes=[],
        started_at=now,
        saved_at=now,
    )
    db.session.add(application)
    known = _known_answers(form, call, person)
    keep_answers(application=application, form=form, values=known, by_id=person.id, now=now)
    db.session.flush()
    record(actor=actor, action="application:start", subject=application, now=now, call_id=call.id)
    db.session.flush()
    if call.is_protected:
        protect_with_call(actor=actor, application=application, now=now)
    elif protected:
        protect_own(actor=actor, application=application, now=now)
    return application


def _organisation_for(actor: Actor, person: Person, chosen: str, now: datetime) -> Organisation:
    """Return the organisation that a new application is for, locked, so that it starts one at a time."""
    held = {str(each.id): each for each in organisations_held(person.id)}
    if not held or chosen == ANOTHER:
        return make_organisation(actor=actor, holder=person, now=now)
    found = held.get(chosen) or (next(iter(held.values())) if len(held) == 1 and not chosen else None)
    if found is None:
        raise RuleViolations([Problem(_l("Choose for which organisation you apply."), field="organisation")])
    return db.session.get_one(Organisation, found.id, with_for_update=True)


def save_draft(
    *,
    actor: Actor,
    application: Application,
    typed: Mapping[str, Typed],
    seen: str,
    language: str,
    now: datetime,
    take_out: Collection[str] = (),
) -> list[Problem]:
    """Keep what was typed, right or wrong, before or after the deadline; return what will have to be put right.

    `typed` holds the fields of one page by question name, `seen` the `fingerprint` of their stored answers when the
    page was made. An empty payee field keeps what is stored, because no page can show it; `take_out` names those to
    forget. Raises ChangedElsewhere, and changes nothing, when other answers were stored since; RuleViolations for payee
    details that are wrong, which are never stored as typed; Conflict once the application was sent.
    """
    _lock_draft(actor, application)
    form = form_of(application)
    currency = application.call.currency
    values = {
        question.name: read_answer(question, typed[question.name], language=language, currency=currency)
        for question in form.questions
        if question.name in typed
    }
    if payee_names(form) & values.keys() and not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can say where money goes."))
    clear = clear_answers(application)
    for name in payee_names(form) & values.keys():
        if values[name] is None and name not in take_out:
            values[name] = clear.get(name)
    if wrong := _payee_problems(application, form, {**clear, **values}, language=language, now=now):
        raise RuleViolations(wrong)
    stored = {name: clear.get(name) for name in values}
    if values != stored:
        if fingerprint(stored_answers(application, values)) != seen:
            raise ChangedElsewhere({name: stored[name] for name in values if values[name] != stored[name]})
        keep_answers(application=application, form=form, values=values, by_id=actor.person_id, now=now)
        record(
            actor=actor,
            action="application:save",
            subject=application,
            now=now,
            call_id=application.call_id,
            data={"questions": sorted(name for name in values if values[name] != stored[name])},
        )
    application.saved_at = now
    db.session.flush()
    problems = draft_problems(application, form, submitting=False, language=language, now=now)
    return [problem for problem in problems if problem.field in values]


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
    _lock_draft(actor, application)
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
    _lock_draft(actor, application)
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


def require_open(call: Call, now: datetime) -> None:
    """Raise Conflict, saying why, unless the call takes applications at this instant."""
    match opening(opens_at=call.opens_at, closes_at=call.closes_at, now=now):
        case Opening.NOT_YET:
            raise Conflict(_l("This call is not open yet."))
        case Opening.CLOSED:
            raise Conflict(_l("The deadline of this call has passed. Your text is kept, and nothing was sent."))


def form_of(application: Application) -> FormDefinition:
    """Return the form in the version that an application answers; who gets no mail is not asked for an address."""
    form = FormDefinition.from_json(application.form_version.definition)
    if application.person.email:
        return form
    return replace(form, questions=tuple(each for each in form.questions if each.role is not Role.EMAIL))


def stored_answers(application: Application, names: Iterable[str]) -> dict[str, Answer | None]:
    """Return the answers to some questions as they are stored, sealed or not; None for those without one."""
    return {name: application.answers.get(name) for name in names}


def fingerprint(answers: Mapping[str, Answer | None]) -> str:
    """Return a SHA-256 over answers, the same for the same answers in any order; no answer is like none asked."""
    given = {name: answer for name, answer in answers.items() if answer is not None}
    canonical = json.dumps(given, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def draft_problems(
    application: Application, form: FormDefinition, *, submitting: bool, language: str, now: datetime
) -> list[Problem]:
    """Return what is wrong with the stored answers; when `submitting`, what is missing counts too."""
    answers = clear_answers(application)
    return _problems(application.call, form, answers, submitting=submitting, language=language, now=now)


def _payee_problems(
    application: Application, form: FormDefinition, answers: Mapping[str, Answer], *, language: str, now: datetime
) -> list[Problem]:
    """Return what is wrong with payee details that were just typed: once stored, nobody here can check them."""
    payee = payee_names(form)
    problems = _problems(application.call, form, answers, submitting=False, language=language, now=now)
    return [problem for problem in problems if problem.field in payee]


def payee_names(form: FormDefinition) -> frozenset[str]:
    """Return the names of the questions of a form that ask where money goes."""
    return frozenset(question.name for question in form.questions if question.sensitivity is Sensitivity.PAYEE)


def _problems(
    call: Call, form: FormDefinition, answers: Mapping[str, Answer], *, submitting: bool, language: str, now: datetime
) -> list[Problem]:
    return problems_of(
        form,
        answers,
        Terms(currency=call.currency, ceiling_minor=call.ceiling_minor, max_categories=call.max_categories),
        submitting=submitting,
        language=language,
        today=now.astimezone(ZoneInfo(call.time_zone)).date(),
    )


def _lock_draft(actor: Actor, application: Application) -> None:
    actor.require(P.APPLICATION_WRITE)
    if not may_write(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock(application)
    if application.status is not ApplicationStatus.DRAFT:
        raise Conflict(_l("This application was sent already. What was sent can't be changed."))


def lock(application: Application) -> None:
    """Lock an application's row and read again what others may have changed of it meanwhile."""
    db.session.refresh(application, ["status", "answers", "version"], with_for_update={"of": Application})


def _drop_files(application: Application, question: Question) -> None:
    db.session.execute(
        delete(Attachment).where(Attachment.application_id == application.id, Attachment.question == question.name)
    )
    db.session.expire(application, ["attachments"])


def _known_answers(form: FormDefinition, call: Call, person: Person) -> dict[str, Answer]:
    """Return what is known already, so that nobody types it twice: the address, and the name on the invitation."""
    invitation = invitation_for(call=call, email=person.email)
    known = {
        Role.EMAIL: person.email,
        Role.CONTACT_NAME: person.name,
        Role.ORGANISATION: invitation.organisation_name if invitation else "",
    }
    answers = {}
    for role, text in known.items():
        question = form.with_role(role)
        if question is not None and text:
            answers[question.name] = text
    return answers
