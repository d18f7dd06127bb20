"""Further papers: a second form, whose questions are asked of some applications behind those of the first."""

from collections.abc import Sequence
from dataclasses import replace

from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l


def hidden_papers(form: FormDefinition, *, for_reviewers: bool) -> FormDefinition:
    """Return a form for papers whose answers reviewers read, or do not."""
    questions = (replace(each, hidden_from_reviewers=not for_reviewers) for each in form.questions)
    return replace(form, questions=tuple(questions))


def paper_problems(form: FormDefinition, applications: Sequence[FormDefinition]) -> list[Problem]:
    """Return what a form for papers asks that it cannot: what applications were asked already, or who they are."""
    names = {question.name for each in applications for question in each.questions}
    paths = {group.path for each in applications for group in each.groups}
    problems = [
        Problem(_l("This name stands in the form for applying already. Choose another."), place=group.name)
        for group in form.groups
        if group.path in paths
    ]
    for question in form.questions:
        if question.name in names:
            message = _l("This name stands in the form for applying already. Choose another.")
            problems.append(Problem(message, place=question.name))
        if question.role is not None:
            message = _l("Only the form for applying can say what an answer stands for.")
            problems.append(Problem(message, place=question.name))
    if not any(question.takes_answer for question in form.questions):
        problems.append(Problem(_l("This form asks nothing.")))
    return problems


def with_papers(form: FormDefinition, papers: FormDefinition) -> FormDefinition:
    """Return one form that asks first what an application was asked, then the papers; older papers give way."""
    names = {question.name for question in papers.questions}
    paths = {group.path for group in papers.groups}
    return replace(
        form,
        version=f"{form.version.partition('+')[0]}+{papers.version}",
        groups=(*(each for each in form.groups if each.path not in paths), *papers.groups),
        questions=(*(each for each in form.questions if each.name not in names), *papers.questions),
    )
