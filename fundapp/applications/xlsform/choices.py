"""Lists of choices: the sheets choices and external_choices, and CSV files beside the form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import regex

from fundapp.applications.form_engine.definition import Choice, Kind, Question
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.applications.xlsform.sheets import Row, Sheet
from fundapp.applications.xlsform.types import Choosing
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import read_table

# Gives the bytes of a file that lies beside the form, or None.
ReadFile = Callable[[str], bytes | None]

MAX_CHOICES: Final = 5_000
OTHER: Final = "other"
# Part of the form, so that it says the same wherever it is read; English where these have no word.
_OTHER_WORDS: Final = {"en": "Other", "fr": "Autre", "es": "Otro", "pt": "Outro", "ar": "غير ذلك"}
_WHICH_WORDS: Final = {
    "en": "Please say which.",
    "fr": "Veuillez préciser.",
    "es": "Por favor, especifique.",
    "pt": "Por favor, especifique.",
    "ar": "يُرجى التحديد.",
}
_FILE_NAME: Final = regex.compile(r"[\w-][\w.-]{0,99}\.csv", regex.IGNORECASE)


@dataclass
class Lists:
    """Every list that a question can name."""

    reader: Reader
    read_file: ReadFile | None
    listed: dict[str, dict[str, Choice]] = field(default_factory=dict)
    external: dict[str, dict[str, Choice]] = field(default_factory=dict)
    files: dict[str, tuple[Mapping[str, str], dict[str, Choice]]] = field(default_factory=dict)

    def read(self, sheets: Mapping[str, Sheet]) -> None:
        """Read the sheets."""
        self.listed = self._sheet(sheets["choices"])
        self.external = self._sheet(sheets["external_choices"])
        for name in sorted(self.listed.keys() & self.external.keys()):
            self.reader.complain(_l("The sheet choices has a list “%(name)s” too.", name=name), "external_choices")

    def choices_of(self, row: Cells, asked: Choosing, parameters: Mapping[str, str]) -> tuple[str, tuple[Choice, ...]]:
        """Return the name and the choices of the list that a question names, with "other" where it is asked for."""
        if asked.source == "file":
            return self._of_file(row, asked, parameters)
        lists = self.external if asked.source == "external_choices" else self.listed
        choices = lists.get(asked.list_name, {})
        if asked.list_name.startswith("${"):
            self._complain(row, _l("Choices cannot come from the answers in a repeat."))
        elif not choices:
            self._complain(
                row, _l("The sheet %(sheet)s has no list “%(name)s”.", sheet=asked.source, name=asked.list_name)
            )
        self._check_names(row, asked.kind, choices)
        return asked.list_name, tuple(choices.values())

    def add_other(self, list_name: str) -> None:
        """Add "other" to a list that lacks it, for all questions that use it, as pyxform does."""
        choices = self.listed.get(list_name, {})
        languages = dict.fromkeys(language for choice in choices.values() for language in choice.label)
        if choices:
            choices.setdefault(OTHER, Choice(OTHER, _worded(_OTHER_WORDS, languages)))

    def _check_names(self, row: Cells, kind: Kind, choices: Mapping[str, Choice]) -> None:
        spaced = next((name for name in choices if " " in name), None)
        if spaced is not None and kind is not Kind.SELECT_ONE:
            self._complain(
                row, _l("“%(name)s” has a space in its name, so it cannot be one of several answers.", name=spaced)
            )

    def _complain(self, row: Cells, message: str) -> None:
        self.reader.complain(message, row.place("survey", "type"))

    # -- Files ------------------------------------------------------------------------------------------------------

    def _of_file(self, row: Cells, asked: Choosing, parameters: Mapping[str, str]) -> tuple[str, tuple[Choice, ...]]:
        name = asked.list_name.rsplit(".", 1)[0]
        if asked.list_name not in self.files:
            self.files[asked.list_name] = (parameters, self._file(row, asked.list_name, parameters))
            if name in self.listed or name in self.external:
                self._complain(row, _l("A sheet has a list “%(name)s” too.", name=name))
        known_by, choices = self.files[asked.list_name]
        if known_by != parameters:
            self._complain(row, _l("Another question reads this file by other parameters."))
        self._check_names(row, asked.kind, choices)
        return name, tuple(choices.values())

    def _file(self, row: Cells, filename: str, parameters: Mapping[str, str]) -> dict[str, Choice]:
        if not _FILE_NAME.fullmatch(filename):
            self._complain(row, _l("Choices come from a CSV file only, such as regions.csv."))
            return {}
        data = self.read_file(filename) if self.read_file else None
        if data is None:
            self._complain(row, _l("The file %(name)s is missing.", name=filename))
            return {}
        try:
            table = read_table(data, filename)
        except RuleViolations as violations:
            self.reader.problems.extend(violations.problems)
            return {}
        renamed = {parameters.get("value", "name"): "name", parameters.get("label", "label"): "label"}
        sheet = Sheet(
            filename,
            "choices",
            tuple(renamed.get(header, header) for header in table.headers),
            tuple(
                Row(each.number, {renamed.get(header, header): cell for header, cell in each.cells.items() if cell})
                for each in table.rows
            ),
        )
        return self._sheet(sheet, filename).get(filename, {})

    # -- Rows -------------------------------------------------------------------------------------------------------

    def _sheet(self, sheet: Sheet, list_name: str = "") -> dict[str, dict[str, Choice]]:
        """Read the rows of a sheet by list; those of a file are all of one list."""
        lists: dict[str, dict[str, Choice]] = {}
        for row in self.reader.rows(sheet, lists=True):
            self._row(sheet.name, row, list_name or row.plain.get("list_name", ""), lists)
        for name, choices in lists.items():
            if len(choices) > MAX_CHOICES:
                self.reader.complain(
                    _l("The list “%(name)s” has more than %(limit)s choices.", name=name, limit=MAX_CHOICES), sheet.name
                )
        return lists

    def _row(self, sheet: str, row: Cells, list_name: str, lists: dict[str, dict[str, Choice]]) -> None:
        name, label = row.plain.get("name", ""), row.texts.get("label", {})
        if not list_name and (name or label):
            self.reader.complain(_l("The list's name is missing."), row.place(sheet, "list_name"))
            return
        if not list_name or not (name or label or row.others):
            self.reader.warn(_l("This row is no choice and left out."), row.place(sheet))
            return
        if not name or "\n" in name or len(name) > 100:
            self.reader.complain(_l("A choice needs a name of at most 100 characters."), row.place(sheet, "name"))
            return
        if not label:
            self.reader.warn(_l("The label is missing; the name is shown instead."), row.place(sheet, "label"))
        if any("${" in text for text in label.values()):
            self.reader.complain(
                _l("Answers inside the label of a choice are not supported."), row.place(sheet, "label")
            )
        choices = lists.setdefault(list_name, {})
        if name in choices:
            self.reader.complain(_l("The list has this name already."), row.place(sheet, "name"))
        choices[name] = Choice(name, label or {self.reader.fallback: name}, dict(row.others))


def which_other(question: Question) -> Question:
    """Return the question that asks for the words of another one's "other"; pyxform adds the same one."""
    return Question(
        name=f"{question.name}_other",
        kind=Kind.TEXT,
        label=_worded(_WHICH_WORDS, question.label),
        group=question.group,
        relevant=f"selected(${{{question.name}}}, '{OTHER}')",
        identifies=question.identifies,
        category=question.category,
        given_sensitivity=question.given_sensitivity,
        other_of=question.name,
        hidden_from_reviewers=question.hidden_from_reviewers,
    )


def _worded(words: Mapping[str, str], languages: Iterable[str]) -> dict[str, str]:
    return {language: words.get(language, words["en"]) for language in languages}
