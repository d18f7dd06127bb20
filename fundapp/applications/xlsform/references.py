"""What the rows of a form say about each other."""

from typing import Final

from fundapp.applications.form_engine.definition import (
    CHOICE_KINDS,
    FormDefinition,
    Group,
    Kind,
    Question,
    Role,
)
from fundapp.applications.form_engine.rules import REFERENCE, faults_of
from fundapp.applications.xlsform.choices import OTHER
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.own_columns import SEALED
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.applications.xlsform.survey import Survey
from fundapp.core.i18n import lazy_gettext as _l

MOST_ELIGIBILITY: Final = 6
FEWEST_ELIGIBILITY: Final = 3
MOST_LISTED: Final = 6
# Without these an application cannot be taken, so they are asked of everybody.
ALWAYS_ASKED: Final = frozenset({Role.ORGANISATION, Role.EMAIL, Role.AMOUNT, Role.CATEGORIES})
# Fields of a definition, where their columns are called otherwise.
_COLUMNS: Final = {
    "required_if": "required",
    "guidance": "guidance_hint",
    "eligible": f"{OWN}eligible",
    "ineligible_message": f"{OWN}ineligible_message",
}
_EXPRESSIONS: Final = ("relevant", "required_if", "constraint", "readonly", "choice_filter", "calculation", "eligible")


def check_together(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    """Complain about what one row says about another and does not hold."""
    _check_expressions(reader, survey, form)
    _check_roles(reader, survey, form)
    _check_others(reader, survey, form)
    _check_eligibility(reader, survey, form)
    _check_listed(reader, survey, form)
    if not any(question.takes_answer for question in form.questions):
        reader.complain(_l("The form asks nothing."), "survey")


def _row(survey: Survey, item: Question | Group) -> Cells:
    if isinstance(item, Group):
        return survey.group_rows[item.path]
    return survey.rows[(*item.group, item.name)]


def _check_expressions(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    for fault in faults_of(form):
        row = survey.rows.get(fault.path) or survey.group_rows[fault.path]
        where = row.place("survey", _COLUMNS.get(fault.field, fault.field))
        used = REFERENCE.findall(row.plain.get(_COLUMNS.get(fault.field, fault.field), ""))
        if noted := next((name for name in used if name in survey.left_out and form.question(name) is None), None):
            reader.complain(_l("“%(name)s” is noted by devices and is not known here.", name=noted), where)
        else:
            reader.complain(fault.message, where)


def _check_roles(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    categories = form.with_role(Role.CATEGORIES)
    groups = {group.path: group for group in form.groups}
    for question in form.questions:
        row = _row(survey, question)
        if question.category and (categories is None or categories.choice(question.category) is None):
            reader.complain(
                _l("“%(name)s” is not a choice of the question with the role “categories”.", name=question.category),
                row.place("survey", f"{OWN}category"),
            )
        around = [groups[question.group[:depth]] for depth in range(1, len(question.group) + 1)]
        depends = question.relevant or question.category or any(group.relevant for group in around)
        if question.role in ALWAYS_ASKED and depends:
            reader.complain(
                _l("The question with the role “%(role)s” is asked of everybody.", role=question.role),
                row.place("survey", "relevant"),
            )


def _check_listed(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    for position, question in enumerate(question for question in form.questions if question.in_lists):
        where = _row(survey, question).place("survey", f"{OWN}lists")
        if position >= MOST_LISTED:
            reader.complain(_l("At most %(limit)s answers can stand in lists.", limit=MOST_LISTED), where)
        if question.sensitivity in SEALED:
            reader.complain(_l("What is identity or payee, or computed from it, cannot stand in lists."), where)


def _check_others(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    for question in form.questions:
        if not question.other_of:
            continue
        chosen = form.question(question.other_of)
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


def _check_eligibility(reader: Reader, survey: Survey, form: FormDefinition) -> None:
    """Eligibility is asked first, in three to six questions that need no other answers."""
    asked = [question for question in form.questions if question.takes_answer]
    eligibility = [question for question in asked if question.eligible]
    names = {question.name for question in eligibility}
    groups = {group.path: group for group in form.groups}
    for position, question in enumerate(eligibility):
        where = _row(survey, question).place("survey", f"{OWN}eligible")
        if asked[position] is not question:
            reader.complain(_l("Eligibility questions stand at the start of the form."), where)
        if position == MOST_ELIGIBILITY:
            reader.complain(_l("At most %(limit)s questions ask who may apply.", limit=MOST_ELIGIBILITY), where)
        sources = [getattr(question, field) for field in _EXPRESSIONS]
        sources += [groups[question.group[:depth]].relevant for depth in range(1, len(question.group) + 1)]
        used = {name for source in sources for name in REFERENCE.findall(source)}
        for name in sorted(used - names):
            reader.complain(
                _l("“%(name)s” is no eligibility question, so it is not answered yet when this is asked.", name=name),
                where,
            )
    if 0 < len(eligibility) < FEWEST_ELIGIBILITY:
        reader.warn(
            _l("Three to six plain questions work best to ask who may apply."),
            _row(survey, eligibility[0]).place("survey", f"{OWN}eligible"),
        )
