"""Writing the sheet of one's own scores as a workbook: only cells for answers can be changed, and no text is run."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from fundapp.core.i18n import direction
from fundapp.core.i18n import gettext as _
from fundapp.review.offline.sheet import (
    APPLICATION,
    COLUMNS,
    COMMENT_COLUMN,
    HEADINGS,
    MEANING,
    MOST_TO_CHOOSE,
    QUESTION,
    REASON,
    SCORE,
    ScoreRow,
    ScoreSheet,
)
from fundapp.review.scoring_rules import (
    CANNOT_JUDGE_WORDS,
    CONFIDENCE,
    CONFIDENCE_WORDS,
    MAX_COMMENT_CHARACTERS,
    MAX_NOTE_CHARACTERS,
    Judged,
    Unjudged,
)

_WIDTHS: Final = {APPLICATION: 22, QUESTION: 36, MEANING: 44, SCORE: 20, REASON: 30, COMMENT_COLUMN: 60}
_AT: Final = {name: place for place, name in enumerate(COLUMNS, 1)}
_MADE: Final = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIRST_ROW: Final = 2


def write_scores(sheet: ScoreSheet) -> bytes:
    """Return a sheet as a workbook (XLSX) in the current language; the same sheet gives the same bytes."""
    return _Writer(sheet).written()


class _Writer:
    def __init__(self, content: ScoreSheet) -> None:
        self.content = content
        self.out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.out,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self.book.set_properties({"title": content.call, "created": _MADE})
        self.cannot = str(CANNOT_JUDGE_WORDS)
        self.sure = {value: str(words) for value, words in CONFIDENCE_WORDS.items()}
        self.lists: list[tuple[Decimal | str, ...]] = []
        self.looks: dict[tuple[str, bool, bool], Any] = {}

    def written(self) -> bytes:
        sheet = self.book.add_worksheet(_("Scores")[:31])
        self._set_up(sheet)
        for row, each in enumerate(self.content.rows, _FIRST_ROW):
            self._row(sheet, row, each)
        self._help(self.book.add_worksheet(_("How to fill this in")[:31]))
        self._choices()
        self.book.close()
        return self.out.getvalue()

    def _set_up(self, sheet: Any) -> None:
        self._protect(sheet)
        sheet.set_landscape()
        sheet.set_column(0, 0, None, None, {"hidden": True})
        sheet.set_row(0, None, None, {"hidden": True})
        sheet.write_string(0, 0, self.content.mark)
        sheet.write_string(1, 0, HEADINGS)
        headings = {
            APPLICATION: _("Application"),
            QUESTION: _("What to judge"),
            MEANING: _("What to know"),
            SCORE: _("Your score"),
            REASON: _("If you cannot judge it: why?"),
            COMMENT_COLUMN: _("Comment"),
        }
        for name, heading in headings.items():
            sheet.write_string(0, _AT[name], name)
            sheet.write_string(1, _AT[name], heading, self._look("heading"))
            sheet.set_column(_AT[name], _AT[name], _WIDTHS[name])
        sheet.freeze_panes(_FIRST_ROW, 0)
        sheet.repeat_rows(1)

    def _row(self, sheet: Any, row: int, each: ScoreRow) -> None:
        sheet.write_string(row, 0, each.key)
        for name, text in ((APPLICATION, each.application), (QUESTION, each.question), (MEANING, each.meaning)):
            sheet.write_string(row, _AT[name], text, self._look("text", is_first=each.is_first))
        answers: dict[str, Decimal | str] = {}
        asked = (
            {SCORE, REASON, COMMENT_COLUMN}
            if each.criterion
            else {SCORE if each.name == CONFIDENCE else COMMENT_COLUMN}
        )
        if isinstance(each.part, Judged):
            answers = {SCORE: self._score(each.part), REASON: each.part.reason, COMMENT_COLUMN: each.part.comment}
        elif each.part:
            answers = (
                {SCORE: self.sure.get(each.part, each.part)} if each.name == CONFIDENCE else {COMMENT_COLUMN: each.part}
            )
        for name in (SCORE, REASON, COMMENT_COLUMN):
            kind = "none" if name not in asked else "score" if name == SCORE else "answer"
            look = self._look(kind, is_first=each.is_first, is_open=each.is_open)
            match answers.get(name, ""):
                case Decimal() as number:
                    sheet.write_number(row, _AT[name], number, look)
                case "":
                    sheet.write_blank(row, _AT[name], None, look)
                case text:
                    sheet.write_string(row, _AT[name], text, look)
        if each.is_open:
            self._validate(sheet, row, each, asked)

    def _score(self, judged: Judged) -> Decimal | str:
        if judged.answer is Unjudged.CANNOT_JUDGE:
            return self.cannot
        return judged.typed if judged.answer is None else Decimal(judged.answer)

    def _validate(self, sheet: Any, row: int, each: ScoreRow, asked: set[str]) -> None:
        """Offer what can be chosen, and warn of what is too long; whatever a program lets through is told later."""
        if SCORE in asked and (choices := self._choices_of(each)):
            rule: dict[str, Any] = {
                "validate": "list",
                "source": self._range(choices),
                "error_message": _("Choose from the list."),
            }
            sheet.data_validation(row, _AT[SCORE], row, _AT[SCORE], rule)
        for name, most in ((REASON, MAX_NOTE_CHARACTERS), (COMMENT_COLUMN, MAX_COMMENT_CHARACTERS)):
            if name in asked:
                rule = {
                    "validate": "length",
                    "criteria": "<=",
                    "value": most,
                    "error_type": "warning",
                    "error_message": _("At most %(limit)s characters fit here.", limit=most)[:255],
                }
                sheet.data_validation(row, _AT[name], row, _AT[name], rule)

    def _choices_of(self, each: ScoreRow) -> Sequence[Decimal | str]:
        if each.criterion is None:
            return list(self.sure.values())
        steps = each.criterion.values
        return [*steps, self.cannot] if len(steps) <= MOST_TO_CHOOSE else []

    def _range(self, choices: Sequence[Decimal | str]) -> str:
        """Return where a list of choices stands: on a hidden sheet, with numbers as numbers."""
        if (listed := tuple(choices)) not in self.lists:
            self.lists.append(listed)
        name = xl_col_to_name(self.lists.index(listed), col_abs=True)
        return f"=choices!{name}$1:{name}${len(listed)}"

    def _choices(self) -> None:
        sheet = self.book.add_worksheet("choices")
        for column, choices in enumerate(self.lists):
            for row, choice in enumerate(choices):
                sheet.write(row, column, choice)
        sheet.protect("")
        sheet.hide()

    def _help(self, sheet: Any) -> None:
        self._protect(sheet)
        sheet.set_column(0, 0, 100)
        lines = (
            _("Write in the columns “Your score”, “If you cannot judge it: why?” and “Comment”. Nothing else changes."),
            _("Choose your score from the list in its cell. If you cannot judge something, choose that."),
            _("“I cannot judge this” is not a zero: it does not count. Say in the next column why."),
            _("You need not fill in everything. Save the file as XLSX, or as CSV, and bring it back to the page."),
            _("What you write becomes your draft. Nothing is submitted before you submit it on the pages."),
            _("You can bring the same file again later, with more in it."),
        )
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line, self._look("text"))

    def _protect(self, sheet: Any) -> None:
        if direction(self.content.language) == "rtl":
            sheet.right_to_left()
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _look(self, kind: str, *, is_first: bool = False, is_open: bool = True) -> Any:
        if (kind, is_first, is_open) not in self.looks:
            look: dict[str, Any] = {"text_wrap": True, "valign": "top"}
            if kind == "heading":
                look |= {"bold": True, "bottom": 1}
            elif kind in ("score", "answer") and is_open:
                look |= {"locked": False, "border": 1, "border_color": "#9C8B78", "bg_color": "#FFFDF5"}
            elif kind == "none":
                look |= {"bg_color": "#EEE7DC"}
            if kind == "answer":
                look["num_format"] = "@"  # what begins with a dash or "=" stays as it is typed
            if is_first:
                look |= {"top": 2, "top_color": "#9C3A1C"}
            self.looks[kind, is_first, is_open] = self.book.add_format(look)
        return self.looks[kind, is_first, is_open]
