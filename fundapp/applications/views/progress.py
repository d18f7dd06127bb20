"""How far a draft is, section by section, and what still stands in the way of sending it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from fundapp.applications.answer_form import field_id
from fundapp.applications.filling import Filling
from fundapp.applications.form_definition import FormDefinition, Question, Section
from fundapp.applications.models import Application
from fundapp.applications.presentation.questions import section_title
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.services.drafts import filling_of
from fundapp.core import clock
from fundapp.core.errors import Problem
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext


@dataclass(frozen=True)
class TaskShown:
    """One section in the list of tasks."""

    url: str
    title: Said
    hint: str
    tag: str
    kind: str


@dataclass(frozen=True)
class ProblemShown:
    """One thing to put right, with the place where that is done."""

    label: Said
    message: str
    url: str | None


def task_list(application: Application, form: FormDefinition, problems: Iterable[Problem]) -> list[TaskShown]:
    """Return the sections with how far each is."""
    wrong = {problem.field for problem in problems}
    filling = filling_of(application, form, now=clock.now())
    return [
        _task(application, form, filling, section, number, wrong) for number, section in enumerate(form.sections, 1)
    ]


def problems_shown(application: Application, form: FormDefinition, problems: Iterable[Problem]) -> list[ProblemShown]:
    """Return the problems in the order of the form, each with a link to its field."""
    places = {
        question.name: (question, number)
        for number, section in enumerate(form.sections, 1)
        for question in section.questions
    }
    shown = []
    for problem in problems:
        question, number = places.get(problem.field or "", (None, 0))
        if question is None:
            shown.append(ProblemShown(label=Said(""), message=problem.message, url=None))
            continue
        address = url_for("applications.section", application_id=application.id, number=number, check=1)
        shown.append(
            ProblemShown(label=said(question.label), message=problem.message, url=f"{address}#{field_id(question)}")
        )
    return shown


def _task(
    application: Application,
    form: FormDefinition,
    filling: Filling,
    section: Section,
    number: int,
    wrong: set[str | None],
) -> TaskShown:
    asked = [each for each in section.questions if each.takes_answer and filling.is_asked(each.name)]
    answered = [question for question in asked if question.name in application.answers]
    tag, kind = _state(asked, answered, wrong)
    return TaskShown(
        url=url_for("applications.section", application_id=application.id, number=number),
        title=section_title(section, form),
        hint=ngettext(
            "%(answered)s of %(num)s question answered",
            "%(answered)s of %(num)s questions answered",
            len(asked),
            answered=len(answered),
        ),
        tag=tag,
        kind=kind,
    )


def _state(asked: list[Question], answered: list[Question], wrong: set[str | None]) -> tuple[str, str]:
    if any(question.name in wrong for question in answered):
        return _("Needs another look"), "act"
    if not any(question.name in wrong for question in asked):
        return _("Done"), "good"
    return (_("Begun"), "wait") if answered else (_("Not begun"), "")
