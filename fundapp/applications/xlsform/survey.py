"""The survey sheet: groups and questions."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import regex

from fundapp.applications.form_engine.definition import Group, Kind, Question
from fundapp.applications.form_engine.rules import REFERENCE
from fundapp.applications.xlsform.appearance import read_appearance
from fundapp.applications.xlsform.choices import Lists, which_other
from fundapp.applications.xlsform.questions import QuestionReader
from fundapp.applications.xlsform.rows import NO, SMART_QUOTES, YES, Cells, Reader, read_expression
from fundapp.applications.xlsform.sheets import Sheet, place
from fundapp.applications.xlsform.types import Begin, Choosing, Device, End, Range, RowType, read_type
from fundapp.core.i18n import lazy_gettext as _l

_NAME: Final = regex.compile(r"[\p{L}_][\p{L}\p{N}_.-]{0,99}")
_GROUP_COLUMNS: Final = frozenset({"type", "name", "label", "hint", "relevant", "appearance", "repeat_count"})
# What a device notes by itself and an expression may use all the same: the day and the moment of the beginning.
_FROM_DEVICE: Final = {"today": "once(today())", "start": "once(now())", "start time": "once(now())"}


@dataclass
class Survey:
    """What the survey sheet says. `rows` and `group_rows` hold the row of each question and group by its path."""

    groups: tuple[Group, ...] = ()
    questions: tuple[Question, ...] = ()
    rows: dict[tuple[str, ...], Cells] = field(default_factory=dict)
    group_rows: dict[tuple[str, ...], Cells] = field(default_factory=dict)
    left_out: dict[str, Cells] = field(default_factory=dict)
    """The rows of what devices note, by name."""


def read_survey(reader: Reader, sheet: Sheet, lists: Lists) -> Survey:
    """Read groups and questions in order; every problem goes to the reader."""
    return _SurveyReader(reader, lists).read(sheet)


@dataclass(frozen=True)
class _Open:
    """A group that has begun."""

    name: str
    number: int
    is_repeat: bool


@dataclass
class _SurveyReader:
    reader: Reader
    lists: Lists
    open_groups: list[_Open] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    rows: dict[tuple[str, ...], Cells] = field(default_factory=dict)
    group_rows: dict[tuple[str, ...], Cells] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    devices: dict[str, Cells] = field(default_factory=dict)
    referenced: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.question_reader = QuestionReader(self.reader, self.lists)

    def read(self, sheet: Sheet) -> Survey:
        self.referenced = {
            name for row in sheet.rows for cell in row.cells.values() for name in REFERENCE.findall(cell)
        }
        rows = [(row, read_type(" ".join(row.plain.get("type", "").split()))) for row in self._rows(sheet)]
        for _row, kind in rows:
            if isinstance(kind, Choosing) and kind.with_other and kind.source == "choices":
                self.lists.add_other(kind.list_name)
        for row, kind in rows:
            self._row(row, kind)
        for group in self.open_groups:
            where = place("survey", group.number, "type")
            self.reader.complain(_l("The group “%(name)s” has no end group.", name=group.name), where)
        return Survey(
            tuple(self.groups),
            tuple(self.questions),
            self.rows,
            self.group_rows,
            self.devices,
        )

    def _rows(self, sheet: Sheet) -> Iterator[Cells]:
        """Leave out rows that are remarks, and rows that are switched off."""
        for row in self.reader.rows(sheet):
            if row.plain.get("disabled", "").lower() in YES:
                self.reader.warn(_l("This row is switched off and left out."), row.place("survey", "disabled"))
            elif row.plain.get("type") or row.plain.get("name") or row.texts.get("label"):
                yield row
            elif row.plain or row.texts:
                self.reader.warn(_l("This row has no type, name or label and is left out."), row.place("survey"))

    def _row(self, row: Cells, kind: RowType | None) -> None:
        match kind:
            case Begin():
                self._begin_group(row, kind)
            case End():
                self._end_group(row, kind)
            case Device():
                self._device(row, kind)
            case Kind() | Range() | Choosing():
                self._question(row, kind)
            case None:
                self._unknown(row)

    def _complain(self, message: str, row: Cells, column: str) -> None:
        self.reader.complain(message, row.place("survey", column))

    def _unknown(self, row: Cells) -> None:
        written = row.plain.get("type", "")
        if not written:
            self._complain(_l("The type is missing."), row, "type")
        else:
            self._complain(_l("The type “%(type)s” is not supported.", type=written), row, "type")
        if regex.match(r"begin[ _]", written.lower()):
            self._begin_group(row, Begin(is_repeat=False))
        elif regex.match(r"end[ _]", written.lower()) and self.open_groups:
            self.open_groups.pop()
        else:
            # What uses the answer to this row is not wrong for that.
            self._add(Question(self._name(row), Kind.TEXT, {}, self._path), row)

    # -- Groups -----------------------------------------------------------------------------------------------------

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(group.name for group in self.open_groups)

    @property
    def _in_repeat(self) -> bool:
        return any(group.is_repeat for group in self.open_groups)

    def _begin_group(self, row: Cells, begin: Begin) -> None:
        name = self._name(row, is_group=not begin.is_repeat)
        self.open_groups.append(_Open(name, row.number, begin.is_repeat))
        if self._path in self.group_rows:
            self._complain(
                _l("Row %(row)s has this name already.", row=self.group_rows[self._path].number), row, "name"
            )
        if not begin.is_repeat and row.plain.get("repeat_count", "").lower() not in NO:
            self._complain(_l("Only a repeat has a number of rows."), row, "repeat_count")
        for column in (*row.plain, *row.texts):
            if column not in _GROUP_COLUMNS and row.plain.get(column, "-").lower() not in NO:
                self._complain(_l("This has no meaning for a group."), row, column)
        self.groups.append(
            Group(
                path=self._path,
                label=row.texts.get("label", {}),
                relevant=read_expression(row, "relevant"),
                is_repeat=begin.is_repeat,
                repeat_count=row.plain.get("repeat_count", "").translate(SMART_QUOTES) if begin.is_repeat else "",
                hint=row.texts.get("hint", {}),
                appearance=read_appearance(self.reader, row, None),
            )
        )
        self.group_rows[self._path] = row

    def _end_group(self, row: Cells, end: End) -> None:
        # Some tools repeat the name, the label or the relevance of the group here; they have no meaning.
        if not self.open_groups:
            self._complain(_l("This ends a group that was not begun."), row, "type")
            return
        group = self.open_groups.pop()
        if group.is_repeat is not end.is_repeat:
            self._complain(
                _l("This ends “%(name)s” of row %(row)s as what it is not.", name=group.name, row=group.number),
                row,
                "type",
            )

    # -- Questions --------------------------------------------------------------------------------------------------

    def _name(self, row: Cells, *, is_group: bool = False) -> str:
        """Return the name of a row. Groups may share theirs with a question; everything else is told apart by it."""
        name = row.plain.get("name", "")
        if not _NAME.fullmatch(name):
            self._complain(
                _l("A name starts with a letter and has only letters, digits, “_”, “-” and “.”."), row, "name"
            )
        elif is_group:
            return name
        elif name.casefold() in self.names:
            self._complain(_l("Row %(row)s has this name already.", row=self.names[name.casefold()]), row, "name")
        self.names.setdefault(name.casefold(), row.number)
        return name

    def _device(self, row: Cells, device: Device) -> None:
        name = row.plain.get("name", device.name)
        self.devices[name] = row
        calculation = _FROM_DEVICE.get(device.name)
        if calculation and name in self.referenced:
            self._add(Question(self._name(row), Kind.CALCULATE, {}, self._path, calculation=calculation), row)
        else:
            self.reader.warn(
                _l("“%(name)s” is noted by devices and left out; nobody types it.", name=device.name),
                row.place("survey", "type"),
            )

    def _question(self, row: Cells, asked: Kind | Range | Choosing) -> None:
        if asked is Kind.NOTE and not row.plain.get("name"):
            # pyxform gives it the same name.
            row = replace(row, plain={**row.plain, "name": f"generated_note_name_{row.number}"})
        question = self.question_reader.read(row, asked, self._name(row), self._path, in_repeat=self._in_repeat)
        self._add(question, row)
        if isinstance(asked, Choosing) and asked.with_other:
            other = which_other(question)
            if taken := self.names.get(other.name.casefold()):
                self._complain(
                    _l("Row %(row)s has the name “%(name)s” already.", row=taken, name=other.name), row, "type"
                )
            self.names.setdefault(other.name.casefold(), row.number)
            self._add(other, row)

    def _add(self, question: Question, row: Cells) -> None:
        self.questions.append(question)
        self.rows[(*question.group, question.name)] = row
