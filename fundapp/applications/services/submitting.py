"""Sending an application in: once, before the deadline, whole."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.organisations import name_organisation
from fundapp.accounts.services.people import tell, write_to
from fundapp.applications.answers import Facts, facts
from fundapp.applications.form_definition import FormDefinition, Role
from fundapp.applications.models import Application, ApplicationStatus, Call, Category, Entry, Submission
from fundapp.applications.queries.applicant import holders_of, may_send
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.drafts import draft_problems, fingerprint, form_of, lock, require_open
from fundapp.applications.transitions import APPLICATION
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition


def submit_application(
    *, actor: Actor, application: Application, seen: str, language: str, now: datetime
) -> Submission:
    """Send an application in and mail the receipt; sending the same again gives the same submission.

    `seen` is the `fingerprint` of all answers as they were shown for checking. Raises Conflict when others are stored,
    when the call takes no applications at `now`, or when something else was sent already; RuleViolations with all that
    is missing or wrong; NotAllowed for somebody who may only write. Nothing is changed then.
    """
    actor.require(P.APPLICATION_WRITE)
    if not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can send its application."))
    lock(application)
    if fingerprint(application.answers) != seen:
        raise Conflict(_l("The answers were changed after this page was made. Please check them again."))
    if application.status is not ApplicationStatus.DRAFT:
        db.session.expire(application, ["submissions"])
        return application.submissions[-1]
    call = application.call
    require_open(call, now, application)
    form = form_of(application)
    if problems := submission_problems(application, form, language=language, now=now):
        raise RuleViolations(problems)
    submission = register_submission(actor=actor, application=application, form=form, now=now)
    _mail_receipt(application, submission, now)
    return submission


def submission_problems(
    application: Application, form: FormDefinition, *, language: str, now: datetime
) -> list[Problem]:
    """Return everything that stands between a draft and sending it; `Problem.field` is the question's name."""
    return [
        *draft_problems(application, form, submitting=True, language=language, now=now),
        *_category_problems(application, form),
    ]


def register_submission(*, actor: Actor, application: Application, form: FormDefinition, now: datetime) -> Submission:
    """Give a complete draft its reference, entries and frozen copy, however it reached us.

    The caller has checked the answers and holds the permission to send them. Raises InvalidTransition unless it is a
    draft.
    """
    call = application.call
    known = facts(form, clear_answers(application), call.currency)
    if application.organisation is not None:
        name_organisation(actor=actor, organisation=application.organisation, name=known.organisation, now=now)
    reference = next_reference(call.id)
    content_sha256 = fingerprint(
        {
            "call": call.slug,
            "reference": reference,
            "form": application.form_version.sha256,
            "answers": application.answers,
        }
    )
    apply_transition(
        APPLICATION,
        application,
        "submit",
        actor=actor,
        now=now,
        call_id=call.id if actor.is_system else None,
        evidence={"submitted_at": now, "reference": reference},
        data={"reference": reference, "content_sha256": content_sha256},
    )
    submission = Submission(
        application_id=application.id,
        number=1,
        form_version_id=application.form_version_id,
        answers=application.answers,
        content_sha256=content_sha256,
        submitted_by_id=actor.person_id,
        submitted_at=now,
    )
    db.session.add(submission)
    db.session.add_all(_entries(application, call, known, now))
    db.session.flush()
    return submission


def next_reference(call_id: UUID) -> str:
    """Take the next reference of a call ("GJF-2020-0042"); the database counts, so that no two are alike."""
    prefix, number = db.session.execute(
        update(Call)
        .where(Call.id == call_id)
        .values(last_reference=Call.last_reference + 1)
        .returning(Call.reference_prefix, Call.last_reference)
    ).one()
    return f"{prefix}-{number:04d}"


def _entries(application: Application, call: Call, known: Facts, now: datetime) -> list[Entry]:
    chosen: list[Category | None] = [each for each in call.categories if each.code in known.categories]
    return [
        Entry(
            application_id=application.id,
            call_id=call.id,
            category_id=category.id if category else None,
            requested_minor=None if category and category.award_minor is not None else known.amount_minor,
            created_at=now,
        )
        for category in (chosen or [None])
    ]


def _category_problems(application: Application, form: FormDefinition) -> list[Problem]:
    """A form may offer a category that the call does not have, or ask for none: neither makes an entry."""
    codes = {category.code for category in application.call.categories}
    chosen = set(application.category_codes)
    question = form.with_role(Role.CATEGORIES)
    is_missing_answer = not chosen and question is not None and question.required
    if not codes or is_missing_answer or (chosen and chosen <= codes):
        return []
    return [Problem(_l("Choose a category of this call."), field=question.name if question else None)]


def _mail_receipt(application: Application, submission: Submission, now: datetime) -> None:
    """Mail the holders what was received; of a protected application only that there is something to read."""
    receipt = {
        "application_id": str(application.id),
        "reference": application.reference,
        "submitted_at": now.isoformat(),
        "time_zone": application.call.time_zone,
        "content_sha256": submission.content_sha256,
    }
    for person in holders_of(application):
        if application.is_protected:
            tell(person, template="news", path=f"/applications/{application.id}", now=now)
        else:
            write_to(person, template="receipt", data=receipt, now=now, language=application.language)
