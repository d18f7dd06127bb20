"""From the rows of an XLSForm to a form definition, with every problem named by sheet, row and column."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import regex
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from fundapp.applications.form_engine.definition import FormDefinition, Question
from fundapp.applications.form_engine.rules import inheriting
from fundapp.applications.xlsform.choices import Lists, ReadFile
from fundapp.applications.xlsform.columns import HeadingError, language_code, read_heading
from fundapp.applications.xlsform.references import check_together
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.applications.xlsform.sheets import REFUSED_SHEETS, SHEETS, Sheet, place, read_sheets
from fundapp.applications.xlsform.survey import read_survey
from fundapp.applications.xlsform.tables import Tables
from fundapp.applications.xlsform.types import read_type, write_type
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


def read_form(
    data: bytes,
    filename: str,
    *,
    default_language: str = "en",
    read_file: ReadFile | None = None,
    warnings: list[Problem] | None = None,
) -> FormDefinition:
    """Read a form (.xlsx, or .md in pyxform's markdown); `default_language` is that of headings that name none.

    `read_file` gives the CSV files that lie beside the form. `warnings` gets what is passed over and keeps nobody from
    using the form. Raises RuleViolations with every problem, each with the sheet, row and column where it stands.
    """
    warned = [] if warnings is None else warnings
    sheets, stray = read_sheets(data, filename, warned)
    return _form_of(sheets, stray, default_language, read_file, warned)


def read_tables(tables: Tables, *, default_language: str, warnings: list[Problem] | None = None) -> FormDefinition:
    """Read a form from tables instead of a file, by the same rules. Raises RuleViolations like `read_form`."""
    return _form_of(tables.sheets(), [], default_language, None, [] if warnings is None else warnings)


def _form_of(
    sheets: Mapping[str, Sheet],
    stray: list[Problem],
    default_language: str,
    read_file: ReadFile | None,
    warned: list[Problem],
) -> FormDefinition:
    problems = list(stray)
    for name in REFUSED_SHEETS:
        problems += [
            Problem(_l("This sheet is not supported."), place=place(name, row.number)) for row in sheets[name].rows
        ]
    settings = _settings(sheets["settings"], Reader(default_language, problems, warned))
    reader = Reader(settings.get("default_language", default_language), problems, warned)
    lists = Lists(reader, read_file)
    lists.read(sheets)
    survey = read_survey(reader, sheets["survey"], lists)
    languages = _languages(survey.questions)
    form = FormDefinition(
        title=settings.get("form_title", ""),
        form_id=settings.get("form_id", ""),
        version=settings.get("version", ""),
        languages=languages,
        default_language=reader.fallback if reader.fallback in languages else next(iter(languages), ""),
        groups=survey.groups,
        questions=tuple(_with_own_lists(survey.questions)),
    )
    form = inheriting(form)
    check_together(reader, survey, form)
    _convert(sheets, problems)
    if problems:
        raise RuleViolations(problems)
    return form


def _with_own_lists(questions: tuple[Question, ...]) -> Iterator[Question]:
    """Leave out the name of a list that is a question's alone and is called like it."""
    uses = Counter(question.list_name for question in questions)
    for question in questions:
        own = question.list_name == question.name and uses[question.name] == 1
        yield replace(question, list_name="") if own else question


def _settings(sheet: Sheet, reader: Reader) -> dict[str, str]:
    first, *more = list(reader.rows(sheet)) or [Cells(2, {}, {}, {})]
    for row in more:
        reader.complain(_l("Settings have one row only."), place("settings", row.number))
    settings = dict(first.plain)
    if "default_language" in settings:
        try:
            settings["default_language"] = language_code(settings["default_language"])
        except HeadingError as error:
            del settings["default_language"]
            reader.complain(error.message, first.place("settings", "default_language"))
    return settings


def _languages(questions: tuple[Question, ...]) -> tuple[str, ...]:
    """Return the languages of the form's labels, in the order of its columns."""
    return tuple(dict.fromkeys(language for question in questions for language in question.label))


# -- pyxform's own opinion -------------------------------------------------------------------------------------------


def _convert(sheets: Mapping[str, Sheet], problems: list[Problem]) -> None:
    """Let pyxform convert the form: what its converter refuses is no XLSForm, whatever we would make of it."""
    try:
        convert(_for_pyxform(sheets))
    except Exception as error:
        # Its converter stops at what it refuses with an error of its own, and stumbles over some of the rest.
        message = " ".join(str(error).split()) if isinstance(error, PyXFormError) else type(error).__name__
        row = regex.search(r"\[row : (\d+)\]", message)
        reported = {problem.place.split(",")[0] for problem in problems}
        sheet = regex.search(r"'(survey|choices|settings)' sheet", message)
        name = sheet[1] if sheet else "survey"
        where = place(name, int(row[1])) if row else name
        # pyxform stops at its first problem; what we have named already needs no second naming.
        if where not in reported and (row or not problems):
            problems.append(Problem(_l("pyxform refuses this form: %(reason)s", reason=message), place=where))


def _for_pyxform(sheets: Mapping[str, Sheet]) -> dict[str, Any]:
    """Return the sheets as pyxform's readers give them, with types in the spelling that its converter knows.

    Rows that are empty stay where they are, so that its row numbers are those of the sheet.
    """
    book: dict[str, Any] = {"sheet_names": [name for name in SHEETS if sheets[name].headers]}
    for name in SHEETS:
        sheet = sheets[name]
        if not sheet.headers:
            continue
        rows: list[dict[str, str]] = [{} for _ in range(max((row.number for row in sheet.rows), default=1) - 1)]
        types = [header for header in sheet.headers if _is_type(header, name)]
        for row in sheet.rows:
            cells = dict(row.cells)
            for header in types:
                if header in cells and (read := read_type(" ".join(cells[header].split()))) is not None:
                    cells[header] = write_type(read)
            rows[row.number - 2] = cells
        book[name] = rows
        book[f"{name}_header"] = [dict.fromkeys(sheet.headers)]
    return book


def _is_type(header: str, sheet: str) -> bool:
    try:
        column = read_heading(header, sheet)
    except HeadingError:
        return False
    return column is not None and column.field == "type"
