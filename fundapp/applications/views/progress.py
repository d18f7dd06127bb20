"""How far a draft is, page by page, and what still stands in the way of sending it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask import session

from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.pages import PartKind, page_of
from fundapp.applications.forms.answering import Asked, field_id
from fundapp.applications.models import Application
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.views.form_page import WHOLE, Draft, page_url
from fundapp.core import clock
from fundapp.core.errors import Problem
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _

AT_ONCE = "at_once"
"""Remembered in the browser's cookie: the applicant likes the whole form on one page."""


@dataclass(frozen=True)
class TaskShown:
    """One page in the list of tasks."""

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


def task_list(application: Application, _form: FormDefinition, problems: Iterable[Problem]) -> list[TaskShown]:
    """Return the pages with how far each is."""
    wrong = {problem.field for problem in problems}
    draft = Draft(application, clock.now())
    tasks = []
    for page in draft.pages():
        asked = [each.key for each in page.asked()]
        mains = [part.key for part in page.parts() if part.kind is PartKind.QUESTION and part.key in asked]
        rows = [part.key for part in page.parts() if part.kind is PartKind.ROWS]
        answered = [key for key in mains if key in draft.stored]
        tag, kind = _state({*asked, *rows}, answered, wrong)
        tasks.append(
            TaskShown(
                url=_address(application, page.number),
                title=page.title,
                hint=_("Questions answered: %(answered)s of %(total)s", answered=len(answered), total=len(mains))
                if mains
                else "",
                tag=tag,
                kind=kind,
            )
        )
    return tasks


def problems_shown(application: Application, form: FormDefinition, problems: Iterable[Problem]) -> list[ProblemShown]:
    """Return the problems in the order of the form, each with a link to its field."""
    draft = Draft(application, clock.now())
    asked = {each.key: each for each in draft.page(WHOLE).asked()}
    return [_problem(draft, form, problem, asked.get(problem.field or "")) for problem in problems]


def _problem(draft: Draft, form: FormDefinition, problem: Problem, asked: Asked | None) -> ProblemShown:
    page = page_of(problem.field, form) if problem.field else None
    if page is None or problem.field is None:
        return ProblemShown(label=Said(""), message=problem.message, url=None)
    if asked is None:
        # Too many rows, say: the place is where they are added.
        return ProblemShown(
            label=draft.page(page.number).title,
            message=problem.message,
            url=_address(draft.application, page.number, f"rows_{problem.field}"),
        )
    label = said(asked.question.label)
    text = draft.filling.text(asked.question.label, asked.key, current_language())
    row = draft.row_around(asked.key)
    return ProblemShown(
        label=Said(f"{row}: {text}" if row else text, label.lang),
        message=problem.message,
        url=_address(draft.application, page.number, field_id(asked), check=1),
    )


def _address(application: Application, number: int, anchor: str = "", **arguments: int) -> str:
    """Return where a page of the form is written, as the applicant likes it: alone, or with all others."""
    if session.get(AT_ONCE):
        return page_url(application, WHOLE, _anchor=anchor or f"part-{number}", **arguments)
    return page_url(application, number, _anchor=anchor or None, **arguments)


def change_url(application: Application, number: int, key: str) -> str:
    """Return where an answer on a page of the form is changed, as the applicant likes the form."""
    return _address(application, number, f"at_{key}")


def choose_view(*, at_once: bool) -> None:
    """Remember whether the whole form is liked on one page."""
    if at_once:
        session[AT_ONCE] = True
    else:
        session.pop(AT_ONCE, None)


def _state(asked: Collection[str], answered: Collection[str], wrong: set[str | None]) -> tuple[str, str]:
    if any(key in wrong for key in answered):
        return _("Needs another look"), "act"
    if not any(key in wrong for key in asked):
        return _("Done"), "good"
    return (_("Begun"), "wait") if answered else (_("Not begun"), "")
