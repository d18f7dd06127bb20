"""Reading a sheet of scores that was filled in: each part of a review with the cells that it stands in.

Formulas are never computed, and their results never believed. What cannot be read is a problem that names its cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from uuid import UUID

from openpyxl.utils import get_column_letter

from fundapp.core.errors import Problem
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, in_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import (
    MAX_FILLED_BYTES,
    TableError,
    cell_text,
    first_cell,
    grid,
    is_formula,
    open_filled,
    read_table,
)
from fundapp.core.text import TextError, clean_text
from fundapp.review.offline.sheet import COMMENT_COLUMN, HEADINGS, MARK, REASON, SCORE
from fundapp.review.scoring_rules import (
    CANNOT_JUDGE_WORDS,
    COMMENT,
    CONFIDENCE,
    CONFIDENCE_WORDS,
    Judged,
    Part,
    Step,
    Unjudged,
    judged_from,
    off_scale,
    part_problems,
)

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 50
MAX_SHEETS: Final = 10
_NOT_OURS: Final = _l(
    "This is not a sheet of your scores. Download one from this page, write into it, save it as XLSX or CSV, and"
    " choose that file."
)


@dataclass(frozen=True)
class GivenCell:
    """What stands in a cell, as text, and which cell it is ("E7")."""

    text: str
    place: str
    is_number: bool = False
    is_formula: bool = False


@dataclass(frozen=True)
class GivenRow:
    """One row: which part of which review it is, what stood there when the sheet was made (its mark), and its cells."""

    assignment_id: UUID
    name: str
    mark: str
    cells: Mapping[str, GivenCell]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing stands in it."""
        return not any(cell.text.strip() for cell in self.cells.values())

    @property
    def place(self) -> str:
        """Return the first of its cells with something in it, or the first of all."""
        return next((cell.place for cell in self.cells.values() if cell.text.strip()), self.cells[SCORE].place)


