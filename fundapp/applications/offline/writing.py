"""Writing a blank workbook: a row for each question, and for each repeat a sheet with a row for each entry.

Whoever opens it sees questions and empty cells; only these can be changed. Hidden beside them stand the keys by which
the answers are known again, and of which call, form and language this is.
"""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import regex
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from fundapp.applications.form_engine.definition import LIST_KINDS, Kind
from fundapp.applications.form_engine.state import MAX_ROWS
from fundapp.applications.offline.blank import BlankBlock, BlankForm, BlankItem
from fundapp.applications.offline.slots import ANSWER_COLUMN, ENTRY_COLUMN, FIRST_ROW, MARK, ROWS, Slot, slots_of
from fundapp.core.i18n import direction, in_language
from fundapp.core.i18n import gettext as _

_FORMATS: Final = {Kind.DATE: "yyyy-mm-dd", Kind.TIME: "hh:mm", Kind.DATETIME: "yyyy-mm-dd hh:mm", Kind.INTEGER: "0"}
_NUMBERS: Final = {Kind.INTEGER: "integer", Kind.DECIMAL: "decimal"}
# Spreadsheet programs know no day before 1900.
_DAYS: Final = (date(1900, 1, 1), date(2199, 12, 31))
_MADE: Final = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_TITLE: Final = 31
"""The most letters that a sheet's title can have."""
_PROMPT: Final = 255


def write_workbook(blank: BlankForm) -> bytes:
    """Return a workbook (XLSX) to fill in offline; the same form gives the same bytes."""
    with in_language(blank.language):
        return _Writer(blank).written()


