"""Opening questions of an application again: to correct what was sent, or for further papers of the shortlist."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.form_engine.further_papers import hidden_papers, paper_problems, with_papers
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    FormPurpose,
    FormVersion,
    Reopening,
    ReopeningKind,
)
from fundapp.applications.services.clarifying import checked_text, lock_for_staff, require_running, tell_holders
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_MESSAGE_CHARACTERS: Final = 2_000
LONGEST: Final = timedelta(days=90)
MOST_AT_ONCE: Final = 500
"""Applications that are asked for papers in one step."""
_ENTERED: Final = frozenset({Role.AMOUNT, Role.CATEGORIES})


def send_back(
    *,
    actor: Actor,
    application: Application,
    questions: Collection[str],
    message: str,
    closes_at: datetime,
    now: datetime,
) -> Reopening:
    """Open named questions of a sent application until a date, for its people to correct; the others stay as they are.

    `closes_at` is an aware instant, exclusive. Raises RuleViolations (fields questions, message, closes_on), Conflict
    when something is open already, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, application.call_id)
    form = FormDefinition.from_json(application.form_version.definition)
    known = {each.name: each for each in form.questions if each.takes_answer}
    problems = _date_problems(closes_at, now)
    if not questions or not known.keys() >= set(questions):
        problems.append(Problem(_l("Choose at least one question of the form."), field="questions"))
    elif application.review_began_at is not None and {known[name].role for name in questions} & _ENTERED:
        problems.append(
            Problem(_l("The amount and the categories can't change any more: reading has begun."), field="questions")
        )
    if problems:
        raise RuleViolations(problems)
    return _open(actor, application, ReopeningKind.CORRECTION, list(questions), message, closes_at, now)


def close_reopening(*, actor: Actor, application: Application, now: datetime) -> None:
    """Close what was opened before its date: all stays as it was sent. Raises Conflict when nothing is open."""
    actor.require(P.APPLICATION_ASK, application.call_id)
    lock_for_staff(application)
    running = next((each for each in application.reopenings if each.is_open(now)), None)
    if running is None:
        raise Conflict(_l("Nothing of this application is open any more."))
    running.closed_at = now
    db.session.flush()
    record(
        actor=actor,
        action="application:close",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"number": running.number},
    )
    tell_holders(application, now)


def keep_papers_form(
    *, actor: Actor, call: Call, form: FormDefinition, for_reviewers: bool, now: datetime
) -> FormVersion:
    """Keep a call's form for further papers, as a new version where it differs from the last one.

    Raises RuleViolations for what such a form cannot ask, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, call.id)
    asked = [FormDefinition.from_json(version.definition) for version in call.form_versions]
    if problems := paper_problems(form, asked):
        raise RuleViolations(problems)
    return _version_of(actor, call, hidden_papers(form, for_reviewers=for_reviewers), FormPurpose.PAPERS, now)


def papers_form(call: Call) -> FormVersion | None:
    """Return the newest form for further papers of a call, or None."""
    return db.session.scalar(
        select(FormVersion)
        .where(FormVersion.call_id == call.id, FormVersion.purpose == FormPurpose.PAPERS)
        .order_by(FormVersion.number.desc())
        .limit(1)
    )


def ask_for_papers(
    *, actor: Actor, call: Call, applications: Sequence[Application], message: str, closes_at: datetime, now: datetime
) -> list[Reopening]:
    """Ask chosen eligible applications for further papers until a date; all of them, or none.

    `closes_at` is an aware instant, exclusive. Raises RuleViolations (fields applications, message, closes_on) with
    all that stands against it, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, call.id)
    version = papers_form(call)
    problems = _date_problems(closes_at, now)
    if version is None:
        problems.append(Problem(_l("Load the form for further papers first.")))
    if not 0 < len(applications) <= MOST_AT_ONCE:
        message_of = _l("Choose from 1 to %(most)s applications.", most=MOST_AT_ONCE)
        problems.append(Problem(message_of, field="applications"))
    for application in applications:
        lock_for_staff(application)
        if application.status is not ApplicationStatus.ELIGIBLE:
            problems.append(
                Problem(
                    _l("Only eligible applications are asked for papers."),
                    field="applications",
                    place=application.reference or "",
                )
            )
        elif any(each.is_open(now) for each in application.reopenings):
            problems.append(
                Problem(
                    _l("Something else of it is open already."),
                    field="applications",
                    place=application.reference or "",
                )
            )
    if problems or version is None:
        raise RuleViolations(problems)
    papers = FormDefinition.from_json(version.definition)
    names = [question.name for question in papers.questions if question.takes_answer]
    opened = []
    for application in applications:
        whole = with_papers(FormDefinition.from_json(application.form_version.definition), papers)
        application.form_version = _version_of(actor, call, whole, FormPurpose.WITH_PAPERS, now)
        opened.append(_open(actor, application, ReopeningKind.PAPERS, names, message, closes_at, now))
    return opened


def _open(
    actor: Actor,
    application: Application,
    kind: ReopeningKind,
    questions: list[str],
    message: str,
    closes_at: datetime,
    now: datetime,
) -> Reopening:
    message = checked_text(message, "message", MAX_MESSAGE_CHARACTERS, _l("Say what has to be done."))
    require_running(application)
    lock_for_staff(application)
    if application.submitted_at is None:
        raise Conflict(_l("This application was not sent yet."))
    for earlier in application.reopenings:
        if earlier.is_open(now):
            raise Conflict(_l("Something of this application is open already. Close that first."))
        earlier.closed_at = earlier.closed_at or now
    db.session.flush()
    reopening = Reopening(
        application_id=application.id,
        number=len(application.reopenings) + 1,
        kind=kind,
        questions=questions,
        opened_by_id=actor.person_id,
        opened_at=now,
        closes_at=closes_at,
        message=message,
    )
    db.session.add(reopening)
    db.session.flush()
    db.session.expire(application, ["reopenings"])
    record(
        actor=actor,
        action="application:reopen",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={
            "number": reopening.number,
            "outcome": kind.value,
            "questions": questions,
            "closes_at": closes_at.isoformat(),
        },
    )
    tell_holders(application, now)
    return reopening


def _version_of(actor: Actor, call: Call, form: FormDefinition, purpose: FormPurpose, now: datetime) -> FormVersion:
    """Return the version of a call's forms that is just this one, made if there is none."""
    same = select(FormVersion).where(FormVersion.call_id == call.id, FormVersion.sha256 == form.fingerprint)
    known = db.session.scalar(same)
    if known is not None:
        return known
    number = db.session.scalar(
        select(func.max(FormVersion.number)).where(FormVersion.call_id == call.id, FormVersion.purpose == purpose)
    )
    version = FormVersion(
        call_id=call.id,
        purpose=purpose,
        number=(number or 0) + 1,
        definition=form.to_json(),
        sha256=form.fingerprint,
        created_at=now,
    )
    db.session.add(version)
    db.session.flush()
    record(
        actor=actor,
        action="papers:load",
        subject=call,
        now=now,
        call_id=call.id,
        data={"form": form.fingerprint, "purpose": purpose.value},
    )
    return version


def _date_problems(closes_at: datetime, now: datetime) -> list[Problem]:
    if closes_at <= now:
        return [Problem(_l("Choose a day that is not over yet."), field="closes_on")]
    if closes_at > now + LONGEST:
        message = _l("Choose a day within %(days)s days.", days=LONGEST.days)
        return [Problem(message, field="closes_on")]
    return []
