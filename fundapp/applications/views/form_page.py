"""A page of an application's form, as it can be written now."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, request, url_for
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.answer_keys import Key, base, read_key
from fundapp.applications.form_engine.answers import Answer, Typed, shown
from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition, Kind, Sensitivity
from fundapp.applications.form_engine.filling import Filling
from fundapp.applications.form_engine.pages import Page, Part, pages_of, parts_of
from fundapp.applications.forms.answering import (
    Asked,
    PartShown,
    asked_at,
    field_name,
    field_shown,
    part_shown,
    section_form,
)
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.presentation.files import accept_of, file_limits, file_shown
from fundapp.applications.presentation.questions import form_title, limits_of, page_title, said_at
from fundapp.applications.presentation.texts import Said
from fundapp.applications.queries import applicant
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services import drafts, saving
from fundapp.applications.window import Window, window_of
from fundapp.core.difference import Piece, difference
from fundapp.core.i18n import current_language

WHOLE = 0
"""The number of the page that holds the whole form."""
MOST_FIELDS = 2_000


@dataclass(frozen=True)
class Conflict:
    """An answer that two people changed: what is stored, and its difference to what was typed here."""

    stored: list[str]
    pieces: list[Piece]
    mark: str


class Draft:
    """An application as it is being written: what is stored, what is asked, what is open."""

    def __init__(self, application: Application, now: datetime) -> None:
        self.application = application
        self.now = now
        self.form: FormDefinition = drafts.form_of(application)
        self.stored = clear_answers(application)
        self.filling: Filling = drafts.filling_of(application, self.form, now=now)
        self.window: Window = window_of(application, now)
        self.page_count = len(pages_of(self.form))
        self._holds = applicant.may_send(actor=current_actor(), application=application)

    def page(self, number: int) -> "FormPage":
        """Return a page of its form, or the whole. Answers 404 for a number that no page has."""
        if not WHOLE <= number <= self.page_count:
            abort(404)
        return FormPage(self, number)

    def pages(self) -> "list[FormPage]":
        """Return the pages that have something to show now."""
        pages = (self.page(number) for number in range(1, self.page_count + 1))
        return [page for page in pages if (page.asked() if self.window.reopening else page.parts())]

    def is_shown(self, part: Part) -> bool:
        """Say whether a part is for the reader: where money goes is for those who hold the organisation."""
        return self._holds or part.question is None or part.question.sensitivity is not Sensitivity.PAYEE

    def row_around(self, key: str) -> str:
        """Return what the innermost row around a key is called ("": it stands in none)."""
        read = read_key(key)
        if read is None or not read.rows:
            return ""
        repeat, row = read.rows[-1]
        group = next(group for group in self.form.groups if group.is_repeat and group.name == repeat)
        repeat_key = str(Key(repeat, read.rows[:-1]))
        label = self.filling.text(group.label, repeat_key, current_language())
        return f"{label} {self.filling.rows(repeat_key).index(row) + 1}"

    @property
    def changes_with_answers(self) -> bool:
        """Say whether what is asked, or how it is put, can depend on answers."""
        return any(
            each.relevant or each.calculation or each.choice_filter or each.category or "${" in str(each.label)
            for each in self.form.questions
        ) or any(group.relevant or group.repeat_count for group in self.form.groups)

    def texts(self, key: str) -> list[str]:
        """Return an answer as people read it."""
        question = self.form.question_at(key)
        answer = self.filling.answers.get(key)
        if question is None or answer is None or question.kind in FILE_KINDS:
            return []
        return shown(question, answer, current_language(), self.application.call.currency)

    def conflict(self, key: str, stored: Answer | None, typed: Typed) -> Conflict:
        """Return how what is stored differs from what was typed."""
        question = self.form.question_at(key)
        if question is None:
            raise KeyError(key)
        theirs = shown(question, stored, current_language(), self.application.call.currency)
        own = typed if isinstance(typed, str) else "\n".join(typed)
        pieces = difference("\n".join(theirs), own) if question.kind is Kind.TEXT else []
        return Conflict(stored=theirs, pieces=pieces, mark=saving.mark(stored))


class FormPage:
    """One page of a draft, or all of them."""

    def __init__(self, draft: Draft, number: int) -> None:
        self.draft = draft
        self.number = number
        pages = pages_of(draft.form)
        self.laid: tuple[Page, ...] = pages if number == WHOLE else (pages[number - 1],)

    @property
    def title(self) -> Said:
        """Return the heading of the page."""
        form = self.draft.form
        return form_title(form) if self.number == WHOLE else page_title(self.laid[0], self.draft.filling)

    @property
    def hint(self) -> Said:
        """Return what stands under the heading."""
        group = self.laid[0].group if self.number != WHOLE else None
        return said_at(self.draft.filling, group.hint, group.name) if group else Said("")

    def parts(self) -> list[Part]:
        """Return what stands on the page now."""
        draft = self.draft
        parts = (part for page in self.laid for part in parts_of(page, draft.form, draft.filling))
        return [part for part in parts if draft.is_shown(part)]

    def asked(self) -> list[Asked]:
        """Return what can be answered on the page."""
        return [asked for part in self.parts() if (asked := self._asked(part)) is not None]

    def fields(
        self,
        form: FlaskForm,
        asked: Iterable[Asked],
        conflicts: Mapping[str, Conflict] | None = None,
    ) -> list[PartShown]:
        """Return the parts of the page with the fields of a form."""
        draft, places = self.draft, {each.key: each for each in asked}
        drawn: list[PartShown] = []
        for page in self.laid:
            parts = [part for part in parts_of(page, draft.form, draft.filling) if draft.is_shown(part)]
            if parts and self.number == WHOLE:
                drawn.append(PartShown(kind="page", place=f"part-{page.number}", label=page_title(page, draft.filling)))
            for part in parts:
                answered = places.get(part.key) if part.question is not None else None
                if answered is not None:
                    drawn.append(self._field(part, answered, form, (conflicts or {}).get(part.key)))
                else:
                    texts = draft.texts(part.key) if part.question is not None else []
                    drawn.append(part_shown(part, draft.filling, texts=tuple(texts)))
        return drawn

    def seen(self, asked: Iterable[Asked]) -> str:
        """Return the marks of the stored answers to what is asked, for the page to carry."""
        stored = self.draft.stored
        return " ".join(f"{each.key}={saving.mark(stored.get(each.key))}" for each in asked if is_typed(each))

    def _asked(self, part: Part) -> Asked | None:
        draft = self.draft
        if part.question is None or not draft.window.opens(part.key) or draft.filling.is_readonly(base(part.key)):
            return None
        return asked_at(part, draft.filling)

    def _field(self, part: Part, asked: Asked, form: FlaskForm, conflict: Conflict | None) -> PartShown:
        draft = self.draft
        answer = draft.stored.get(part.key)
        is_file = asked.question.kind in FILE_KINDS
        call = draft.application.call
        kept = answer.get("attachment") if is_file and isinstance(answer, dict) else None
        attachment = next((each for each in draft.application.attachments if str(each.id) == kept), None)
        return field_shown(
            part,
            asked,
            form,
            draft.filling,
            answer,
            limit=file_limits(asked.question) if is_file else " ".join(limits_of(asked.question, call)),
            accept=accept_of(asked.question) if is_file else "",
            file=file_shown(attachment) if attachment else None,
            mark=saving.mark(answer),
            conflict=conflict,
        )


def is_typed(asked: Asked) -> bool:
    """Say whether an answer is typed or chosen in the page, and no file."""
    return asked.question.kind not in FILE_KINDS


def read_seen(text: str) -> dict[str, str]:
    """Return the marks that a page carried, by key."""
    pairs = (pair.rpartition("=") for pair in text.split()[:MOST_FIELDS])
    return {key: mark for key, _separator, mark in pairs if key}


def asked_in_request(form: FormDefinition, seen: Collection[str], *, prefix: str = "") -> list[Asked]:
    """Return what a request answers: the fields that its page carried, asked still or not, and any that it names."""
    starts = (prefix + field_name(""),) if prefix else (field_name(""), f"remove_{field_name('')}")
    names = [*request.form, *request.files]
    named = (name.removeprefix(start) for start in starts for name in names if name.startswith(start))
    keys = dict.fromkeys([*seen, *(_whole(form, name) for name in named)])
    questions = {key: form.question_at(key) for key in list(keys)[:MOST_FIELDS]}
    return [
        Asked(key, question, question.choices)
        for key, question in questions.items()
        if question is not None and question.takes_answer
    ]


def _whole(form: FormDefinition, name: str) -> str:
    """Return the key of a field that may be one of several boxes ("begins-day")."""
    return name if form.question_at(name) else name.rpartition("-")[0]


def texts_before(form: FormDefinition) -> tuple[list[Asked], FlaskForm]:
    """Return what the page had sent already without hearing whether it arrived."""
    asked = asked_in_request(form, (), prefix="was_")
    fields = [(name.removeprefix("was_"), text) for name, text in request.form.items(multi=True) if name[:4] == "was_"]
    return asked, section_form(asked, {}, current_language(), typed=MultiDict(fields))


def page_url(application: Application, number: int, **arguments: Any) -> str:
    """Return the address of a page of the form."""
    if number == WHOLE:
        return url_for("applications.whole_form", application_id=application.id, **arguments)
    return url_for("applications.section", application_id=application.id, number=number, **arguments)


def parts_url(application: Application, **arguments: Any) -> str:
    """Return the address of the list of the form's parts."""
    endpoint = "applications.tasks" if application.status is ApplicationStatus.DRAFT else "applications.edit"
    return url_for(endpoint, application_id=application.id, **arguments)


def drawn_fields(page: FormPage) -> list[PartShown]:
    """Return the parts of a page with the answers that are stored, whatever the request holds."""
    asked = page.asked()
    form = section_form(asked, page.draft.filling.answers, current_language(), typed=MultiDict())
    return page.fields(form, asked)
