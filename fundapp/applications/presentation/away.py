"""The form away from the pages, and what came back: as people read it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Final

from fundapp.applications.form_engine.answer_keys import base
from fundapp.applications.form_engine.answers import Answer, shown
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application, Call, FormVersion
from fundapp.applications.offline import BlankForm, FilledForm, blank_blocks, write_workbook
from fundapp.applications.presentation.copies import written
from fundapp.applications.presentation.questions import limits_of
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.services.filled_forms import Differing, TakenForm
from fundapp.applications.services.saving import mark
from fundapp.core.dates import moment
from fundapp.core.errors import Problem
from fundapp.core.i18n import current_language, in_language, language_name, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable, render_pdf

TEMPLATE: Final = "blank_form.html"
_KEPT: Final = 24
"""So many forms are kept made, of each kind: a version in a language each."""


def blank_form(call: Call, version: FormVersion, language: str) -> BlankForm:
    """Return the form of a call as it is before anybody fills it in, in one of the call's languages."""
    form = FormDefinition.from_json(version.definition)
    with in_language(language):
        return BlankForm(
            slug=call.slug,
            form_sha256=version.sha256,
            language=language,
            call=localised(call.titles, language),
            deadline=written(moment(call.closes_at, call.time_zone)),
            is_sample=call.is_sample,
            blocks=blank_blocks(
                form,
                language,
                {question.name: limits_of(question, call) for question in form.questions if question.takes_answer},
            ),
        )


@lru_cache(_KEPT)
def blank_pdf(blank: BlankForm) -> bytes:
    """Return a blank form as an accessible PDF, made once. Raises PdfUnavailable where this machine lacks a part."""
    return render_pdf(TEMPLATE, _drawn(blank), language=blank.language)


@lru_cache(_KEPT)
def blank_workbook(blank: BlankForm) -> bytes:
    """Return a blank form as a workbook to fill in offline, made once."""
    return write_workbook(blank)


def languages_shown(call: Call) -> list[tuple[str, str]]:
    """Return the languages of a call's form, each with its name."""
    return [(code, language_name(code)) for code in call.languages]


@dataclass(frozen=True)
class DifferingShown:
    """What stands in the draft, and what stands in the sheet, for one question."""

    label: Said
    place: str
    stored: Sequence[str]
    given: Sequence[str]


@dataclass(frozen=True)
class TakenShown:
    """What became of a filled sheet. `given` and `seen` go along with the page, for whoever wants to replace."""

    taken: int
    unchanged: int
    problems: Sequence[Problem]
    differing: Sequence[DifferingShown]
    given: str
    seen: str
    notes: Sequence[str]


def taken_shown(application: Application, form: FormDefinition, filled: FilledForm, done: TakenForm) -> TakenShown:
    """Return what became of a filled sheet, in the current language."""
    replaceable = [each for each in done.differing if isinstance(each.given, (str, list))]
    return TakenShown(
        taken=done.taken,
        unchanged=done.unchanged,
        problems=done.problems,
        differing=[_differing(each, form, application.call.currency) for each in replaceable],
        given=json.dumps({each.key: each.given for each in replaceable}, ensure_ascii=False),
        seen=json.dumps({each.key: mark(each.stored) for each in replaceable}),
        notes=_notes(application, filled),
    )


def _differing(each: Differing, form: FormDefinition, currency: str) -> DifferingShown:
    question = form.question_at(each.key) or form.question_at(base(each.key))

    def texts(answer: Answer) -> Sequence[str]:
        return shown(question, answer, current_language(), currency) if question else ()

    label: Mapping[str, str] = question.label if question else {}
    return DifferingShown(said(label), each.place, texts(each.stored), texts(each.read))


def _notes(application: Application, filled: FilledForm) -> list[str]:
    notes = []
    if filled.form_sha256 != application.form_version.sha256:
        notes.append(
            _(
                "Your sheet is an older version of this form, or a newer one. What still fits was taken: please look"
                " through all questions once."
            )
        )
    if filled.language != application.language:
        notes.append(
            _(
                "Your sheet is in %(sheet)s; your application is in %(application)s. Answers are kept as you wrote"
                " them.",
                sheet=language_name(filled.language),
                application=language_name(application.language),
            )
        )
    return notes


def _drawn(thing: Any) -> Any:
    """Return a record with a question mark for each character, in any text of it, that no installed font can draw."""
    if isinstance(thing, str):
        return drawable(thing)
    if isinstance(thing, tuple):
        return tuple(_drawn(each) for each in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(thing, **{each.name: _drawn(getattr(thing, each.name)) for each in fields(thing)})
    return thing
