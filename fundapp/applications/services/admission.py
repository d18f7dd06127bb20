"""What stands between somebody and a call: its first questions, organisations that it bars, no way to come back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fundapp.accounts import queries as accounts
from fundapp.applications.form_engine.answers import Answer, Typed, facts, read_answer
from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question, Role
from fundapp.applications.form_engine.eligibility import first_questions, is_barred
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.models import Application, Call
from fundapp.applications.queries.barring import any_reviews, reads_for
from fundapp.applications.queries.entering import is_let_in
from fundapp.applications.services.drafts import filling_of, surroundings_of, terms_of
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import lazy_gettext as _l

BARRED: Final = _l("Organisations that work closely with the fund can't apply to this call, so that it stays fair.")

NO_WAY_BACK: Final = _l(
    "Keep this draft first: give an address, or take a reference and seven words. Else no answer could reach you."
)


READS_ITSELF: Final = _l(
    "Somebody who reads for this call belongs to this organisation, so it can't apply to this call. If that is a"
    " mistake, write to us."
)

REVIEWERS_DO_NOT_APPLY: Final = _l(
    "Whoever reviews for this call can't apply to it. If you want to apply, ask those who run the call: they can take"
    " you off the panel, or let you apply all the same."
)


class Barred(Conflict):
    """The call bars this organisation; `message` says why."""


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
        _unanswered(filling, question, language)
        for question in asked
        if read[question.name] is None and filling.is_asked(question.name)
    ]
    problems = filling.problems(terms_of(call), submitting=False, language=language)
    wrong = [each for each in problems if each.field in answers]
    fields = {problem.field for problem in wrong}
    against = [each for each in filling.ineligible(language) if each.field not in fields]
    return FirstAnswers(answers, [*unanswered, *wrong], against)


def _unanswered(filling: Filling, question: Question, language: str) -> Problem:
    # A box that is not ticked is the "no" of its question, so it says why as every other "no" does.
    is_box = question.kind is Kind.ACKNOWLEDGE
    why = filling.text(question.ineligible_message, question.name, language) if is_box else ""
    return Problem(why or _l("Answer this question."), field=question.name)


def why_barred(
    call: Call, *, organisation_id: UUID | None, names: Sequence[str], emails: Sequence[str], people: Collection[UUID]
) -> str | None:
    """Say why a call bars an organisation, somebody with one of these names or addresses, or one of the `people` who
    apply; None where it does not.
    """
    if not call.applicants_review and any_reviews(call, people):
        return REVIEWERS_DO_NOT_APPLY
    if is_barred(call.barred_names, call.barred_domains, names=names, emails=emails):
        return BARRED
    if call.bars_reviewers_organisation and reads_for(
        call, organisation_id=organisation_id, names=names, emails=emails
    ):
        return READS_ITSELF
    return None


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
    names = [known.organisation, organisation]
    people = {application.person_id, *(person.id for person in holders)}
    barred = why_barred(call, organisation_id=application.organisation_id, names=names, emails=emails, people=people)
    if barred is not None:
        question = form.with_role(Role.ORGANISATION)
        against.append(Problem(barred, field=question.name if question else None))
    if against and not is_let_in(application):
        problems += against
    return problems
