"""From the rows of an XLSForm to a form definition, with every problem named by sheet, row and column."""

import regex
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from fundapp.applications.form_definition import Choice, FormDefinition, Question, Role, Sensitivity
from fundapp.applications.xlsform.columns import HeadingError, language_code
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.applications.xlsform.sheets import REFUSED_SHEETS, Sheet, place, read_sheets
from fundapp.applications.xlsform.survey import Survey, read_survey
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


def read_form(data: bytes, filename: str, *, default_language: str = "en") -> FormDefinition:
    """Read a form (.xlsx, or .md in pyxform's markdown); `default_language` is that of headings that name none.

    Raises RuleViolations with every problem, each with the sheet, row and column where it stands.
    """
    sheets, stray = read_sheets(data, filename)
    problems = list(stray)
    for name in REFUSED_SHEETS:
        problems += [
            Problem(_l("This sheet is not supported."), place=place(name, row.number)) for row in sheets[name].rows
        ]
    settings = _settings(sheets["settings"], default_language, problems)
    reader = Reader(settings.get("default_language", default_language), problems)
    choices = _choices(reader, sheets["choices"])
    survey = read_survey(reader, sheets["survey"], choices)
    _check_together(reader, survey)
    _convert(data, filename, problems)
    if problems:
        raise RuleViolations(problems)
    languages = _languages(survey.questions)
    fallback = reader.fallback if reader.fallback in languages else languages[0]
    return FormDefinition(
        title=settings.get("form_title", ""),
        form_id=settings.get("form_id", ""),
        version=settings.get("version", ""),
        languages=languages,
        default_language=fallback,
        groups=survey.groups,
        questions=survey.questions,
    )


def _settings(sheet: Sheet, default_language: str, problems: list[Problem]) -> dict[str, str]:
    reader = Reader(default_language, problems)
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


def _choices(reader: Reader, sheet: Sheet) -> dict[str, tuple[Choice, ...]]:
    lists: dict[str, dict[str, Choice]] = {}
    for row in reader.rows(sheet):
        name, list_name = row.plain.get("name", ""), row.plain.get("list_name", "")
        if not list_name:
            reader.complain(_l("The list's name is missing."), row.place("choices", "list_name"))
            continue
        if not name or regex.search(r"\s", name) or len(name) > 100:
            reader.complain(
                _l("A choice needs a name without spaces, of at most 100 characters."), row.place("choices", "name")
            )
            continue
        if not row.texts.get("label"):
            reader.complain(_l("The label is missing."), row.place("choices", "label"))
        if name in lists.setdefault(list_name, {}):
            reader.complain(_l("The list has this name already."), row.place("choices", "name"))
        lists[list_name][name] = Choice(name, row.texts.get("label", {}))
    return {list_name: tuple(choices.values()) for list_name, choices in lists.items()}


def _check_together(reader: Reader, survey: Survey) -> None:
    """Check what one question says about another."""
    by_role = {question.role: question for question in survey.questions if question.role}
    categories = by_role.get(Role.CATEGORIES)
    payee = {question.name for question in survey.questions if question.sensitivity is Sensitivity.PAYEE}
    for question, row in zip(survey.questions, survey.rows, strict=True):
        for name in sorted(survey.references.get(question.name, frozenset()) - survey.answered):
            reader.complain(_l("No question is called “%(name)s”.", name=name), row.place("survey", "constraint"))
        for name in sorted(survey.references.get(question.name, frozenset()) & payee - {question.name}):
            reader.complain(
                _l("The answer to “%(name)s” is payee: no other question can use it.", name=name),
                row.place("survey", "constraint"),
            )
        if question.category and (categories is None or categories.choice(question.category) is None):
            reader.complain(
                _l("“%(name)s” is not a choice of the question with the role “categories”.", name=question.category),
                row.place("survey", "fundapp::category"),
            )
    if not survey.answered:
        reader.complain(_l("The form asks nothing."), "survey")


def _languages(questions: tuple[Question, ...]) -> tuple[str, ...]:
    """Return the languages of the form's labels, in the order of its columns."""
    return tuple(dict.fromkeys(language for question in questions for language in question.label))


def _convert(data: bytes, filename: str, problems: list[Problem]) -> None:
    """Let pyxform convert the form: what its converter refuses is no XLSForm, whatever we would make of it."""
    try:
        convert(data, file_type="." + filename.rsplit(".", 1)[-1].lower())
    except PyXFormError as error:
        message = " ".join(str(error).split())
        row = regex.search(r"\[row : (\d+)\]", message)
        reported = {problem.place.split(",")[0] for problem in problems}
        sheet = regex.search(r"'(survey|choices|settings)' sheet", message)
        name = sheet[1] if sheet else "survey"
        where = place(name, int(row[1])) if row else name
        # pyxform stops at its first problem; what we have named already needs no second naming.
        if where not in reported and (row or not problems):
            problems.append(Problem(_l("pyxform refuses this form: %(reason)s", reason=message), place=where))
