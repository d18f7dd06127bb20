"""What stands between somebody and a call: its first questions, organisations that it bars, no way to come back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fundapp.accounts import queries as accounts
from fundapp.applications.form_engine.answers import Answer, Typed, facts, read_answer
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.form_engine.eligibility import first_questions, is_barred
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Application, Call
from fundapp.applications.queries.entering import is_let_in
from fundapp.applications.services.drafts import filling_of, surroundings_of, terms_of
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import lazy_gettext as _l

BARRED: Final = _l("Organisations that work closely with the fund can't apply to this call, so that it stays fair.")

NO_WAY_BACK: Final = _l(
    "Keep this draft first: give an address, or take a reference and seven words. Else no answer could reach you."
)


class Barred(Conflict):
    """The call bars this organisation."""

    def __init__(self) -> None:
        super().__init__(BARRED)


@dataclass(frozen=True)
class FirstAnswers:
    """What was answered before anything else: what of it has to be answered again, and what speaks against applying."""

    answers: Mapping[str, Answer]
    wrong: list[Problem]
    ineligible: list[Problem]


def first_answers(
    *, call: Call, form: FormDefinition, typed: Mapping[str, Typed], language: str, now: datetime
) -> FirstAnswers:
    """Look at the answers to a call's first questions. Nothing is stored: there is nobody yet to store it for."""
    asked = first_questions(form)
    read = {
        question.name: read_answer(question, typed.get(question.name, ""), language=language, currency=call.currency)
        for question in asked
    }
    answers = {name: answer for name, answer in read.items() if answer is not None}
    filling = Filling(form, answers, surroundings_of(call, now, language))
    unanswered = [
        Problem(_l("Answer this question."), field=name)
        for name, answer in read.items()
        if answer is None and filling.is_asked(name)
    ]
    problems = filling.problems(terms_of(call), submitting=False, language=language)
    wrong = [each for each in problems if each.field in answers]
    fields = {problem.field for problem in wrong}
    against = [each for each in filling.ineligible(language) if each.field not in fields]
    return FirstAnswers(answers, [*unanswered, *wrong], against)


def bars(call: Call, *, names: Iterable[str], emails: Iterable[str]) -> bool:
    """Say whether a call bars somebody with one of these names or addresses."""
    return is_barred(call.barred_names, call.barred_domains, names=names, emails=emails)


def in_the_way(application: Application, form: FormDefinition, *, language: str, now: datetime) -> list[Problem]:
    """Return what keeps a draft from being sent besides its answers: nobody can come back to it, the call's conditions
    do not hold, or the call bars its organisation; a manager may have let it in in spite of those two.
    """
    problems = []
    call = application.call
    holders = accounts.holders(application.organisation_id)
    if holders and all(person.begin_key is not None for person in holders):
        problems.append(Problem(NO_WAY_BACK))
    filling = filling_of(application, form, now=now)
    against = filling.ineligible(language)
    known = facts(form, filling.answers, call.currency)
    organisation = application.organisation.name if application.organisation else ""
    emails = [known.email, *(person.email for person in holders)]
    if bars(call, names=[known.organisation, organisation], emails=emails):
        question = form.with_role(Role.ORGANISATION)
        against.append(Problem(BARRED, field=question.name if question else None))
    if against and not is_let_in(application):
        problems += against
    return problems
