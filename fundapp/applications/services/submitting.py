"""Sending an application in: once, before the deadline, whole; and again, as a new version, while that is open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.organisations import name_organisation
from fundapp.accounts.services.people import tell, write_to
from fundapp.applications.form_engine.answers import Answer, Facts, facts
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.models import Application, ApplicationStatus, Call, Category, Entry, Submission
from fundapp.applications.queries.applicant import holders_of, may_send
from fundapp.applications.sealed_answers import clear_answers, frozen_answers, show_in_lists
from fundapp.applications.services.admission import in_the_way
from fundapp.applications.services.attaching import infected_problems
from fundapp.applications.services.drafts import filling_of, fingerprint, form_of, lock, problems_in
from fundapp.applications.transitions import APPLICATION
from fundapp.applications.window import Window, window_of
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition


def submit_application(
    *, actor: Actor, application: Application, seen: str, language: str, now: datetime
) -> Submission:
    """Send an application in, or a new version of it, and mail the receipt.

    Sending the same again gives the same submission. `seen` is the `fingerprint` of all answers as they were shown for
    checking; `now` is when they arrived. Raises Conflict when others are stored, or when nothing can be sent at `now`;
    RuleViolations with all that is missing or wrong; NotAllowed for somebody who may only write. Nothing is changed
    then.
    """
    actor.require(P.APPLICATION_WRITE)
    if not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can send its application."))
    lock(application)
    if fingerprint(application.answers) != seen:
        raise Conflict(_l("The answers were changed after this page was made. Please check them again."))
    if is_sent_as_it_is(application):
        return application.submissions[-1]
    window = window_of(application, now)
    if not window.may_send:
        raise Conflict(window.refusal)
    form = form_of(application)
    if problems := submission_problems(application, form, language=language, now=now):
        raise RuleViolations(problems)
    submission = register_submission(actor=actor, application=application, form=form, now=now)
    _mail_receipt(application, submission, now)
    return submission


def note_refusal(*, actor: Actor, application: Application, refusal: RuleViolations | Conflict, now: datetime) -> None:
    """Keep that an application arrived at `now` and was not taken, and why: without a word of what it says."""
    fields = sorted({each.field or "" for each in refusal.problems}) if isinstance(refusal, RuleViolations) else []
    record(
        actor=actor,
        action="application:refuse",
        subject=application,
        now=now,
        data={"incomplete": bool(fields), "questions": fields, "arrived_at": now.isoformat()},
    )


def is_sent_as_it_is(application: Application) -> bool:
    """Say whether what counts is just what stands in the working copy."""
    has_gone = application.status in (ApplicationStatus.DRAFT, ApplicationStatus.WITHDRAWN)
    return not has_gone and application.edited_at is None


def submission_problems(
    application: Application, form: FormDefinition, *, language: str, now: datetime
) -> list[Problem]:
    """Return everything that stands between a working copy and sending it; `Problem.field` is the question's name.

    Where only some questions are open, nothing that stands elsewhere in the form stops them.
    """
    window = window_of(application, now)
    found = [
        *problems_in(
            application.call, form, answers_to_send(application, now), submitting=True, language=language, now=now
        ),
        *_category_problems(application, form),
        *infected_problems(application),
        *in_the_way(application, form, language=language, now=now),
    ]
    return [each for each in found if window.reopening is None or each.field is None or window.opens(each.field)]


def answers_to_send(application: Application, now: datetime) -> dict[str, Answer]:
    """Return the clear answers that sending would send at an instant: the open ones, and the others as they count."""
    window, working = window_of(application, now), clear_answers(application)
    return _merged(window, working, clear_answers(application.submissions[-1])) if window.reopening else working


def register_submission(*, actor: Actor, application: Application, form: FormDefinition, now: datetime) -> Submission:
    """Freeze a complete working copy as the version that counts, with its reference and entries, however it reached us.

    The caller has checked the answers and holds the permission to send them. Raises InvalidTransition when it cannot
    be sent in its present status, RuleViolations for a category that cannot be taken out any more.
    """
    call, reopening = application.call, window_of(application, now).reopening
    last = application.submissions[-1] if application.submissions else None
    if reopening is not None and last is not None:
        application.answers = _merged(window_of(application, now), application.answers, last.answers)
    sent = filling_of(application, form, now=now).sent()
    frozen = frozen_answers(application=application, form=form, values=sent, by_id=actor.person_id, now=now)
    known = facts(form, sent, call.currency)
    if application.organisation is not None:
        name_organisation(actor=actor, organisation=application.organisation, name=known.organisation, now=now)
    number, reference = (last.number + 1 if last else 1), application.reference or next_reference(call.id)
    content_sha256 = fingerprint(
        {
            "call": call.slug,
            "reference": reference,
            "version": number,
            "form": application.form_version.sha256,
            "answers": frozen,
        }
    )
    evidence: dict[str, Any] = {"submitted_at": now, "reference": reference, "edited_at": None}
    event = "answer_reopening" if reopening else "send_again" if last else "submit"
    if event == "send_again":
        nobody = {"eligibility_reason": "", "eligibility_by_id": None, "eligibility_at": None}
        evidence |= {**nobody, "withdrawn_at": None, "withdrawal_reason": ""}
    apply_transition(
        APPLICATION,
        application,
        event,
        actor=actor,
        now=now,
        call_id=call.id if actor.is_system else None,
        evidence=evidence,
        data={"reference": reference, "submission": number, "content_sha256": content_sha256},
    )
    submission = Submission(
        number=number,
        form_version_id=application.form_version_id,
        answers=frozen,
        content_sha256=content_sha256,
        submitted_by_id=actor.person_id,
        submitted_at=now,
    )
    application.submissions.append(submission)
    show_in_lists(application, submission, form)
    _enter(application, call, known, now)
    db.session.flush()
    for each in application.reopenings:
        if each.closed_at is None:
            each.submission_id = submission.id if each.is_open(now) else None
            each.closed_at = now
    db.session.flush()
    return submission


def begin_review(*, application: Application, now: datetime) -> None:
    """Note that a reviewer begins to read, or that somebody decides: what they go by changes no more under them.

    Raises Conflict where it is not among the eligible ones any more, because a new version was sent meanwhile.
    """
    db.session.refresh(application, ["status", "version", "review_began_at"], with_for_update={"of": Application})
    if application.status is not ApplicationStatus.ELIGIBLE:
        raise Conflict(_l("This application has changed, and is being checked again. Please look later."))
    if application.review_began_at is None:
        application.review_began_at = now
        db.session.flush()


def next_reference(call_id: UUID) -> str:
    """Take the next reference of a call ("GJF-2020-0042"); the database counts, so that no two are alike."""
    prefix, number = db.session.execute(
        update(Call)
        .where(Call.id == call_id)
        .values(last_reference=Call.last_reference + 1)
        .returning(Call.reference_prefix, Call.last_reference)
    ).one()
    return f"{prefix}-{number:04d}"


def _merged(window: Window, working: Mapping[str, Answer], sent: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the open answers of a working copy among all others as they were sent."""
    stays = {key: answer for key, answer in sent.items() if not window.opens(key)}
    return stays | {key: answer for key, answer in working.items() if window.opens(key)}


