"""One row of the survey sheet that asks something."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fundapp.applications.form_engine.definition import (
    FILE_KINDS,
    UNSEEN_KINDS,
    Choice,
    Kind,
    Question,
    Role,
    Texts,
)
from fundapp.applications.xlsform.appearance import MULTILINE, read_appearance, read_parameters, read_range, read_rows
from fundapp.applications.xlsform.choices import Lists
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.defaults import read_default
from fundapp.applications.xlsform.own_columns import (
    check_own,
    read_limit,
    read_party,
    read_role,
    read_sensitivity,
    said_yes,
)
from fundapp.applications.xlsform.rows import NO, YES, Cells, Reader, read_expression
from fundapp.applications.xlsform.types import Choosing, Range
from fundapp.core.i18n import lazy_gettext as _l

_NOTE_COLUMNS: Final = frozenset(
    {"type", "name", "label", "hint", "guidance_hint", "relevant", "appearance", "readonly"}
)
_UNSEEN_COLUMNS: Final = frozenset(
    {"type", "name", "label", "hint", "calculation", "default", "relevant", "readonly", "appearance"}
)
_NEVER_CALCULATED: Final = FILE_KINDS | {Kind.NOTE, Kind.ACKNOWLEDGE}


@dataclass
class QuestionReader:
    """Reads rows that ask something; `roles` holds the rows of the roles taken so far."""

    reader: Reader
    lists: Lists
    roles: dict[Role, int] = field(default_factory=dict)

    def read(
        self, row: Cells, asked: Kind | Range | Choosing, name: str, group: tuple[str, ...], *, in_repeat: bool
    ) -> Question:
        """Return the question of a row that stands in `group`."""
        reader = self.reader
        kind, parameters, constraint = self._kind(row, asked)
        list_name, choices = self._choices(row, asked, kind, parameters)
        appearance = read_appearance(reader, row, kind).split()
        role = read_role(reader, row, kind, self.roles)
        label, hint = self._label(row, kind)
        required, required_if = self._required(row)
        default, default_is_expression = read_default(reader, row, kind, choices)
        question = Question(
            name=name,
            kind=kind,
            label=label,
            group=group,
            hint=hint,
            required=required,
            required_message=row.texts.get("required_message", {}),
            constraint=_both(constraint, read_expression(row, "constraint")),
            constraint_message=row.texts.get("constraint_message", {}),
            multiline=MULTILINE in appearance or (kind is Kind.TEXT and read_rows(reader, row, parameters)),
            choices=choices,
            max_words=read_limit(reader, row, kind, f"{OWN}words"),
            max_characters=read_limit(reader, row, kind, f"{OWN}characters"),
            role=role,
            party=read_party(reader, row, kind, role),
            identifies=said_yes(reader, row, f"{OWN}identifies"),
            category=row.plain.get(f"{OWN}category", ""),
            given_sensitivity=read_sensitivity(reader, row, kind, role),
            required_if=required_if,
            relevant=read_expression(row, "relevant"),
            calculation=read_expression(row, "calculation"),
            default=default,
            default_is_expression=default_is_expression,
            readonly="" if row.plain.get("readonly", "").lower() in NO else read_expression(row, "readonly"),
            choice_filter=read_expression(row, "choice_filter"),
            guidance=row.texts.get("guidance_hint", {}),
            appearance=" ".join(word for word in appearance if word != MULTILINE),
            list_name=list_name,
            other_of=row.plain.get(f"{OWN}other_of", ""),
            spoken=said_yes(reader, row, f"{OWN}spoken"),
            eligible=read_expression(row, f"{OWN}eligible"),
            ineligible_message=row.texts.get(f"{OWN}ineligible_message", {}),
            hidden_from_reviewers=row.plain.get(f"{OWN}reviewers", "yes").lower() in NO,
            in_lists=said_yes(reader, row, f"{OWN}lists"),
        )
        self._check_columns(row, question)
        check_own(reader, row, question, in_repeat)
        return self._fitting(row, question)

    def _complain(self, message: str, row: Cells, column: str) -> None:
        self.reader.complain(message, row.place("survey", column))

    def _kind(self, row: Cells, asked: Kind | Range | Choosing) -> tuple[Kind, Mapping[str, str], str]:
        """Return the kind of a question, the parameters that count, and the constraint that its type brings along."""
        if isinstance(asked, Range):
            kind, constraint = read_range(
                self.reader, row, read_parameters(self.reader, row, frozenset({"start", "end", "step"}))
            )
            return kind, {}, constraint
        if isinstance(asked, Choosing):
            used = {"value", "label"} if asked.source == "file" else set()
            return asked.kind, read_parameters(self.reader, row, frozenset(used)), ""
        used = {"rows"} if asked is Kind.TEXT else set()
        return asked, read_parameters(self.reader, row, frozenset(used)), ""

    def _choices(
        self, row: Cells, asked: Kind | Range | Choosing, kind: Kind, parameters: Mapping[str, str]
    ) -> tuple[str, tuple[Choice, ...]]:
        places = row.plain.get(f"{OWN}places", "")
        if isinstance(asked, Choosing):
            list_name, choices = self.lists.choices_of(row, asked, parameters)
            if asked.with_other and row.plain.get("choice_filter"):
                self._complain(_l("Choices with “or other” cannot be filtered."), row, "choice_filter")
        elif places and kind is Kind.GEOPOINT:
            list_name, choices = self.lists.choices_of(row, Choosing(Kind.SELECT_ONE, places), {})
        else:
            list_name, choices = "", ()
        if places and kind is not Kind.GEOPOINT:
            self._complain(_l("Only a geopoint has a list of places."), row, f"{OWN}places")
        return list_name, choices

    def _label(self, row: Cells, kind: Kind) -> tuple[Texts, Texts]:
        label, hint = row.texts.get("label", {}), row.texts.get("hint", {})
        if label or kind in UNSEEN_KINDS:
            return label, hint
        if hint:
            self.reader.warn(_l("The label is missing; the hint is shown in its place."), row.place("survey", "label"))
            return hint, {}
        self._complain(_l("The label is missing."), row, "label")
        return {}, {}

    def _required(self, row: Cells) -> tuple[bool, str]:
        written = row.plain.get("required", "")
        if written.lower() in YES | NO:
            return written.lower() in YES, ""
        if written.isalpha():
            self._complain(_l("Write yes or no, or an expression."), row, "required")
            return False, ""
        return False, read_expression(row, "required")

    def _check_columns(self, row: Cells, question: Question) -> None:
        """Warn about what a row says without effect, and complain about what it says in vain."""
        reviewers = row.plain.get(f"{OWN}reviewers", "").lower()
        if reviewers not in YES | NO:
            self._complain(_l("Write yes or no."), row, f"{OWN}reviewers")
        if question.kind in UNSEEN_KINDS or question.kind is Kind.NOTE:
            meant = _NOTE_COLUMNS if question.kind is Kind.NOTE else _UNSEEN_COLUMNS
            for column in (*row.plain, *row.texts):
                if column not in meant and not column.startswith(OWN) and row.plain.get(column, "-").lower() not in NO:
                    self.reader.warn(
                        _l("Nobody answers a row of this type, so this has no effect."), row.place("survey", column)
                    )
        elif question.calculation and question.kind in _NEVER_CALCULATED:
            self._complain(_l("An answer of this type cannot be calculated."), row, "calculation")
        if question.choice_filter and not question.choices:
            self._complain(_l("Only choices can be filtered."), row, "choice_filter")

    def _fitting(self, row: Cells, question: Question) -> Question:
        """Drop what a question of its kind has no use for."""
        if question.kind is not Kind.NOTE and question.kind not in UNSEEN_KINDS:
            return question
        untyped = replace(
            question,
            required=False,
            required_if="",
            required_message={},
            constraint="",
            constraint_message={},
            readonly="",
        )
        if question.kind is Kind.NOTE:
            return replace(untyped, calculation="")
        kind = Kind.CALCULATE if question.calculation else Kind.HIDDEN
        if question.kind is Kind.CALCULATE and not question.calculation and not question.default_is_expression:
            self._complain(_l("The calculation is missing."), row, "calculation")
        return replace(untyped, kind=kind, hint={}, guidance={})


def _both(first: str, second: str) -> str:
    return f"({first}) and ({second})" if first and second else first or second
