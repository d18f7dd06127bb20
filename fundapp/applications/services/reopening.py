"""Opening questions of an application again, to correct what was sent or to add to it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.models import (
    Application,
    Reopening,
    ReopeningKind,
    Stage,
)
from fundapp.applications.services.clarifying import checked_text, lock_for_staff, require_running, tell_holders
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_MESSAGE_CHARACTERS: Final = 2_000
LONGEST: Final = timedelta(days=90)
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
    problems = date_problems(closes_at, now)
    if not questions or not known.keys() >= set(questions):
        problems.append(Problem(_l("Choose at least one question of the form."), field="questions"))
    elif application.review_began_at is not None and {known[name].role for name in questions} & _ENTERED:
        problems.append(
            Problem(_l("The amount and the categories can't change any more: reading has begun."), field="questions")
        )
    if problems:
        raise RuleViolations(problems)
    return open_questions(
        actor=actor,
        application=application,
        kind=ReopeningKind.CORRECTION,
        stage=None,
        questions=list(questions),
        message=message,
        closes_at=closes_at,
        now=now,
    )


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


def open_questions(
    *,
    actor: Actor,
    application: Application,
    kind: ReopeningKind,
    stage: Stage | None,
    questions: list[str],
    message: str,
    closes_at: datetime,
    now: datetime,
) -> Reopening:
    """Open questions of a sent application until an instant (exclusive), and tell its people that there is news.

    Raises RuleViolations (field message), and Conflict when it was not sent or something of it is open already.
    """
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
        stage_id=stage.id if stage else None,
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


def date_problems(closes_at: datetime, now: datetime) -> list[Problem]:
    """Return what stands against opening questions until an instant."""
    if closes_at <= now:
        return [Problem(_l("Choose a day that is not over yet."), field="closes_on")]
    if closes_at > now + LONGEST:
        message = _l("Choose a day within %(days)s days.", days=LONGEST.days)
        return [Problem(message, field="closes_on")]
    return []
