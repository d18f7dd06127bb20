"""Keeping what was typed into a draft, whatever is wrong with it, and without taking anybody else's words away.

A page carries a mark of each answer that it shows. What is saved is compared with it answer by answer: whoever left an
answer as it was changes nothing, whoever changed one that nobody else changed has it stored, and where two have changed
the same one the stored text stays and the other is told.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import base
from fundapp.applications.form_engine.answers import Answer, Typed, read_answer
from fundapp.applications.form_engine.definition import FormDefinition, Question, Sensitivity
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Application
from fundapp.applications.queries.applicant import may_send
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.drafts import (
    draft_problems,
    filling_of,
    form_of,
    lock_draft,
    problems_in,
    surroundings_of,
)
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed, Problem
from fundapp.core.i18n import lazy_gettext as _l

NO_ANSWER: Final = "-"
_MARK_DIGITS: Final = 10


@dataclass(frozen=True)
class Saved:
    """What came of saving, by key of answer.

    `conflicts` holds what is stored (None: nothing) where somebody else changed the same answer; `refused` what is
    wrong with payee details, which are never stored as typed. Neither was saved. `problems` are those of the rest.
    """

    problems: list[Problem] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    conflicts: Mapping[str, Answer | None] = field(default_factory=dict)


def mark(answer: Answer | None) -> str:
    """Return a short text that is another one for another answer."""
    if answer is None:
        return NO_ANSWER
    canonical = json.dumps(answer, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:_MARK_DIGITS]


def marks_of(application: Application, keys: Iterable[str]) -> dict[str, str]:
    """Return the marks of the stored answers with these keys."""
    clear = clear_answers(application)
    return {key: mark(clear.get(key)) for key in keys}


def save_draft(
    *,
    actor: Actor,
    application: Application,
    typed: Mapping[str, Typed],
    seen: Mapping[str, str],
    language: str,
    now: datetime,
    take_out: Collection[str] = (),
    sent_before: Mapping[str, Typed] | None = None,
) -> Saved:
    """Keep what was typed, right or wrong, before or after the deadline, except where somebody else was faster.

    `typed` holds fields by the keys of their answers, `seen` the marks that the page carried for them, `sent_before`
    what the same page sent for them already without hearing whether it arrived. An empty payee field keeps what is
    stored, because no page can show it; `take_out` names those to forget. Keys that the form does not have,
    or fills in itself, are left out. Raises NotAllowed, and Conflict for questions that are not open any more.
    """
    lock_draft(actor, application, keys=typed, now=now)
    form = form_of(application)
    clear = clear_answers(application)
    before_it = Filling(form, clear, surroundings_of(application.call, now, application.language))
    asked = {
        key: question
        for key in typed
        if (question := form.question_at(key)) and question.takes_answer and not before_it.is_readonly(base(key))
    }
    payee = {key for key, question in asked.items() if question.sensitivity is Sensitivity.PAYEE}
    if payee and not may_send(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can say where money goes."))

    def read(texts: Mapping[str, Typed]) -> dict[str, Answer | None]:
        currency = application.call.currency
        return {
            key: read_answer(question, texts[key], language=language, currency=currency)
            for key, question in asked.items()
            if key in texts
        }

    values, before = read(typed), read(sent_before or {})
    for key in payee:
        if values[key] is None and key not in take_out:
            values[key] = clear.get(key)
    refused = _payee_problems(application, form, asked, {**clear, **values}, language=language, now=now)
    wrong = {problem.field for problem in refused}
    acceptable = {key: value for key, value in values.items() if key not in wrong}
    changes, conflicts = compared(acceptable, clear, seen, before)
    filling = Filling(form, {**clear, **changes}, surroundings_of(application.call, now, application.language))
    _keep(actor, application, {**changes, **filling.to_keep()}, now)
    problems = draft_problems(application, form, submitting=False, language=language, now=now)
    return Saved([problem for problem in problems if problem.field in values], refused, conflicts)


def add_row(*, actor: Actor, application: Application, repeat: str, now: datetime) -> int:
    """Add an empty row to a repeat; return its number. Raises Conflict where the applicant can't, or it is full."""
    lock_draft(actor, application, keys=[repeat], now=now)
    row, changes = filling_of(application, form_of(application), now=now).row_added(repeat)
    _keep(actor, application, changes, now)
    return row


def remove_row(*, actor: Actor, application: Application, repeat: str, row: int, now: datetime) -> None:
    """Take a row out of a repeat, with all that stands in it. Raises Conflict where the applicant can't."""
    lock_draft(actor, application, keys=[repeat], now=now)
    _keep(actor, application, filling_of(application, form_of(application), now=now).row_removed(repeat, row), now)


def compared(
    values: Mapping[str, Answer | None],
    stored: Mapping[str, Answer],
    seen: Mapping[str, str],
    before: Mapping[str, Answer | None],
) -> tuple[dict[str, Answer | None], dict[str, Answer | None]]:
    """Return what is to be stored, and what is stored where somebody else changed the same answer."""
    changes, conflicts = {}, {}
    for key, value in values.items():
        there, known = stored.get(key), seen.get(key) or NO_ANSWER
        if value == there or mark(value) == known:
            continue  # as it is stored, or as the page showed it: nobody changed it here
        if mark(there) == known or (key in before and there == before[key]):
            changes[key] = value
        else:
            conflicts[key] = there
    return changes, conflicts


def _payee_problems(
    application: Application,
    form: FormDefinition,
    asked: Mapping[str, Question],
    answers: Mapping[str, Answer],
    *,
    language: str,
    now: datetime,
) -> list[Problem]:
    """Return what is wrong with payee details that were just typed: once stored, nobody here can check them."""
    payee = {key for key, question in asked.items() if question.sensitivity is Sensitivity.PAYEE}
    if not payee:
        return []
    problems = problems_in(application.call, form, answers, submitting=False, language=language, now=now)
    return [problem for problem in problems if problem.field in payee]


def _keep(actor: Actor, application: Application, changes: Mapping[str, Answer | None], now: datetime) -> None:
    """Store changed answers, if there are any, and say so in the record."""
    if changes:
        keep_answers(application=application, form=form_of(application), values=changes, by_id=actor.person_id, now=now)
        record(
            actor=actor,
            action="application:save",
            subject=application,
            now=now,
            call_id=application.call_id,
            data={"questions": sorted(changes)},
        )
    application.saved_at = now
    db.session.flush()
