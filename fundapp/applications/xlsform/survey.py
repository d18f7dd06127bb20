"""The survey sheet: groups and questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import regex

from fundapp.applications.expressions import ExpressionError, parse_expression
from fundapp.applications.form_definition import (
    IDENTITY_ROLES,
    LISTED_ROLES,
    ROLE_KINDS,
    Choice,
    Group,
    Kind,
    Question,
    Role,
    Sensitivity,
)
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.rows import NO, YES, Cells, Reader
from fundapp.applications.xlsform.sheets import Sheet, place
from fundapp.core.i18n import lazy_gettext as _l

_KINDS: Final[Mapping[str, Kind]] = {
    "text": Kind.TEXT,
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "int": Kind.INTEGER,
    "decimal": Kind.DECIMAL,
    "date": Kind.DATE,
    "file": Kind.FILE,
    "image": Kind.IMAGE,
    "photo": Kind.IMAGE,
    "acknowledge": Kind.ACKNOWLEDGE,
    "trigger": Kind.ACKNOWLEDGE,
    "note": Kind.NOTE,
}
_SELECT: Final = regex.compile(
    r"(?:(?P<one>select_one|select one(?: from)?|select1)"
    r"|(?P<multiple>select_multiple|select multiple(?: from)?|select all that apply(?: from)?))\s+(?P<list>\S+)",
    regex.IGNORECASE,
)
_NAME: Final = regex.compile(r"[\p{L}_][\p{L}\p{N}_.-]{0,99}")


@dataclass
class Survey:
    """What the survey sheet says.

    `rows` stand beside `questions`; `references` are the names that each question's constraint uses, `answered` the
    names of all questions that take an answer, also of those whose type is refused.
    """

    groups: tuple[Group, ...] = ()
    questions: tuple[Question, ...] = ()
    rows: tuple[Cells, ...] = ()
    references: dict[str, frozenset[str]] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()


def read_survey(reader: Reader, sheet: Sheet, choices: Mapping[str, tuple[Choice, ...]]) -> Survey:
    """Read groups and questions in order; every problem goes to the reader."""
    return _SurveyReader(reader, choices).read(sheet)


@dataclass
class _SurveyReader:
    reader: Reader
    choices: Mapping[str, tuple[Choice, ...]]
    open_groups: list[tuple[str, int]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    rows: list[Cells] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    roles: dict[Role, int] = field(default_factory=dict)
    references: dict[str, frozenset[str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)

    def read(self, sheet: Sheet) -> Survey:
        for row in self.reader.rows(sheet):
            kind = " ".join(row.plain.get("type", "").split())
            match kind.lower().replace("_", " "):
                case "":
                    self._complain(_l("The type is missing."), row, "type")
                case "begin group":
                    self._begin_group(row)
                case "begin repeat":
                    self._complain(_l("Repeats are not supported."), row, "type")
                    self.open_groups.append(("", row.number))
                case "end group" | "end repeat":
                    self._end_group(row)
                case _:
                    self._question(row, kind)
        for name, number in self.open_groups:
            where = place("survey", number, "type")
            self.reader.complain(_l("The group “%(name)s” has no end group.", name=name), where)
        return Survey(
            tuple(self.groups), tuple(self.questions), tuple(self.rows), self.references, frozenset(self.answered)
        )

    def _complain(self, message: str, row: Cells, column: str) -> None:
        self.reader.complain(message, row.place("survey", column))

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(name for name, _row in self.open_groups)

    def _begin_group(self, row: Cells) -> None:
        name = self._name(row)
        self.open_groups.append((name, row.number))
        self.groups.append(Group(self._path, row.texts.get("label", {})))
        self._refuse_others(row, {"type", "name", "label"})

    def _end_group(self, row: Cells) -> None:
        if self.open_groups:
            self.open_groups.pop()
        else:
            self._complain(_l("This ends a group that was not begun."), row, "type")
        # Some tools repeat the name and label of the group here.
        self._refuse_others(row, {"type", "name", "label"})

    def _refuse_others(self, row: Cells, allowed: set[str]) -> None:
        for column in (*row.plain, *row.texts):
            if column not in allowed:
                self._complain(_l("This has no meaning for a group."), row, column)

    def _name(self, row: Cells) -> str:
        name = row.plain.get("name", "")
        if not _NAME.fullmatch(name):
            self._complain(
                _l("A name starts with a letter and has only letters, digits, “_”, “-” and “.”."), row, "name"
            )
        elif name.casefold() in self.names:
            self._complain(_l("Row %(row)s has this name already.", row=self.names[name.casefold()]), row, "name")
        self.names.setdefault(name.casefold(), row.number)
        return name

    def _question(self, row: Cells, written_kind: str) -> None:
        name = self._name(row)
        kind, choices = self._kind(row, written_kind)
        if kind is not Kind.NOTE:
            self.answered.add(name)
        if kind is None:
            self._constraint(row, name)
            self._yes(row, "required")
            return
        if not row.texts.get("label"):
            self._complain(_l("The label is missing."), row, "label")
        question = Question(
            name=name,
            kind=kind,
            label=row.texts.get("label", {}),
            group=self._path,
            hint=row.texts.get("hint", {}),
            required=self._yes(row, "required"),
            required_message=row.texts.get("required_message", {}),
            constraint=self._constraint(row, name),
            constraint_message=row.texts.get("constraint_message", {}),
            multiline=self._multiline(row, kind),
            choices=choices,
            max_words=self._limit(row, kind, f"{OWN}words"),
            max_characters=self._limit(row, kind, f"{OWN}characters"),
            role=self._role(row, kind),
            identifies=self._yes(row, f"{OWN}identifies"),
            category=row.plain.get(f"{OWN}category", ""),
        )
        question = replace(question, given_sensitivity=self._sensitivity(row, question))
        if kind is Kind.NOTE:
            self._refuse_in_note(row)
        self.questions.append(question)
        self.rows.append(row)

    def _kind(self, row: Cells, written: str) -> tuple[Kind | None, tuple[Choice, ...]]:
        if kind := _KINDS.get(written.lower()):
            return kind, ()
        if not (match := _SELECT.fullmatch(written)):
            self._complain(_l("The type “%(type)s” is not supported.", type=written), row, "type")
            return None, ()
        listed = self.choices.get(match["list"], ())
        if not listed:
            self._complain(_l("The sheet choices has no list “%(name)s”.", name=match["list"]), row, "type")
        return (Kind.SELECT_ONE if match["one"] else Kind.SELECT_MULTIPLE), listed

    def _yes(self, row: Cells, column: str) -> bool:
        written = row.plain.get(column, "").lower()
        if written not in YES | NO:
            self._complain(_l("Write yes or no."), row, column)
        return written in YES

    def _constraint(self, row: Cells, name: str) -> str:
        source = row.plain.get("constraint", "")
        if source:
            try:
                self.references[name] = parse_expression(source).references
            except ExpressionError as error:
                self._complain(error.message, row, "constraint")
        return source

    def _multiline(self, row: Cells, kind: Kind) -> bool:
        appearance = row.plain.get("appearance", "")
        if appearance and (kind is not Kind.TEXT or appearance.lower() != "multiline"):
            self._complain(
                _l("The appearance “%(name)s” is not supported for this type.", name=appearance), row, "appearance"
            )
        return bool(appearance)

    def _limit(self, row: Cells, kind: Kind, column: str) -> int | None:
        written = row.plain.get(column)
        if written is None:
            return None
        if kind is not Kind.TEXT:
            self._complain(_l("Only text has a limit."), row, column)
        if not regex.fullmatch(r"[1-9][0-9]{0,5}", written):
            self._complain(_l("Write the limit as a whole number."), row, column)
            return None
        return int(written)

    def _role(self, row: Cells, kind: Kind) -> Role | None:
        column = f"{OWN}role"
        written = row.plain.get(column)
        if written is None:
            return None
        if written not in set(Role):
            self._complain(
                _l("“%(name)s” is not a role. Roles are: %(roles)s.", name=written, roles=", ".join(Role)), row, column
            )
            return None
        role = Role(written)
        if role in self.roles:
            self._complain(_l("Row %(row)s has this role already.", row=self.roles[role]), row, column)
        self.roles.setdefault(role, row.number)
        if kind not in ROLE_KINDS[role]:
            types = ", ".join(sorted(ROLE_KINDS[role]))
            self._complain(
                _l("The role “%(role)s” needs one of the types %(types)s.", role=role, types=types), row, column
            )
        return role

    def _sensitivity(self, row: Cells, question: Question) -> Sensitivity | None:
        column = f"{OWN}sensitivity"
        written = row.plain.get(column)
        if written is None:
            return None
        if written not in set(Sensitivity):
            choices = ", ".join(Sensitivity)
            self._complain(
                _l("“%(name)s” is no sensitivity. Write one of: %(choices)s.", name=written, choices=choices),
                row,
                column,
            )
            return None
        sensitivity = Sensitivity(written)
        if sensitivity is Sensitivity.PAYEE and (question.kind is not Kind.TEXT or question.role is not None):
            self._complain(_l("Only a text without a role can be “payee”."), row, column)
        if sensitivity is Sensitivity.IDENTITY and question.role in LISTED_ROLES:
            self._complain(
                _l(
                    "An answer with the role “%(role)s” stands in lists. A protected call hides it.", role=question.role
                ),
                row,
                column,
            )
        if question.role in IDENTITY_ROLES and sensitivity is not Sensitivity.IDENTITY:
            self._complain(
                _l("An answer with the role “%(role)s” is always identity.", role=question.role), row, column
            )
        return sensitivity

    def _refuse_in_note(self, row: Cells) -> None:
        for column in (*row.plain, *row.texts):
            if column not in {"type", "name", "label", "hint", f"{OWN}category"} and row.plain.get(column) not in NO:
                self._complain(_l("A note takes no answer, so this has no meaning."), row, column)
