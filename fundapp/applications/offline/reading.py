"""Reading a workbook that was filled in: every answer with the cell that it stands in.

Nothing that stands in an answer's cell is dropped: what is not understood comes back as it was typed, with a problem
that names the cell. Formulas are never computed, and their results never believed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from openpyxl.utils import get_column_letter

from fundapp.applications.form_engine.answers import Typed, kept_as_typed, typed_again
from fundapp.applications.form_engine.definition import (
    FILE_KINDS,
    NUMBER_KINDS,
    FormDefinition,
    Kind,
    Question,
    Sensitivity,
)
from fundapp.applications.offline.blank import blank_blocks
from fundapp.applications.offline.slots import ANSWER_COLUMN, ENTRY_COLUMN, FIRST_ROW, MARK, ROWS, key_in
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import TableError, cell_text, digits, first_cell, grid, is_formula, open_filled

MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 1_000
MAX_SHEETS: Final = 100
_YES: Final = frozenset({"yes", "oui", "sí", "si", "sim", "نعم", "true", "ok", "x", "✓", "✔", "1"})
_NO: Final = frozenset({"", "no", "non", "não", "لا", "false", "0"})


@dataclass(frozen=True)
class Given:
    """What stands for one question: what was typed, and the cell ("Answers!D7")."""

    typed: Typed | Mapping[str, Any]
    place: str


@dataclass(frozen=True)
class Entry:
    """One filled row of a repeat's sheet. `number` is its own, `around` that of the entry that it belongs to."""

    number: int
    around: int | None
    place: str
    answers: Mapping[str, Given]


