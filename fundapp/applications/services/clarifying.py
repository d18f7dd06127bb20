"""Questions about an application that was sent: staff ask, its people answer, and both become part of it."""

from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, ApplicationStatus, CallStatus, Clarification
from fundapp.applications.queries.applicant import holders_of, may_send
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import count_characters

MAX_QUESTION_CHARACTERS: Final = 2_000
MAX_ANSWER_CHARACTERS: Final = 10_000
MOST: Final = 50
"""Questions about one application; whoever has more to ask should talk with its people."""


def ask_about(
    *, actor: Actor, application: Application, question: str, for_reviewers: bool, now: datetime
) -> Clarification:
    """Ask the people of an application something; they get a mail that there is news.

    Raises RuleViolations (field question), Conflict for one that is withdrawn or decided, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, application.call_id)
    question = checked_text(question, "question", MAX_QUESTION_CHARACTERS, _l("Write the question."))
    require_running(application)
    lock_for_staff(application)
    if len(application.clarifications) >= MOST:
        raise Conflict(_l("So many questions were asked about this application that no more can be."))
    asked = Clarification(
        application_id=application.id,
        number=len(application.clarifications) + 1,
        for_reviewers=for_reviewers,
        asked_by_id=actor.person_id,
        asked_at=now,
        question=question,
    )
    db.session.add(asked)
    db.session.flush()
    db.session.expire(application, ["clarifications"])
    record(
        actor=actor,
        action="application:ask",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"number": asked.number},
    )
    tell_holders(application, now)
    return asked


def answer_question(*, actor: Actor, clarification: Clarification, answer: str, now: datetime) -> None:
    """Answer a question once; from then on the answer is part of the application.

    Raises RuleViolations (field answer), Conflict when it was answered or can't be any more, and NotAllowed for
    somebody who may only write.
    """
    application = clarification.application
    actor.require(P.APPLICATION_WRITE)
    if not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can answer for it."))
    answer = checked_text(answer, "answer", MAX_ANSWER_CHARACTERS, _l("Write your answer."))
    require_running(application)
    lock_row(clarification)
    if clarification.answered_at is not None:
        raise Conflict(_l("This question was answered already, and the first answer stands."))
    clarification.answer = answer
    clarification.answered_by_id, clarification.answered_at = actor.person_id, now
    db.session.flush()
    record(
        actor=actor,
        action="application:answer",
        subject=application,
        now=now,
        data={"number": clarification.number},
    )


def checked_text(text: str, field: str, most: int, missing: str) -> str:
    """Return a text, trimmed. Raises RuleViolations when there is none, or too much of it."""
    text = text.strip()
    if not text:
        raise RuleViolations([Problem(missing, field=field)])
    if (count := count_characters(text)) > most:
        message = _l("Use at most %(most)s characters: there are %(count)s.", most=most, count=count)
        raise RuleViolations([Problem(message, field=field)])
    return text


def require_running(application: Application) -> None:
    """Raise Conflict for an application that nothing can be asked of any more."""
    if application.status is ApplicationStatus.WITHDRAWN:
        raise Conflict(_l("This application was withdrawn."))
    if application.call.status is CallStatus.DECIDED:
        raise Conflict(_l("This call is decided. Nothing can be asked or answered any more."))


def lock_for_staff(application: Application) -> None:
    """Lock an application while something is added to it, and read again what others have added."""
    db.session.flush()
    db.session.refresh(application, ["status", "version"], with_for_update={"of": Application})
    db.session.expire(application, ["clarifications", "reopenings", "submissions"])


def tell_holders(application: Application, now: datetime) -> None:
    """Tell those who hold an application that something waits for them, never what."""
    for person in holders_of(application):
        tell(person, template="news", path=f"/applications/{application.id}", now=now)
