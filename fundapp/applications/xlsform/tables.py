"""The sheets of an XLSForm as tables of cells, in which a text may stand in several languages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.applications.form_engine.definition import Texts
from fundapp.applications.xlsform.columns import OWN, language_heading
from fundapp.applications.xlsform.sheets import REFUSED_SHEETS, SHEETS, Row, Sheet

# The columns in their order; texts have one for each language.
SURVEY: Final = (
    "type", "name", "label", "hint", "guidance_hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "default", "readonly", "choice_filter", "repeat_count", "appearance",
    f"{OWN}words", f"{OWN}characters", f"{OWN}role", f"{OWN}party", f"{OWN}identifies", f"{OWN}reviewers",
    f"{OWN}sensitivity", f"{OWN}category", f"{OWN}lists", f"{OWN}spoken", f"{OWN}places", f"{OWN}other_of",
    f"{OWN}eligible", f"{OWN}ineligible_message",
)  # fmt: skip
CHOICES: Final = ("list_name", "name", "label")

# A row by its columns: a cell's text, or the same text in several languages.
Cells = dict[str, str | Texts]


@dataclass(frozen=True)
class TableColumn:
    """One column of a sheet: a field, in one language ("" for none)."""

    field: str
    language: str

    @property
    def heading(self) -> str:
        """Return what stands in the first row."""
        return f"{self.field}::{language_heading(self.language)}" if self.language else self.field

    def text(self, row: Cells) -> str:
        """Return the cell of a row."""
        cell = row.get(self.field, "")
        return cell.get(self.language, "") if isinstance(cell, Mapping) else cell


@dataclass(frozen=True)
class Table:
    """One sheet; `languages` are those of its texts, in the order of their columns."""

    name: str
    rows: Sequence[Cells]
    fields: Sequence[str]
    languages: Sequence[str]

    def columns(self) -> Iterator[TableColumn]:
        """Return the columns that hold anything, each field with each language that it is written in."""
        for field in self.fields:
            cells = [row[field] for row in self.rows if row.get(field)]
            spoken = dict.fromkeys(_languages(cells))
            if spoken:
                yield from (TableColumn(field, language) for language in self.languages if language in spoken)
                yield from (TableColumn(field, language) for language in spoken if language not in self.languages)
            elif cells or field in {"type", "name", "list_name"}:
                yield TableColumn(field, "")

    def sheet(self) -> Sheet:
        """Return the sheet as a reader gives it."""
        columns = list(self.columns())
        rows = []
        for number, row in enumerate(self.rows, 2):
            cells = {column.heading: column.text(row).strip() for column in columns}
            rows.append(Row(number, {heading: text for heading, text in cells.items() if text}))
        return Sheet(self.name, self.name, tuple(column.heading for column in columns), tuple(rows))


@dataclass(frozen=True)
class Tables:
    """Everything that a form says, row by row, right or wrong."""

    survey: Sequence[Cells]
    choices: Sequence[Cells]
    settings: Cells
    languages: Sequence[str]

    @property
    def all(self) -> tuple[Table, ...]:
        """Return the sheets that are written."""
        survey = Table("survey", self.survey, SURVEY, self.languages)
        settings = Table("settings", [self.settings], tuple(self.settings), ())
        if not self.choices:
            return survey, settings
        further = dict.fromkeys(name for row in self.choices for name in row if name not in CHOICES)
        return survey, Table("choices", self.choices, (*CHOICES, *further), self.languages), settings

    def sheets(self) -> Mapping[str, Sheet]:
        """Return every sheet that a form may have, by name, as a reader gives them."""
        written = {table.name: table.sheet() for table in self.all}
        return {name: written.get(name, Sheet(name, name, (), ())) for name in (*SHEETS, *REFUSED_SHEETS)}


def _languages(cells: Iterable[str | Texts]) -> Iterator[str]:
    for cell in cells:
        if isinstance(cell, Mapping):
            yield from cell