class _Writer:
    def __init__(self, blank: BlankForm) -> None:
        self.blank = blank
        self.out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.out,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self.book.set_properties({"title": blank.call, "created": _MADE})
        self.yes = _("Yes")
        self.words = {"transcript": _("In writing, what is said in: %(question)s")}
        self.titles: list[str] = []
        self.lists: list[tuple[str, ...]] = []
        self.looks: dict[str, Any] = {}

    def written(self) -> bytes:
        answers = self._sheet(_("Answers"), f"{MARK} {self.blank.slug} {self.blank.form_sha256} {self.blank.language}")
        repeats = {block.repeat: block for block in self.blank.blocks if block.is_repeat}
        sheets = {name: self._sheet(block.title or name, f"{ROWS} {name}") for name, block in repeats.items() if name}
        self._questions(answers, {name: sheet.get_name() for name, sheet in sheets.items()})
        for name, sheet in sheets.items():
            self._entries(sheet, repeats[name])
        self._choices()
        self.book.close()
        return self.out.getvalue()

    # -- Sheets -------------------------------------------------------------------------------------------------------

    def _sheet(self, title: str, mark: str) -> Any:
        plain = regex.sub(r"[\[\]:*?/\\']", " ", title).strip() or _("Sheet")
        name, number = plain[:_TITLE], 1
        while name.casefold() in self.titles:
            number += 1
            name = f"{plain[: _TITLE - 4]} {number}"
        self.titles.append(name.casefold())
        sheet = self.book.add_worksheet(name)
        if direction(self.blank.language) == "rtl":
            sheet.right_to_left()
        sheet.set_column(0, 0, None, None, {"hidden": True})
        sheet.write_string(0, 0, mark)
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _questions(self, sheet: Any, entries: Mapping[str, str]) -> None:
        """Write everything that is asked once, a row for each cell to fill in."""
        sheet.set_column(1, 1, 46)
        sheet.set_column(2, 2, 44)
        sheet.set_column(ANSWER_COLUMN, ANSWER_COLUMN, 60)
        sheet.write_string(0, 1, self.blank.call, self._look("title"))
        sheet.write_string(1, 1, _("Write in the last column. Nothing else can be changed."), self._look("text"))
        sheet.write_string(2, 1, _("Deadline: %(moment)s", moment=self.blank.deadline), self._look("text"))
        for column, heading in enumerate((_("Question"), _("What to know"), _("Your answer")), 1):
            sheet.write_string(3, column, heading, self._look("heading"))
        sheet.freeze_panes(4, 0)
        row = 4
        for block in self.blank.blocks:
            if block.repeat and not block.is_repeat:
                continue
            if block.title and block.around is None:
                beside = [block.hint or "", _not_all(block.is_conditional)]
                if block.is_repeat:
                    beside.append(
                        _("Write these on the sheet “%(sheet)s”: a row for each.", sheet=entries[block.repeat or ""])
                    )
                sheet.write_string(row, 1, block.title, self._look("section"))
                sheet.write_string(row, 2, " ".join(filter(None, beside)), self._look("text"))
                row += 1
            for item in block.items:
                row = self._question(sheet, row, item)

    def _question(self, sheet: Any, row: int, item: BlankItem) -> int:
        slots = list(slots_of(item, self.words))
        is_several = item.kind in LIST_KINDS and not item.is_on_site
        if is_several or not slots or slots[0].label != item.label:
            sheet.write_string(row, 1, item.label, self._look("question"))
            sheet.write_string(row, 2, _beside(item), self._look("text"))
            row += 1
        for slot in slots:
            sheet.write_string(row, 0, slot.key)
            sheet.write_string(row, 1, slot.label, self._look("choice" if slot.choice else "question"))
            if not slot.choice:
                sheet.write_string(row, 2, _beside(item), self._look("text"))
            if item.lines > 1:
                sheet.set_row(row, 15 * min(item.lines, 10))
            sheet.write_blank(row, ANSWER_COLUMN, None, self._answer(slot))
            self._validate(sheet, row, ANSWER_COLUMN, row, slot, item)
            row += 1
        return row

    def _entries(self, sheet: Any, head: BlankBlock) -> None:
        """Write a repeat's questions from left to right; below them is a row for each entry."""
        sheet.write_string(0, 1, head.title or head.repeat or "", self._look("title"))
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column(ENTRY_COLUMN, ENTRY_COLUMN, 12)
        sheet.write_string(2, ENTRY_COLUMN, _("Entry"), self._look("heading"))
        last = FIRST_ROW + MAX_ROWS - 1
        for number in range(1, MAX_ROWS + 1):
            sheet.write_number(FIRST_ROW + number - 1, ENTRY_COLUMN, number, self._look("text"))
        column = ENTRY_COLUMN + 1
        if head.around:
            outer = next(block for block in self.blank.blocks if block.is_repeat and block.repeat == head.around)
            sheet.write_string(1, column, f"/{head.around}")
            sheet.write_string(2, column, _("Belongs to"), self._look("heading"))
            note = _("The number of the entry on the sheet “%(sheet)s”.", sheet=outer.title or head.around)
            sheet.write_string(3, column, note, self._look("text"))
            sheet.set_column(column, column, 16)
            for row in range(FIRST_ROW, last + 1):
                sheet.write_blank(row, column, None, self._look("answer:0"))
            sheet.data_validation(FIRST_ROW, column, last, column, _between("integer", 1, MAX_ROWS))
            column += 1
        for block in self.blank.blocks:
            for item in block.items if block.repeat == head.repeat else ():
                column = self._column(sheet, column, last, item)
        sheet.freeze_panes(FIRST_ROW, ENTRY_COLUMN + 1)

    def _column(self, sheet: Any, column: int, last: int, item: BlankItem) -> int:
        for slot in slots_of(item, self.words):
            sheet.write_string(1, column, slot.key)
            heading = f"{item.label}: {slot.label}" if slot.choice else slot.label
            sheet.write_string(2, column, heading, self._look("heading"))
            sheet.write_string(3, column, _beside(item), self._look("text"))
            sheet.set_column(column, column, 30)
            for row in range(FIRST_ROW, last + 1):
                sheet.write_blank(row, column, None, self._answer(slot))
            self._validate(sheet, FIRST_ROW, column, last, slot, item)
            column += 1
        return column

    # -- Cells --------------------------------------------------------------------------------------------------------

    def _validate(self, sheet: Any, first: int, column: int, last: int, slot: Slot, item: BlankItem) -> None:
        """Offer choices, and warn of what is no number or day; what a program lets through is told on coming back."""
        rule: dict[str, Any] | None = None
        if slot.kind is Kind.RANK:
            rule = _between("integer", 1, len(item.choices))
        elif slot.choice or slot.kind is Kind.ACKNOWLEDGE:
            rule = {"validate": "list", "source": [self.yes]}
        elif item.choices:
            rule = {"validate": "list", "source": self._range(tuple(choice.label for choice in item.choices))}
        elif slot.kind in _NUMBERS:
            rule = _between(_NUMBERS[slot.kind], -(10**15), 10**15)
        elif slot.kind is Kind.DATE or slot.kind is Kind.DATETIME:
            rule = _between("date", *_DAYS)
        if rule is not None:
            rule |= {"error_type": "warning", "error_message": _fitting(slot.kind, bool(item.choices))[:_PROMPT]}
            sheet.data_validation(first, column, last, column, rule)

    def _range(self, labels: tuple[str, ...]) -> str:
        """Return where a list of choices stands: on a hidden sheet, so that it may be of any length."""
        if labels not in self.lists:
            self.lists.append(labels)
        name = xl_col_to_name(self.lists.index(labels), col_abs=True)
        return f"=choices!{name}$1:{name}${len(labels)}"

    def _choices(self) -> None:
        if not self.lists:
            return
        sheet = self.book.add_worksheet("choices")
        for column, labels in enumerate(self.lists):
            for row, label in enumerate(labels):
                sheet.write_string(row, column, label)
        sheet.protect("")
        sheet.hide()

    def _answer(self, slot: Slot) -> Any:
        # "@" keeps what is typed as text: a telephone number its zeros, a dash or "=" its place.
        plain = "General" if slot.kind is Kind.DECIMAL or slot.choice else "@"
        return self._look(f"answer:{_FORMATS.get(slot.kind, plain)}")

    def _look(self, name: str) -> Any:
        if name not in self.looks:
            wrapped = {"text_wrap": True, "valign": "top"}
            kind, _colon, number_format = name.partition(":")
            looks: dict[str, dict[str, Any]] = {
                "title": {"bold": True, "font_size": 15, "font_color": "#9C3A1C"},
                "heading": {**wrapped, "bold": True, "bottom": 1},
                "section": {**wrapped, "bold": True, "font_size": 13, "font_color": "#9C3A1C"},
                "question": {**wrapped, "bold": True},
                "choice": {**wrapped, "indent": 2},
                "text": {**wrapped, "font_color": "#5D5049"},
                "answer": {
                    **wrapped,
                    "locked": False,
                    "border": 1,
                    "border_color": "#9C8B78",
                    "bg_color": "#FFFDF5",
                    "num_format": number_format,
                },
            }
            self.looks[name] = self.book.add_format(looks[kind])
        return self.looks[name]


