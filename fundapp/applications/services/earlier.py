"""What an organisation wrote in its last application, offered again in a new one: never filled in by itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.answers import Answer, is_sealed, is_understood
from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    FILE_KINDS,
    FormDefinition,
    Kind,
    Question,
    Role,
    Sensitivity,
)
from fundapp.applications.form_engine.filling import defaults
from fundapp.applications.models import Application
from fundapp.applications.queries.entering import earlier_application
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.drafts import form_of, lock_draft, surroundings_of
from fundapp.core.audit import record
from fundapp.core.db import db

SAME_FACT: Final = frozenset({Role.ORGANISATION, Role.COUNTRY, Role.REGION, Role.REGISTRATION, Role.CONTACT_NAME})
"""Facts of an organisation, whatever the questions about them are called."""
NOT_AGAIN: Final = frozenset({Role.AMOUNT, Role.CATEGORIES, Role.EMAIL})


@dataclass(frozen=True)
class Earlier:
    """What an earlier application would fill in, in the order of the form."""

    application: Application
    answers: list[tuple[Question, Answer]]


def offered(application: Application) -> Earlier | None:
    """Return what the organisation's last application answers of what is not answered here; None for nothing.

    Where money goes is never among it, nor files, nor what each call asks anew.
    """
    before = earlier_application(application)
    if before is None:
        return None
    form = form_of(application)
    old_form = FormDefinition.from_json(before.form_version.definition)
    # What the form itself filled in is nobody's answer yet.
    begun = defaults(form, surroundings_of(application.call, application.started_at, application.language))
    given = {key: answer for key, answer in clear_answers(application).items() if answer != begun.get(key)}
    old = clear_answers(before)
    found = []
    for question in form.questions:
        if question.name in given or not _may_be_offered(question):
            continue
        source = _source(question, old_form)
        answer = old.get(source.name) if source is not None else None
        if answer is not None and _fits(question, answer):
            found.append((question, answer))
    return Earlier(before, found) if found else None


def use(*, actor: Actor, application: Application, names: Collection[str], now: datetime) -> int:
    """Fill in what was chosen of the earlier answers; return how many. What is answered meanwhile stays.

    Raises NotAllowed for somebody who may not write, Conflict once the application was sent.
    """
    lock_draft(actor, application, keys=names, now=now)
    found = offered(application)
    values = {question.name: answer for question, answer in found.answers if question.name in names} if found else {}
    if values:
        form = form_of(application)
        keep_answers(application=application, form=form, values=values, by_id=actor.person_id, now=now)
        application.saved_at = now
        record(
            actor=actor,
            action="application:save",
            subject=application,
            now=now,
            call_id=application.call_id,
            data={"questions": sorted(values)},
        )
        db.session.flush()
    return len(values)


def _may_be_offered(question: Question) -> bool:
    return (
        question.takes_answer
        and question.kind not in FILE_KINDS
        and question.kind is not Kind.ACKNOWLEDGE  # a promise is made anew
        and question.sensitivity is not Sensitivity.PAYEE
        and question.role not in NOT_AGAIN
        and not question.eligible
    )


def _source(question: Question, old_form: FormDefinition) -> Question | None:
    """Return the question of an earlier form that asks the same: for the same fact, else by name and kind."""
    if question.role in SAME_FACT and question.role is not None:
        source = old_form.with_role(question.role)
    else:
        source = old_form.question(question.name)
        if source is not None and source.role in NOT_AGAIN:
            return None
    return source if source is not None and source.kind is question.kind else None


def _fits(question: Question, answer: Answer) -> bool:
    if is_sealed(answer) or not is_understood(answer):
        return False
    if question.kind not in CHOICE_KINDS:
        return True
    chosen = answer if isinstance(answer, list) else [answer]
    return all(question.choice(name) is not None for name in chosen)