def _enter(application: Application, call: Call, known: Facts, now: datetime) -> None:
    """Bring the entries of an application in line with the categories and the amount that were sent."""
    chosen: list[Category | None] = [each for each in call.categories if each.code in known.categories]
    wanted = {category.id if category else None: category for category in (chosen or [None])}
    present = {entry.category_id: entry for entry in application.entries}
    for category_id in present.keys() - wanted.keys():
        _take_out(present[category_id])
    for category_id, category in wanted.items():
        entry = present.get(category_id)
        if entry is None:
            entry = Entry(call_id=call.id, category_id=category_id, stage_id=call.stages[0].id, created_at=now)
            application.entries.append(entry)
        entry.requested_minor = None if category and category.award_minor is not None else known.amount_minor


def _take_out(entry: Entry) -> None:
    """Delete an entry that is not wanted any more. Raises RuleViolations when somebody was asked to read it already."""
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Entry).where(Entry.id == entry.id))
    except IntegrityError as error:
        message = _l("A category can't be taken out any more, because its reading was prepared. Please write to us.")
        raise RuleViolations([Problem(message)]) from error
    db.session.expire(entry.application, ["entries"])


def _category_problems(application: Application, form: FormDefinition) -> list[Problem]:
    """A form may offer a category that the call does not have, or ask for none: neither makes an entry."""
    codes = {category.code for category in application.call.categories}
    chosen = set(facts(form, application.answers, application.call.currency).categories)
    question = form.with_role(Role.CATEGORIES)
    is_missing_answer = not chosen and question is not None and question.required
    if not codes or is_missing_answer or (chosen and chosen <= codes):
        return []
    return [Problem(_l("Choose a category of this call."), field=question.name if question else None)]


def _mail_receipt(application: Application, submission: Submission, now: datetime) -> None:
    """Mail the holders what was received; of a protected application only that there is something to read."""
    receipt = {
        "version": submission.number,
        "application_id": str(application.id),
        "reference": application.reference,
        "submitted_at": submission.submitted_at.isoformat(),
        "time_zone": application.call.time_zone,
        "content_sha256": submission.content_sha256,
    }
    for person in holders_of(application):
        if application.is_protected:
            tell(person, template="news", path=f"/applications/{application.id}", now=now)
        else:
            write_to(person, template="receipt", data=receipt, now=now, language=application.language)