def _between(kind: str, least: Any, most: Any) -> dict[str, Any]:
    return {"validate": kind, "criteria": "between", "minimum": least, "maximum": most}


def _not_all(is_conditional: bool) -> str:
    return _("Not everybody is asked this.") if is_conditional else ""


def _beside(item: BlankItem) -> str:
    """Say beside a question what there is to know: its hints and limits, and whether it must be answered."""
    if item.kind == Kind.NOTE:
        return item.hint or ""
    texts = [
        item.hint,
        item.guidance,
        *item.limits,
        _not_all(item.is_conditional),
        "" if item.is_required else _("(optional)"),
        _("Give this on the site, after you have sent us this sheet.") if item.is_on_site else "",
    ]
    if item.kind == Kind.RANK:
        texts.append(_("Write 1 beside what comes first, 2 beside the next, and so on."))
    elif item.kind == Kind.SELECT_MULTIPLE:
        texts.append(_("Choose “Yes” beside each that applies."))
    return " ".join(filter(None, texts))


def _fitting(kind: Kind, has_choices: bool) -> str:
    if kind is Kind.RANK:
        return _("Write a whole number: 1 for what comes first.")
    if has_choices or kind is Kind.ACKNOWLEDGE:
        return _("Choose from the list.")
    if kind in _NUMBERS:
        return _("Write a number.")
    return _("Write a day, such as 2020-03-24.")