@dataclass
class FilledForm:
    """A filled workbook: of which call, form and language it is, and what stands in it.

    `answers` are by key of question; `entries` by name of repeat, in the order of the form; `problems` say by cell what
    could not be taken as it stands.
    """

    slug: str
    form_sha256: str
    language: str
    answers: dict[str, Given] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing at all was filled in."""
        return not self.answers and not any(self.entries.values())


@dataclass(frozen=True)
class Marked:
    """A workbook with its hidden mark, not read any further yet."""

    slug: str
    form_sha256: str
    language: str
    book: Any
    answers: str
    repeats: Mapping[str, str]
    """The titles of the sheets of repeats, by name."""


def open_workbook(data: bytes, filename: str) -> Marked:
    """Open a workbook and read whose it is. Raises TableError, kindly, for whatever is not a form of ours."""
    not_ours = _l(
        "This is not the form of this call as a spreadsheet. Download it, write your answers into it,"
        " save it as XLSX, and choose that file."
    )
    book = open_filled(data, filename, not_ours=not_ours)
    try:
        titles = {first_cell(sheet): sheet.title for sheet in book.worksheets[:MAX_SHEETS]}
    except Exception:  # a broken workbook makes the library raise nearly anything
        raise TableError(not_ours, filename) from None
    marks = [words.split() for words in titles if words.startswith(f"{MARK} ")]
    if len(marks) != 1 or len(marks[0]) != 4:
        raise TableError(not_ours, filename)
    _form, slug, sha256, language = marks[0]
    repeats = {words.partition(" ")[2]: title for words, title in titles.items() if words.startswith(f"{ROWS} ")}
    return Marked(slug, sha256, language, book, titles[" ".join(marks[0])], repeats)


def read_workbook(marked: Marked, form: FormDefinition, filename: str) -> FilledForm:
    """Read what was filled in, as answers to `form`: what that does not have is a problem, with its cell and text."""
    filled = FilledForm(marked.slug, marked.form_sha256, marked.language)
    reading = _Reading(form, filled, _labels(form, marked.language))
    repeats = [group.name for group in form.groups if group.is_repeat]
    try:
        reading.questions(_cells(marked.book[marked.answers], filename), marked.answers)
        for name in [*repeats, *(each for each in marked.repeats if each not in repeats)]:
            if name in marked.repeats:
                title = marked.repeats[name]
                filled.entries[name] = reading.rows(_cells(marked.book[title], filename), title)
    except TableError:
        raise
    except Exception:  # as above
        raise TableError(_l("This workbook cannot be read. Save it again as XLSX."), filename) from None
    return filled


def _cells(sheet: Any, filename: str) -> list[list[Any]]:
    """Return the cells of a sheet, as many as a form of ours can have."""
    return grid(sheet, filename, rows=MAX_ROWS, columns=MAX_COLUMNS)


def _labels(form: FormDefinition, language: str) -> dict[str, dict[str, str]]:
    """Return the names of choices by what may stand in a cell for them: the label in any language, or the name."""
    found: dict[str, dict[str, str]] = {}
    for question in form.questions:
        names = {choice.name.casefold(): choice.name for choice in question.choices}
        for choice in question.choices:
            names |= {_plain(label): choice.name for label in choice.label.values()}
        found[question.name] = names
    for block in blank_blocks(form, language, {}):  # as they stand in the workbook, and so last
        for item in block.items:
            found[item.name] |= {_plain(choice.label): choice.name for choice in item.choices}
    return found


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@dataclass
class _Reading:
    form: FormDefinition
    filled: FilledForm
    labels: Mapping[str, Mapping[str, str]]

    def questions(self, grid: list[list[Any]], title: str) -> None:
        cells = (
            (str(row[0].value), row[ANSWER_COLUMN], f"{title}!{get_column_letter(ANSWER_COLUMN + 1)}{number}")
            for number, row in enumerate(grid, 1)
            if number > 1 and len(row) > ANSWER_COLUMN and row[0].value is not None
        )
        self.filled.answers |= self._answers(cells)

    def rows(self, grid: list[list[Any]], title: str) -> list[Entry]:
        if len(grid) <= FIRST_ROW:
            return []
        keys = {column: str(cell.value) for column, cell in enumerate(grid[1]) if cell.value is not None and column}
        found = []
        for number, row in enumerate(grid[FIRST_ROW:], FIRST_ROW + 1):
            filled = {
                column: cell for column, cell in enumerate(row) if column in keys and cell.value not in (None, "")
            }
            outer = next((column for column, key in keys.items() if key.startswith("/")), None)
            around = filled.pop(outer, None) if outer is not None else None
            place = f"{title}!{get_column_letter(ENTRY_COLUMN + 1)}{number}"
            answers = self._answers(
                (keys[column], cell, f"{title}!{get_column_letter(column + 1)}{number}")
                for column, cell in filled.items()
            )
            if not answers:
                continue
            belongs = around.value if around is not None else None
            if outer is not None and not (isinstance(belongs, (int, float)) and belongs == int(belongs)):
                there = f"{title}!{get_column_letter(outer + 1)}{number}"
                self._complain(there, _l("Say to which entry this row belongs. It was not taken."))
                continue
            found.append(Entry(number - FIRST_ROW, int(belongs) if belongs is not None else None, place, answers))
        return found

    def _answers(self, cells: Iterator[tuple[str, Any, str]]) -> dict[str, Given]:
        """Return what was given by key, several cells of one question put together."""
        found: dict[str, Given] = {}
        several: dict[str, list[tuple[str, str, str]]] = {}
        for written, cell, place in cells:
            if cell.value is None or (isinstance(cell.value, str) and not cell.value.strip()):
                continue
            meant = key_in(self.form, written)
            question = self.form.question(meant[0].partition("~")[0]) if meant else None
            if meant is None or question is None:
                self._complain(
                    place,
                    _l(
                        "This question is not in the form any more. What stands here was not taken: “%(text)s”",
                        text=str(cell.value)[:200],
                    ),
                )
                continue
            key, choice = meant
            is_answer = key == question.name
            if is_answer and (question.kind in FILE_KINDS or question.sensitivity is Sensitivity.PAYEE):
                self._complain(place, _l("This is given on the site alone. It was not taken."))
            elif choice:
                several.setdefault(key, []).append((choice, self._plain_text(cell, place), place))
            elif (given := self._given(question, cell, place, is_answer=is_answer)) is not None:
                found[key] = given
        for key, marked in several.items():
            if (together := self._together(key, marked)) is not None:
                found[key] = together
        return found

    def _given(self, question: Question, cell: Any, place: str, *, is_answer: bool) -> Given | None:
        if is_formula(cell):
            return self._formula(cell, place)
        if not is_answer or question.kind is Kind.TEXT:
            return Given(self._plain_text(cell, place), place)
        if question.kind is Kind.ACKNOWLEDGE:
            return self._tick(self._plain_text(cell, place), place)
        if question.choices:
            text = self._plain_text(cell, place)
            return Given(self.labels[question.name].get(_plain(text), text), place)
        return Given(self._typed(question, cell.value), place)

    def _tick(self, text: str, place: str) -> Given | None:
        if _plain(text) in _YES:
            return Given("OK", place)
        if _plain(text) not in _NO:
            self._complain(
                place,
                _l("Write “Yes”, or leave this empty. “%(text)s” was not taken.", text=text[:200]),
            )
        return None

    def _together(self, key: str, marked: list[tuple[str, str, str]]) -> Given | None:
        """Return the answer that the cells beside the choices of a question make."""
        question = self.form.question(key)
        place = marked[0][2]
        if question is None:
            return None
        if question.kind is not Kind.RANK:
            chosen = [choice for choice, text, at in marked if self._tick(text, at) is not None]
            return Given(chosen, place) if chosen else None
        places: list[tuple[Decimal, str]] = []
        for choice, text, at in marked:
            try:
                places.append((Decimal(text), choice))
            except InvalidOperation:
                self._complain(
                    at, _l("Write a whole number: 1 for what comes first. “%(text)s” was not taken.", text=text)
                )
        if len({number for number, _choice in places}) < len(places):
            # In no order that anybody gave: kept, and to be put right.
            self._complain(place, _l("Give each of them a place of its own."))
            return Given({"typed": [choice for _number, choice in places]}, place)
        return Given([choice for _number, choice in sorted(places)], place) if places else None

    def _typed(self, question: Question, value: Any) -> str:
        match value:
            case bool():
                return "TRUE" if value else "FALSE"
            case int() | float() if question.kind in NUMBER_KINDS:
                # As the reader of numbers expects it in the workbook's language.
                return str(typed_again(question, digits(value), self.filled.language))
            case datetime() if question.kind is Kind.DATE and value.time() == time.min:
                return value.date().isoformat()
            case datetime() if question.kind is Kind.TIME:
                return value.time().isoformat("minutes")
            case datetime():
                return value.isoformat("T", "minutes")
            case time():
                return value.isoformat("minutes")
            case date():
                return f"{value.isoformat()}T00:00" if question.kind is Kind.DATETIME else value.isoformat()
            case int() | float():
                return digits(value)
            case _:
                return str(value)

    def _plain_text(self, cell: Any, place: str) -> str:
        if is_formula(cell):
            self._formula(cell, place)
        return cell_text(cell)

    def _formula(self, cell: Any, place: str) -> Given:
        self._complain(place, _l("This cell holds a formula or an error. Write the answer itself."))
        return Given(kept_as_typed(cell_text(cell)), place)

    def _complain(self, place: str, message: str) -> None:
        self.filled.problems.append(Problem(message, place=place))
