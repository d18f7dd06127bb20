"""What all work on a draft shares: its form, its stored answers, what is wrong with them, its lock."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.checking import Terms
from fundapp.applications.form_engine.definition import FormDefinition, Role, Sensitivity
from fundapp.applications.form_engine.filling import Filling, Surroundings
from fundapp.applications.models import Application, Call, FormVersion
from fundapp.applications.queries.applicant import may_write
from fundapp.applications.rules import Opening, opening
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.window import window_of
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem
from fundapp.core.i18n import lazy_gettext as _l

_KEPT_FORMS: Final = 64
_FORMS: Final[dict[tuple[str, bool], FormDefinition]] = {}
"""Forms that this process has read, by fingerprint, and by whether an address is asked for."""


def require_open(call: Call, now: datetime, application: Application | None = None) -> None:
    """Raise Conflict, saying why, unless the call takes applications at this instant.

    An `application` may have a later deadline of its own.
    """
    closes_at = application.deadline if application else call.closes_at
    match opening(opens_at=call.opens_at, closes_at=closes_at, now=now):
        case Opening.NOT_YET:
            raise Conflict(_l("This call is not open yet."))
        case Opening.CLOSED:
            raise Conflict(_l("The deadline of this call has passed. Your text is kept, and nothing was sent."))


def form_of(application: Application) -> FormDefinition:
    """Return the form in the version that an application answers; who gets no mail is not asked for an address."""
    return _form(application.form_version, asks_address=bool(application.person.email))


def _form(version: FormVersion, *, asks_address: bool) -> FormDefinition:
    # A form that is read once keeps what was found out about it: see form_engine.rules.rules_of.
    key = (version.sha256, asks_address)
    known = _FORMS.get(key)
    if known is None:
        known = FormDefinition.from_json(version.definition)
        if not asks_address:
            known = replace(known, questions=tuple(each for each in known.questions if each.role is not Role.EMAIL))
        if len(_FORMS) >= _KEPT_FORMS:
            _FORMS.clear()
        _FORMS[key] = known
    return known


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
    return problems_in(application.call, form, answers, submitting=submitting, language=language, now=now)


def payee_names(form: FormDefinition) -> frozenset[str]:
    """Return the names of the questions of a form that ask where money goes."""
    return frozenset(question.name for question in form.questions if question.sensitivity is Sensitivity.PAYEE)


def problems_in(
    call: Call, form: FormDefinition, answers: Mapping[str, Answer], *, submitting: bool, language: str, now: datetime
) -> list[Problem]:
    """Return what is wrong with clear answers by the terms of a call, on the date of its time zone."""
    filling = Filling(form, answers, surroundings_of(call, now, language))
    return filling.problems(terms_of(call), submitting=submitting, language=language)


def filling_of(application: Application, form: FormDefinition, *, now: datetime) -> Filling:
    """Return what the form asks of an application now, by its answers in clear."""
    return Filling(form, clear_answers(application), surroundings_of(application.call, now, application.language))


def surroundings_of(call: Call, now: datetime, language: str = "") -> Surroundings:
    """Return what forms of a call may know besides their answers: the moment by the clock of its time zone."""
    return Surroundings(now.astimezone(ZoneInfo(call.time_zone)), language)


def terms_of(call: Call) -> Terms:
    """Return what a call says about answers."""
    return Terms(currency=call.currency, ceiling_minor=call.ceiling_minor, max_categories=call.max_categories)


def lock_draft(actor: Actor, application: Application, *, keys: Iterable[str], now: datetime) -> None:
    """Lock an application for whoever writes it, to change the answers with these keys.

    Raises NotAllowed for anybody else, Conflict where it was sent and these are not open any more.
    """
    actor.require(P.APPLICATION_WRITE)
    if not may_write(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock(application)
    window = window_of(application, now)
    if not window.may_write:
        raise Conflict(window.refusal)
    if not all(window.opens(key) for key in keys):
        raise Conflict(_l("Only some questions are open now. The others stay as they were sent."))


def lock(application: Application) -> None:
    """Lock an application's row and read again what others may have changed of it meanwhile."""
    names = ["status", "answers", "version", "edited_at", "review_began_at"]
    db.session.refresh(application, names, with_for_update={"of": Application})
    db.session.expire(application, ["reopenings", "submissions"])
