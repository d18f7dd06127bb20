"""The form of a report: that of the house, which is short and can be spoken, and what another one may not ask."""

from collections.abc import Sequence
from typing import Final

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question, Sensitivity
from fundapp.core.errors import Problem
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, in_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

MOST_QUESTIONS: Final = 40
MOST_CHARACTERS: Final = 4_000


def house_form(languages: Sequence[str]) -> FormDefinition:
    """Return the form of the house in the languages of a call: three questions, each to be written or spoken."""
    labels: dict[str, dict[str, str]] = {"done": {}, "changed": {}, "advice": {}}
    languages = [code for code in languages if code in LANGUAGES] or [DEFAULT_LANGUAGE]
    for code in languages:
        with in_language(code):
            labels["done"][code] = _("What did you do with the money, and what came of it?")
            labels["changed"][code] = _("Did anything turn out other than you had planned?")
            labels["advice"][code] = _("What should we do better?")
    questions = tuple(
        Question(
            name=name,
            kind=Kind.TEXT,
            label=texts,
            required=name == "done",
            multiline=True,
            max_characters=MOST_CHARACTERS,
            spoken=True,
        )
        for name, texts in labels.items()
    )
    return FormDefinition("", "report", "1", tuple(languages), languages[0], (), questions)


def report_form_problems(form: FormDefinition) -> list[Problem]:
    """Return what a form for reports asks that no report can be asked: it is short, and never about an account."""
    problems = [
        Problem(_l("A report is light: it asks each question once."), place=group.name)
        for group in form.groups
        if group.is_repeat
    ]
    for question in form.questions:
        if question.role is not None or question.party is not None or question.category:
            message = _l("Only the form for applying can say what an answer stands for.")
            problems.append(Problem(message, place=question.name))
        if question.sensitivity is Sensitivity.PAYEE:
            message = _l("Where money goes is asked on a page of its own, and never in a report.")
            problems.append(Problem(message, place=question.name))
    asked = sum(question.takes_answer for question in form.questions)
    if not asked:
        problems.append(Problem(_l("This form asks nothing.")))
    if asked > MOST_QUESTIONS:
        problems.append(Problem(_l("A report is light: it asks at most %(most)s questions.", most=MOST_QUESTIONS)))
    return problems
