"""Keeping what was typed into a draft, whatever is wrong with it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.answers import (
    Answer,
    Typed,
    read_answer,
)
from fundapp.applications.form_definition import FormDefinition
from fundapp.applications.models import Application
from fundapp.applications.queries.applicant import may_send
from fundapp.applications.sealed_answers import clear_answers, keep_answers
from fundapp.applications.services.drafts import (
    draft_problems,
    fingerprint,
    form_of,
    lock_draft,
    payee_names,
    problems_in,
    stored_answers,
)
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


class ChangedElsewhere(Conflict):
    """The stored answers are not those that the sender of these had seen; `stored` holds those that differ."""

    def __init__(self, stored: Mapping[str, Answer | None]) -> None:
        super().__init__(_l("These answers were changed in another window or by somebody else."))
        self.stored = stored


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
    details that are wrong, which are never stored as typed; Conflict for questions that are not open any more.
    """
    lock_draft(actor, application, keys=typed, now=now)
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


def _payee_problems(
    application: Application, form: FormDefinition, answers: Mapping[str, Answer], *, language: str, now: datetime
) -> list[Problem]:
    """Return what is wrong with payee details that were just typed: once stored, nobody here can check them."""
    payee = payee_names(form)
    problems = problems_in(application.call, form, answers, submitting=False, language=language, now=now)
    return [problem for problem in problems if problem.field in payee]
