"""Taking the answers of a filled workbook into a draft: by the same rules as what is typed into the pages.

Nothing that stands in the draft already is replaced unless somebody has seen what would be. The same workbook again
changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.answers import Answer, Typed, read_answer
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application
from fundapp.applications.offline import Entry, FilledForm, Given
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.drafts import draft_problems, filling_of, form_of
from fundapp.applications.services.saving import add_row, marks_of, save_draft
from fundapp.core.errors import Conflict, Problem
from fundapp.core.i18n import lazy_gettext as _l


@dataclass(frozen=True)
class Differing:
    """An answer that stands in the draft, and another that stands in the workbook. `given` is as it was typed."""

    key: str
    place: str
    stored: Answer
    given: Typed | Mapping[str, Any]
    read: Answer


@dataclass
class TakenForm:
    """What became of a workbook: how many answers were taken, or were there already; what was left as it was.

    `problems` say by cell what is wrong.
    """

    taken: int = 0
    unchanged: int = 0
    differing: list[Differing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def take_filled(
    *, actor: Actor, application: Application, filled: FilledForm, replace: bool, language: str, now: datetime
) -> TakenForm:
    """Take the answers of a workbook; those that the draft has otherwise are left, unless `replace`.

    `language` is that of whoever reads the problems. Entries of a repeat go into its rows one by one, and into new
    rows where there are not enough. Raises NotAllowed, and Conflict where nothing can be written any more.
    """
    taking = _Taking(actor, application, filled, replace, now)
    taking.take(filled.answers, "")
    for name, entries in filled.entries.items():
        taking.rows(name, entries)
    taking.say_what_is_wrong(language)
    return taking.done


class _Taking:
    def __init__(
        self, actor: Actor, application: Application, filled: FilledForm, replace: bool, now: datetime
    ) -> None:
        self.actor = actor
        self.application = application
        self.filled = filled
        self.replace = replace
        self.now = now
        self.form: FormDefinition = form_of(application)
        self.done = TakenForm(problems=list(filled.problems))
        self.places: dict[str, str] = {}
        """The cell of each key that was given."""
        self.rows_of: dict[tuple[str, int], str] = {}
        """Where an entry of a repeat came to stand: "partners~3" by its repeat and number."""

    def take(self, given: Mapping[str, Given], prefix: str) -> None:
        """Keep the answers given in one row, or outside all rows."""
        stored = clear_answers(self.application)
        typed: dict[str, Any] = {}
        for name, each in given.items():
            key = f"{prefix}{name}"
            question = self.form.question_at(key)
            if question is None:
                self._say(each.place, _l("This question is not in the form any more. It was not taken."))
                continue
            self.places[key] = each.place
            read = read_answer(
                question, each.typed, language=self.filled.language, currency=self.application.call.currency
            )
            there = stored.get(key)
            if read == there:
                self.done.unchanged += 1
            elif there is not None and not self.replace:
                self.done.differing.append(Differing(key, each.place, there, each.typed, read))
            else:
                typed[key] = each.typed
        if not typed:
            return
        saved = save_draft(
            actor=self.actor,
            application=self.application,
            typed=typed,
            seen=marks_of(self.application, typed),
            language=self.filled.language,
            now=self.now,
        )
        for problem in saved.refused:
            self._say(self.places[problem.field or ""], problem.message)
        kept = clear_answers(self.application)
        self.done.taken += sum(1 for key in typed if kept.get(key) != stored.get(key))
        for key in typed:
            if kept.get(key) is None:
                self._say(self.places[key], _l("The form fills this in by itself. It was not taken."))

    def rows(self, name: str, entries: Sequence[Entry]) -> None:
        """Take the entries of a repeat, each into the row that has its place."""
        used: dict[str, int] = {}
        for entry in entries:
            repeat = self._repeat_of(name, entry)
            if repeat is None:
                self._say(entry.place, _l("The entry that this row belongs to is not there. It was not taken."))
                continue
            rows = filling_of(self.application, self.form, now=self.now).rows(repeat)
            position = used.get(repeat, 0)
            used[repeat] = position + 1
            try:
                row = (
                    rows[position]
                    if position < len(rows)
                    else add_row(actor=self.actor, application=self.application, repeat=repeat, now=self.now)
                )
            except Conflict as conflict:
                self._say(entry.place, conflict.message)
                continue
            self.rows_of[name, entry.number] = f"{repeat}~{row}"
            self.take(entry.answers, f"{repeat}~{row}~")

    def say_what_is_wrong(self, language: str) -> None:
        """Add what is wrong with the answers that were given, and which of them nobody asks now."""
        filling = filling_of(self.application, self.form, now=self.now)
        found = draft_problems(self.application, self.form, submitting=False, language=language, now=self.now)
        for problem in found:
            if problem.field in self.places:
                self._say(self.places[problem.field], problem.message)
        for key, place in self.places.items():
            if not filling.is_asked(key):
                self._say(
                    place, _l("By the other answers this is not asked. It is kept, and not sent unless that changes.")
                )

    def _repeat_of(self, name: str, entry: Entry) -> str | None:
        """Return the key of the repeat that an entry stands in; None where the entry around it was not taken."""
        group = next((group for group in self.form.groups if group.is_repeat and group.name == name), None)
        if group is None:
            return None
        outer = [
            each.name
            for each in self.form.groups
            if each.is_repeat and each.path == group.path[: len(each.path)] and each != group
        ]
        if not outer:
            return name
        around = self.rows_of.get((outer[-1], entry.around)) if entry.around is not None else None
        return f"{around}~{name}" if around else None

    def _say(self, place: str, message: str) -> None:
        if not any(each.place == place and str(each.message) == str(message) for each in self.done.problems):
            self.done.problems.append(Problem(message, place=place))


def replace_differing(
    *,
    actor: Actor,
    application: Application,
    given: Mapping[str, Any],
    seen: Mapping[str, str],
    language: str,
    now: datetime,
) -> list[str]:
    """Replace answers by those of a workbook, after somebody has seen both; return the keys that changed meanwhile.

    `seen` are the marks of the answers that were shown. Raises NotAllowed and Conflict, as saving does.
    """
    saved = save_draft(
        actor=actor,
        application=application,
        typed=_of_the_form(application, given),
        seen=seen,
        language=language,
        now=now,
    )
    return [*saved.conflicts]


def _of_the_form(application: Application, given: Mapping[str, Any]) -> dict[str, Typed]:
    """Return what can be an answer in what a page sent back: texts, and lists of texts."""
    form = form_of(application)

    def is_text(value: object) -> bool:
        return isinstance(value, str)

    def is_list(value: Iterable[object] | object) -> bool:
        return isinstance(value, list) and all(map(is_text, value))

    return {key: value for key, value in given.items() if form.question_at(key) and (is_text(value) or is_list(value))}
