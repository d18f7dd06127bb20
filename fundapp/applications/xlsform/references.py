"""What the rows of a form say about each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fundapp.applications.expressions import ExpressionError, parse_expression
from fundapp.applications.form_definition import CHOICE_KINDS, Group, Kind, Question, Role, Sensitivity, Texts
from fundapp.applications.xlsform.choices import OTHER
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.applications.xlsform.survey import REFERENCE, Survey
from fundapp.core.i18n import lazy_gettext as _l

MOST_ELIGIBILITY: Final = 6
FEWEST_ELIGIBILITY: Final = 3
MOST_LISTED: Final = 6
# The field of a definition, and the column that it comes from.
EXPRESSIONS: Final = {
    "relevant": "relevant",
    "required_if": "required",
    "constraint": "constraint",
    "calculation": "calculation",
    "readonly": "readonly",
    "choice_filter": "choice_filter",
    "eligible": f"{OWN}eligible",
    "repeat_count": "repeat_count",
}
TEXTS: Final = {
    "label": "label",
    "hint": "hint",
    "guidance": "guidance_hint",
    "required_message": "required_message",
    "constraint_message": "constraint_message",
    "ineligible_message": f"{OWN}ineligible_message",
}


@dataclass(frozen=True)
class _Use:
    """Somebody's use of other answers: in which row and column, and the names used."""

    item: Question | Group
    row: Cells
    column: str
    names: frozenset[str]


def check_together(reader: Reader, survey: Survey) -> None:
    """Complain about what one row says about another and does not hold."""
    by_name = {question.name: question for question in survey.questions}
    for use in list(_uses(reader, survey)):
        _check_use(reader, survey, use, by_name)
    _check_categories(reader, survey)
    _check_others(reader, survey, by_name)
    _check_eligibility(reader, survey)
    listed = [question for question in survey.questions if question.in_lists]
    for question in listed[MOST_LISTED:]:
        reader.complain(
            _l("At most %(limit)s answers can stand in lists.", limit=MOST_LISTED),
            _row(survey, question).place("survey", f"{OWN}lists"),
        )
    if not any(question.takes_answer for question in survey.questions) and not survey.refused:
        reader.complain(_l("The form asks nothing."), "survey")


def _row(survey: Survey, item: Question | Group) -> Cells:
    if isinstance(item, Group):
        return survey.group_rows[item.path]
    return survey.rows[(*item.group, item.name)]


def _uses(reader: Reader, survey: Survey) -> Iterator[_Use]:
    items: tuple[Group | Question, ...] = (*survey.groups, *survey.questions)
    for item in items:
        row = _row(survey, item)
        expressions = {column: getattr(item, name, "") for name, column in EXPRESSIONS.items()}
        if isinstance(item, Question) and item.default_is_expression:
            expressions["default"] = item.default
        for column, source in expressions.items():
            if source and row.plain.get(column):
                try:
                    yield _Use(item, row, column, parse_expression(source).references)
                except ExpressionError as error:
                    reader.complain(error.message, row.place("survey", column))
        for name, column in TEXTS.items():
            texts: Texts = getattr(item, name, {})
            names = frozenset(found for text in texts.values() for found in REFERENCE.findall(text))
            if names:
                yield _Use(item, row, column, names)


def _check_use(reader: Reader, survey: Survey, use: _Use, by_name: dict[str, Question]) -> None:
    where = use.row.place("survey", use.column)
    repeats = {group.name for group in survey.groups if group.is_repeat}
    for name in sorted(use.names):
        question = by_name.get(name)
        if name in survey.left_out and question is None:
            reader.complain(_l("“%(name)s” is noted by devices and is not known here.", name=name), where)
        elif question is None and name not in survey.refused | repeats:
            reader.complain(_l("No question is called “%(name)s”.", name=name), where)
        elif question is not None and question.kind is Kind.NOTE and not question.calculation:
            reader.complain(_l("“%(name)s” is a note and has no answer.", name=name), where)
        elif question is not None and question.sensitivity is Sensitivity.PAYEE and question is not use.item:
            reader.complain(_l("The answer to “%(name)s” is payee: no other question can use it.", name=name), where)


def _check_categories(reader: Reader, survey: Survey) -> None:
    categories = next((question for question in survey.questions if question.role is Role.CATEGORIES), None)
    for question in survey.questions:
        if question.category and (categories is None or categories.choice(question.category) is None):
            reader.complain(
                _l("“%(name)s” is not a choice of the question with the role “categories”.", name=question.category),
                _row(survey, question).place("survey", f"{OWN}category"),
            )


def _check_others(reader: Reader, survey: Survey, by_name: dict[str, Question]) -> None:
    for question in survey.questions:
        if not question.other_of:
            continue
        chosen = by_name.get(question.other_of)
        if (
            question.kind is not Kind.TEXT
            or chosen is None
            or chosen.kind not in CHOICE_KINDS
            or chosen.group != question.group
            or chosen.choice(OTHER) is None
        ):
            reader.complain(
                _l("This names a choice question of the same group, with the choice “other”, and stands at a text."),
                _row(survey, question).place("survey", f"{OWN}other_of"),
            )


def _check_eligibility(reader: Reader, survey: Survey) -> None:
    """Eligibility is asked first, in three to six questions that need no other answers."""
    asked = [question for question in survey.questions if question.takes_answer]
    eligibility = [question for question in asked if question.eligible]
    names = {question.name for question in eligibility}
    column = f"{OWN}eligible"
    for position, question in enumerate(eligibility):
        row = _row(survey, question)
        where = row.place("survey", column)
        if asked[position] is not question:
            reader.complain(_l("Eligibility questions stand at the start of the form."), where)
        if position == MOST_ELIGIBILITY:
            reader.complain(_l("At most %(limit)s questions ask who may apply.", limit=MOST_ELIGIBILITY), where)
        used = set()
        for name in ("relevant", "required_if", "constraint", "readonly", "choice_filter", "calculation", "eligible"):
            used |= set(REFERENCE.findall(getattr(question, name)))
        for name in sorted(used - names):
            reader.complain(
                _l("“%(name)s” is no eligibility question, so it is not answered yet when this is asked.", name=name),
                where,
            )
    if 0 < len(eligibility) < FEWEST_ELIGIBILITY:
        reader.warn(
            _l("A few plain questions work best: three to six ask who may apply."),
            _row(survey, eligibility[0]).place("survey", column),
        )
