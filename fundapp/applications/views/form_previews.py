"""The pages of a working copy as applicants will see them: they can be filled in, and nothing is stored."""

from collections.abc import Mapping
from typing import Any, Final

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from fundapp.accounts.permissions import P
from fundapp.applications.form_engine.answer_keys import base
from fundapp.applications.form_engine.answers import Answer, read_answer, shown
from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition
from fundapp.applications.form_engine.filling import Filling, defaults
from fundapp.applications.form_engine.pages import Page, pages_of, parts_of
from fundapp.applications.form_writing.checking import checked
from fundapp.applications.forms.answering import (
    Asked,
    PartShown,
    asked_at,
    field_shown,
    part_shown,
    section_form,
    typed_in,
)
from fundapp.applications.models import Call
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.files import accept_of, file_limits
from fundapp.applications.presentation.questions import limits_of, page_title
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.services import drafts
from fundapp.applications.services import form_drafts as services
from fundapp.applications.views import bp
from fundapp.applications.views.form_drafts import call_to_write
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import LANGUAGES, current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires

MOST_KEPT: Final = 200_000


@bp.get("/manage/<slug>/form/write/preview/<int:number>")
@requires(P.CALL_WRITE)
def form_draft_preview(slug: str, number: int) -> ResponseReturnValue:
    """Show a page of the working copy, empty."""
    call = call_to_write(slug)
    form = _form(call)
    if form is None:
        return _not_yet(call)
    answers = defaults(form, drafts.surroundings_of(call, clock.now(), current_language()))
    return _page(call, form, number, dict(answers))


@bp.post("/manage/<slug>/form/write/preview/<int:number>")
@requires(P.CALL_WRITE)
def try_form_draft(slug: str, number: int) -> ResponseReturnValue:
    """Show a page as it is with what was typed so far, which the pages themselves carry along; nothing is stored."""
    call = call_to_write(slug)
    form = _form(call)
    if form is None:
        return _not_yet(call)
    answers = _kept(call, form)
    page, asked = _page_of(form, number), list[Asked]()
    for _time in range(2):  # what was typed decides what else is asked on the page
        asked = _asked(page, _filling(call, form, answers))
        answers = _with_typed(call, asked, answers)
    _rows(call, form, answers)
    go = request.form.get("go", type=int)
    problems = _filling(call, form, answers).problems(
        drafts.terms_of(call), submitting=go is not None, language=current_language()
    )
    here = {each.key for each in asked}
    wrong = [each for each in problems if each.field in here]
    if "back" in request.form:
        return _page(call, form, number - 1, answers)
    return _page(call, form, number if wrong or go is None else go, answers, wrong)


def _with_typed(call: Call, asked: list[Asked], before: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return answers with what the request says of some questions."""
    answers = dict(before)
    for key, text in typed_in(section_form(asked, {}, current_language()), asked).items():
        question = next(each.question for each in asked if each.key == key)
        answers[key] = read_answer(question, text, language=current_language(), currency=call.currency)
    return {key: answer for key, answer in answers.items() if answer is not None}


def _form(call: Call) -> FormDefinition | None:
    draft = services.draft_of(call)
    return checked(services.working_of(draft, call)).form if draft else None


def _not_yet(call: Call) -> ResponseReturnValue:
    flash(_("The form can be tried as soon as nothing is left to be mended."), "stop")
    return redirect(url_for("applications.form_draft", slug=call.slug))


def _filling(call: Call, form: FormDefinition, answers: Mapping[str, Answer]) -> Filling:
    return Filling(form, answers, drafts.surroundings_of(call, clock.now(), current_language()))


def _page_of(form: FormDefinition, number: int) -> Page:
    pages = pages_of(form)
    return pages[min(max(1, number), len(pages)) - 1]


def _asked(page: Page, filling: Filling) -> list[Asked]:
    parts = [part for part in parts_of(page, filling.form, filling) if part.question is not None]
    return [
        asked
        for part in parts
        if not filling.is_readonly(base(part.key)) and (asked := asked_at(part, filling)) is not None
    ]


def _rows(call: Call, form: FormDefinition, answers: dict[str, Answer]) -> None:
    """Add or take out a row of a repeat, where that was asked for."""
    filling = _filling(call, form, answers)
    changes: Mapping[str, Any] = {}
    try:
        if (repeat := request.form.get("add")) and form.has_key(repeat):
            changes = filling.row_added(repeat)[1]
        elif (row := request.form.get("remove")) and "~" in row and form.has_key(row.rpartition("~")[0]):
            repeat, _tilde, number = row.rpartition("~")
            changes = filling.row_removed(repeat, int(number)) if number.isdecimal() else {}
    except Conflict as conflict:
        flash(str(conflict.message), "stop")
    for key, value in {**filling.to_keep(), **changes}.items():
        if value is None:
            answers.pop(key, None)
        else:
            answers[key] = value


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="form-preview")


def _kept(call: Call, form: FormDefinition) -> dict[str, Answer]:
    """Return the answers that the page carried, where this call and form gave them out."""
    try:
        of, answers = _signer().loads(request.form.get("kept", "")[:MOST_KEPT])
    except (BadSignature, ValueError):
        return {}
    return dict(answers) if of == f"{call.id}:{form.fingerprint}" else {}


def _page(
    call: Call, form: FormDefinition, number: int, answers: dict[str, Answer], problems: list[Problem] | None = None
) -> str:
    filling = _filling(call, form, answers)
    page, pages = _page_of(form, number), pages_of(form)
    asked = _asked(page, filling)
    fields = section_form(asked, filling.answers, current_language(), problems or [], typed=MultiDict())
    return render_template(
        "applications/form_draft_preview.html",
        call=call_shown(call, clock.now()),
        title=page_title(page, filling),
        hint=said(page.group.hint) if page.group else Said(""),
        form=fields,
        fields=_drawn(call, page, filling, asked, fields),
        number=page.number,
        count=len(pages),
        kept=_signer().dumps([f"{call.id}:{form.fingerprint}", answers]),
        currency=call.currency,
        is_whole=False,
        upload_url=False,
        translations=[(code, LANGUAGES[code]) for code in call.languages if code in LANGUAGES],
    )


def _drawn(call: Call, page: Page, filling: Filling, asked: list[Asked], fields: Any) -> list[PartShown]:
    places = {each.key: each for each in asked}
    drawn = []
    for part in parts_of(page, filling.form, filling):
        answered = places.get(part.key) if part.question is not None else None
        if answered is None:
            question = filling.form.question_at(part.key) if part.question is not None else None
            answer = filling.answers.get(part.key)
            texts = shown(question, answer, current_language(), call.currency) if question and answer else []
            drawn.append(part_shown(part, filling, texts=tuple(texts)))
            continue
        is_file = answered.question.kind in FILE_KINDS
        drawn.append(
            field_shown(
                part,
                answered,
                fields,
                filling,
                filling.answers.get(part.key),
                limit=file_limits(answered.question) if is_file else " ".join(limits_of(answered.question, call)),
                accept=accept_of(answered.question) if is_file else "",
            )
        )
    return drawn