@dataclass
class FilledScores:
    """A sheet that came back: of which call, whose, in which language; its rows; and what has no place."""

    slug: str
    reviewer_id: str
    language: str
    rows: list[GivenRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Line = tuple[int, Sequence[GivenCell]]


def read_scores(data: bytes, filename: str) -> FilledScores:
    """Read a sheet of scores, XLSX or CSV. Raises TableError, kindly, for whatever is none of ours."""
    try:
        lines = _workbook_lines(data, filename) if data.startswith(b"PK\x03\x04") else _csv_lines(data, filename)
    except TableError:
        raise
    except Exception:  # a broken workbook makes the library raise nearly anything
        raise TableError(_NOT_OURS, filename) from None
    _first, head = lines[0]
    names = {cell.text.strip(): column for column, cell in enumerate(head)}
    whose = head[0].text.split()
    if len(whose) != 4 or whose[0] != MARK or not {SCORE, REASON, COMMENT_COLUMN} <= names.keys():
        raise TableError(_NOT_OURS, filename)
    _mark, slug, reviewer_id, language = whose
    filled = FilledScores(slug, reviewer_id, language if language in LANGUAGES else DEFAULT_LANGUAGE)
    seen: set[tuple[UUID, str]] = set()
    for number, line in lines[1:]:
        key = line[0].text.strip()
        cells = {name: _cell(line, names[name], number) for name in (SCORE, REASON, COMMENT_COLUMN)}
        row = _row(key, cells)
        if row is None:
            if key != HEADINGS and any(cell.text.strip() for cell in cells.values()):
                message = _l("It cannot be told which question this row belongs to. It was not taken.")
                filled.problems.append(Problem(message, place=f"{number}"))
        elif (row.assignment_id, row.name) in seen:
            message = _l("This question stands in the sheet twice. Only the first row was taken.")
            filled.problems.append(Problem(message, place=row.place))
        else:
            seen.add((row.assignment_id, row.name))
            filled.rows.append(row)
    return filled


def part_in(row: GivenRow, criterion: Step | None, language: str) -> tuple[Part, list[Problem]]:
    """Return what a row says, and what is wrong with it by cell; `criterion` is None for the general parts.

    `language` is that of the sheet: numbers are read as people write them in it.
    """
    texts, problems = _texts(row)
    part: Part
    part, wrong = _judged(row, texts, criterion, language) if criterion else _general(row, texts)
    places = {"reason": REASON, "comment": COMMENT_COLUMN, "": COMMENT_COLUMN if row.name == COMMENT else SCORE}
    too_long = part_problems({row.name: part}, [criterion] if criterion else [])
    wrong += [Problem(each.message, place=row.cells[places[each.place]].place) for each in too_long]
    return part, problems or wrong


def _texts(row: GivenRow) -> tuple[dict[str, str], list[Problem]]:
    """Return the texts of a row's cells as they are kept, and what cannot be."""
    texts, problems = {}, []
    for name, cell in row.cells.items():
        texts[name] = cell.text
        try:
            texts[name] = clean_text(cell.text, multiline=True)
        except TextError as error:
            problems.append(Problem(error.message, place=cell.place))
        if cell.is_formula:
            message = _l("This cell holds a formula or an error. Write the answer itself.")
            problems.append(Problem(message, place=cell.place))
    return texts, problems


def _judged(row: GivenRow, texts: Mapping[str, str], criterion: Step, language: str) -> tuple[Judged, list[Problem]]:
    score = row.cells[SCORE]
    judged = judged_from(
        criterion,
        texts[SCORE],
        cannot_judge=_plain(texts[SCORE]) in _cannot_judge(),
        reason=" ".join(texts[REASON].split()),
        comment=texts[COMMENT_COLUMN],
        language=DEFAULT_LANGUAGE if score.is_number else language,
    )
    if not judged.typed:
        return judged, []
    message = _l("“%(text)s” was not taken. %(rule)s", text=judged.typed, rule=off_scale(criterion))
    return judged, [Problem(message, place=score.place)]


def _general(row: GivenRow, texts: Mapping[str, str]) -> tuple[str, list[Problem]]:
    is_confidence = row.name == CONFIDENCE
    used = SCORE if is_confidence else COMMENT_COLUMN
    problems = [
        Problem(_l("Nothing is asked in this cell. It was not taken."), place=cell.place)
        for name, cell in row.cells.items()
        if name != used and texts[name]
    ]
    if not is_confidence or not texts[used]:
        return texts[used], problems
    chosen = _confidence().get(_plain(texts[used]))
    if chosen is None:
        message = _l("“%(text)s” was not taken. Choose from the list.", text=texts[used][:200])
        problems.append(Problem(message, place=row.cells[used].place))
    return chosen or texts[used], problems


def _row(key: str, cells: Mapping[str, GivenCell]) -> GivenRow | None:
    assignment, _slash, rest = key.partition("/")
    name, _slash, mark = rest.rpartition("/")
    try:
        return GivenRow(UUID(assignment), name, mark, cells) if name and mark else None
    except ValueError:
        return None


def _cell(line: Sequence[GivenCell], column: int, number: int) -> GivenCell:
    return line[column] if column < len(line) else GivenCell("", f"{get_column_letter(column + 1)}{number}")


def _workbook_lines(data: bytes, filename: str) -> list[Line]:
    book = open_filled(data, filename, not_ours=_NOT_OURS)
    sheet = next((each for each in book.worksheets[:MAX_SHEETS] if first_cell(each).startswith(f"{MARK} ")), None)
    if sheet is None:
        raise TableError(_NOT_OURS, filename)
    return [
        (
            number,
            [
                GivenCell(
                    cell_text(cell),
                    f"{get_column_letter(column)}{number}",
                    isinstance(cell.value, int | float) and not isinstance(cell.value, bool),
                    is_formula(cell),
                )
                for column, cell in enumerate(line, 1)
            ],
        )
        for number, line in enumerate(grid(sheet, filename, rows=MAX_ROWS, columns=MAX_COLUMNS), 1)
    ]


def _csv_lines(data: bytes, filename: str) -> list[Line]:
    if len(data) > MAX_FILLED_BYTES:
        raise TableError(_l("This file is larger than %(limit)s MB.", limit=MAX_FILLED_BYTES // 2**20), filename)
    table = read_table(data, filename)
    if len(table.rows) > MAX_ROWS or len(table.headers) > MAX_COLUMNS:
        raise TableError(_NOT_OURS, filename)

    def line(number: int, texts: Sequence[str]) -> Line:
        return number, [GivenCell(text, f"{get_column_letter(column)}{number}") for column, text in enumerate(texts, 1)]

    return [
        line(1, table.headers),
        *(line(row.number, [row.cells[name] for name in table.headers]) for row in table.rows),
    ]


def _in_all_languages() -> Iterator[str]:
    for language in LANGUAGES:
        with in_language(language):
            yield language


@cache
def _cannot_judge() -> set[str]:
    """Return what stands in a score's cell for "cannot judge", in any of our languages."""
    return {"cannot judge", Unjudged.CANNOT_JUDGE.value} | {
        _plain(str(CANNOT_JUDGE_WORDS)) for _language in _in_all_languages()
    }


@cache
def _confidence() -> dict[str, str]:
    """Return how sure somebody is by what stands for it, in any of our languages."""
    return {_plain(str(words)): value for _language in _in_all_languages() for value, words in CONFIDENCE_WORDS.items()}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
