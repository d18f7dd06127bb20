"""Takes applications out of a spreadsheet; every row goes in whole or not at all."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import regex
from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.organisations import organisation_named
from fundapp.accounts.services.people import ensure_person
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.answers import Answer, Typed, facts, read_answer
from fundapp.applications.form_engine.definition import FILE_KINDS, FormDefinition, Kind, Question
from fundapp.applications.importing.columns import ColumnMap, choices_in, map_columns
from fundapp.applications.importing.repeats import RepeatSheet, index_of, repeat_sheets, rows_under, without_repeats
from fundapp.applications.models import Application, ApplicationSource, Call, CallStatus, FormVersion
from fundapp.applications.queries.public import current_form
from fundapp.applications.sealed_answers import clear_answers_of, keep_answers
from fundapp.applications.services.drafts import payee_names, problems_in
from fundapp.applications.services.protection import protect_with_call
from fundapp.applications.services.submitting import register_submission
from fundapp.applications.xlsform.columns import HeadingError, language_code
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import Row, Table
from fundapp.core.text import TextError, clean_text

_NO: Final = frozenset({"", "0", "no", "non", "false", "لا"})
_ZONE: Final = regex.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_DAY_WITH_TIME: Final = regex.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*")


@dataclass
class ImportedApplications:
    """What an import did: rows taken, rows that were in already, rows refused.

    `problems` say by row and column what could not be taken; `unmapped` are the columns that answer no question,
    `matched` those that do, with the question's name.
    """

    taken: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    matched: dict[str, str] = field(default_factory=dict)

    def add(self, later: "ImportedApplications") -> None:
        """Add what was done with later rows of the same table."""
        self.taken += later.taken
        self.unchanged += later.unchanged
        self.refused += later.refused
        self.problems += later.problems
        self.unmapped, self.matched = later.unmapped, later.matched


def import_applications(
    *,
    call: Call,
    table: Table,
    actor: Actor,
    now: datetime,
    start: int = 0,
    count: int | None = None,
    as_drafts: bool = False,
) -> ImportedApplications:
    """Take the rows of a table as submitted applications, whatever the dates of the call.

    `as_drafts`: as drafts of whoever has the address in each row, with all that is wrong or missing, for them to
    finish.

    Only `count` rows are taken, from the one at `start` (the first is 0); None takes all that follow. A row that was
    taken before is left alone, so importing again changes nothing; a row with a problem is reported and the others
    still go in. Raises RuleViolations, and takes nothing, when a required question has no column; Conflict once the
    call is decided.
    """
    actor.require(P.APPLICATION_IMPORT, call.id)
    db.session.refresh(call, with_for_update=True)
    if call.status is CallStatus.DECIDED:
        raise Conflict(_l("This call is decided; no applications can be added."))
    version = current_form(call)
    form = FormDefinition.from_json(version.definition)
    once = without_repeats(form)
    columns = map_columns(once, table.headers)
    sheets, wrong = repeat_sheets(form, table)
    problems = [
        *columns.problems,
        *wrong,
        *(
            Problem(_l("No column answers the required question “%(name)s”.", name=question.name), field=question.name)
            for question in once.questions
            if question.required
            and not as_drafts
            and not (question.category or question.relevant)
            and columns.heading_of(question.name) is None
        ),
    ]
    if problems:
        raise RuleViolations(problems)
    done = ImportedApplications(unmapped=columns.unmapped, matched=columns.matched(form))
    reading = _Import(call, version, form, columns, sheets, actor, now, done, as_drafts)
    reading.read_keys(table.rows)
    rows = table.rows[start : None if count is None else start + count]
    reading.read_before(rows)
    for row in rows:
        reading.take(row)
    record(
        actor=actor,
        action="application:import",
        subject=call,
        now=now,
        call_id=call.id,
        data={
            "taken": reading.done.taken,
            "unchanged": reading.done.unchanged,
            "refused": reading.done.refused,
        },
    )
    db.session.flush()
    return reading.done


@dataclass
class _Import:
    """One import of one table."""

    call: Call
    version: FormVersion
    form: FormDefinition
    columns: ColumnMap
    sheets: Mapping[tuple[str, ...], RepeatSheet]
    actor: Actor
    now: datetime
    done: ImportedApplications
    as_drafts: bool
    before: dict[str, Mapping[str, Answer]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    """The key of each row of the table, by the row's number."""
    first: dict[str, int] = field(default_factory=dict)
    """The number of the first row with a key."""
    places: dict[str, str] = field(default_factory=dict)
    """Where the answers of the present row's repeats stand, by key."""

    def read_keys(self, rows: Sequence[Row]) -> None:
        """Note under which key each row of the whole table is known."""
        for row in rows:
            key = self.keys[row.number] = self._key(row)
            self.first.setdefault(key, row.number)

    def read_before(self, rows: Sequence[Row]) -> None:
        """Read what was taken of these rows by an earlier import."""
        keys = {self.keys[row.number] for row in rows}
        stored = select(Application).where(Application.call_id == self.call.id, Application.import_key.in_(keys))
        applications = db.session.scalars(stored).all()
        answers = clear_answers_of(applications, without=payee_names(self.form))
        self.before = {str(known.import_key): each for known, each in zip(applications, answers, strict=True)}

    def complain(self, row: Row, heading: str | None, message: str) -> None:
        """Note what could not be taken, by row and column."""
        self.done.problems.append(Problem(message, place=_place(row, heading)))

    def take(self, row: Row) -> None:
        """Take one row, or say why not."""
        language = self._language(row)
        answers = self._answers(row, language) if language else {}
        key = self.keys[row.number]
        if (heading := self.columns.id_heading) and (problem := _id_problem(row.cells[heading])):
            self.complain(row, heading, problem)
        if self.first[key] != row.number:
            self._twice(row, key)
        elif key in self.before:
            self.done.unchanged += 1
            if not self._says_the_same(self.before[key], answers):
                self.complain(row, None, _l("This row was taken before and is different now. It was left as it was."))
        elif not language or self._refuse(row, answers, language):
            self.done.refused += 1
        else:
            self._store(row, answers, language, key)

    def _says_the_same(self, before: Mapping[str, Answer], answers: Mapping[str, Answer]) -> bool:
        """Compare a row with what was taken of it; payee details cannot be read again, so they are not compared."""
        payee = payee_names(self.form)
        return {key: answer for key, answer in before.items() if name_of(key) not in payee} == {
            key: answer for key, answer in answers.items() if name_of(key) not in payee
        }

    def _twice(self, row: Row, key: str) -> None:
        first = self.first[key]
        if key.startswith("id:"):
            self.done.refused += 1
            self.complain(row, self.columns.id_heading, _l("Row %(row)s has this id already.", row=first))
        else:
            self.done.unchanged += 1
            self.complain(row, None, _l("This row says the same as row %(row)s; it was taken once.", row=first))

    def _language(self, row: Row) -> str | None:
        """Return the language of an application: that of its column, else the call's first."""
        heading = self.columns.language_heading
        written = row.cells.get(heading, "").strip() if heading else ""
        if not written:
            return self.call.languages[0]
        try:
            language = language_code(written)
        except HeadingError as error:
            self.complain(row, heading, error.message)
            return None
        if language not in self.call.languages:
            self.complain(row, heading, _l("The call is not in this language."))
            return None
        return language

    def _answers(self, row: Row, language: str) -> dict[str, Answer]:
        """Return the answers of a row, and of the rows of repeats that belong to it, by key."""
        self.places = {}
        found: dict[str, Answer] = dict(self._read(row, self.columns, "", language))
        for key, numbers, rows in rows_under(self.sheets, index_of(row)):
            found[key] = numbers
            for prefix, inner, sheet in rows:
                found |= self._read(inner, sheet.columns, prefix, language, sheet.title)
        return found

    def _read(self, row: Row, columns: ColumnMap, prefix: str, language: str, title: str = "") -> dict[str, Answer]:
        """Return the answers that stand in one row of a sheet, by key."""
        typed: dict[str, Typed] = {}
        for heading, name in columns.questions.items():
            question = self.form.question(name)
            cell = row.cells[heading]
            if question and cell.strip():
                typed[name] = self._typed(row, heading, question, cell, columns)
                self.places[prefix + name] = _place(row, heading, title)
        ticked: dict[str, list[str]] = {}
        for heading, (name, choice) in columns.ticks.items():
            if row.cells[heading].strip().casefold() not in _NO:
                ticked.setdefault(name, []).append(choice)
        # The column of the whole answer says as much as the columns of its choices.
        given = {**ticked, **typed}
        read = {
            prefix + question.name: read_answer(
                question, given[question.name], language=language, currency=self.call.currency
            )
            for question in self.form.questions
            if question.name in given
        }
        return {key: answer for key, answer in read.items() if answer is not None}

    def _typed(self, row: Row, heading: str, question: Question, cell: str, columns: ColumnMap) -> Typed:
        if question.choices:
            return choices_in(question, cell, columns.choices[question.name])
        if question.kind is Kind.ACKNOWLEDGE:
            return "" if cell.strip().casefold() in _NO else "OK"
        if question.kind is Kind.DATE and (match := _DAY_WITH_TIME.fullmatch(cell.strip())):
            return str(match[1])
        if question.kind in (Kind.TIME, Kind.DATETIME):
            return str(_ZONE.sub("", cell.strip()))  # as the clock showed it to whoever answered
        if question.kind in FILE_KINDS:
            self.complain(row, heading, _l("A file cannot be taken from a table; it was left out."))
            return ""
        return cell

    def _key(self, row: Row) -> str:
        heading = self.columns.id_heading
        if heading and row.cells[heading].strip() and not _id_problem(row.cells[heading]):
            return f"id:{clean_text(row.cells[heading].strip())[:200]}"
        canonical = json.dumps(row.cells, ensure_ascii=True, sort_keys=True).encode("ascii")
        return f"row:{hashlib.sha256(canonical).hexdigest()}"

    def _refuse(self, row: Row, answers: Mapping[str, Answer], language: str) -> bool:
        problems = problems_in(
            self.call, self.form, answers, submitting=not self.as_drafts, language=language, now=self.now
        )
        for problem in problems:
            heading = self.columns.heading_of(problem.field or "")
            inner = "" if heading else self.places.get(problem.field or "", "")
            if inner:
                self.done.problems.append(Problem(problem.message, place=inner))
            else:
                self.complain(row, heading or problem.field, problem.message)
        if self.as_drafts and not facts(self.form, answers, self.call.currency).email:
            self.complain(row, None, _l("A draft needs the e-mail address of whoever finishes it."))
            return True
        return bool(problems) and not self.as_drafts

    def _store(self, row: Row, answers: dict[str, Answer], language: str, key: str) -> None:
        known = facts(self.form, answers, self.call.currency)
        try:
            with db.session.begin_nested():
                person = ensure_person(email=known.email, name=known.contact_name, language=language, now=self.now)
                application = Application(
                    call=self.call,
                    form_version=self.version,
                    person=person,
                    organisation=organisation_named(
                        actor=self.actor, holder=person, name=known.organisation, now=self.now
                    ),
                    source=ApplicationSource.IMPORT,
                    import_key=key,
                    language=language,
                    answers={},
                    category_codes=[],
                    started_at=self.now,
                    saved_at=self.now,
                )
                db.session.add(application)
                keep_answers(application=application, form=self.form, values=answers, by_id=None, now=self.now)
                db.session.flush()
                if self.call.is_protected:
                    protect_with_call(actor=self.actor, application=application, now=self.now)
                if self.as_drafts:
                    record(
                        actor=self.actor,
                        action="application:start",
                        subject=application,
                        now=self.now,
                        call_id=self.call.id,
                    )
                else:
                    register_submission(actor=self.actor, application=application, form=self.form, now=self.now)
        except RuleViolations as violations:
            self.done.refused += 1
            self.complain(row, None, "; ".join(str(problem.message) for problem in violations.problems))
        else:
            self.done.taken += 1


def _place(row: Row, heading: str | None, title: str = "") -> str:
    place = f"row {row.number}, column {heading}" if heading else f"row {row.number}"
    return f"{title}, {place}" if title else place


def _id_problem(written: str) -> str:
    """Return why an id cannot be kept ("": it can)."""
    try:
        clean_text(written.strip())
    except TextError as error:
        return error.message
    return ""
