"""Files chosen on a page of the form: kept with the answers, and what cannot be taken said beside its field."""

from typing import cast

from flask import flash, get_flashed_messages, request
from werkzeug.datastructures import FileStorage

from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FILE_KINDS, Question
from fundapp.applications.forms.answering import Asked
from fundapp.applications.models import Application
from fundapp.applications.services import attaching
from fundapp.applications.views.files import storage
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations

FILE_PROBLEM = "file:"
"""Flashed messages of this category stand beside the field of the answer that they name."""


def file_problems() -> list[Problem]:
    """Return what `save_files` left for this page."""
    flashed = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    return [
        Problem(message, field=category.removeprefix(FILE_PROBLEM))
        for category, message in flashed
        if category.startswith(FILE_PROBLEM)
    ]


def save_files(application: Application, asked: list[Asked]) -> list[Problem]:
    """Keep the files that were chosen; what cannot be taken is shown beside its field on the next page."""
    problems: list[Problem] = []
    for each in asked:
        if each.question.kind not in FILE_KINDS:
            continue
        upload = request.files.get(each.name)
        try:
            if isinstance(upload, FileStorage) and upload.filename:
                _attach(application, each.question, each.key, upload)
            elif f"remove_{each.name}" in request.form:
                attaching.remove_file(actor=current_actor(), application=application, key=each.key, now=clock.now())
        except RuleViolations as violations:
            problems += violations.problems
    for problem in problems:
        flash(str(problem.message), f"{FILE_PROBLEM}{problem.field}")
    return problems


def _attach(application: Application, question: Question, key: str, upload: FileStorage) -> None:
    attaching.attach_file(
        actor=current_actor(),
        application=application,
        question=question,
        key=key,
        filename=upload.filename or "",
        data=upload.read(),
        storage=storage(),
        now=clock.now(),
    )
