"""Form fields that WTForms lacks, drawn by templates/macros/form.html."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectMultipleField
from wtforms.utils import unset_value
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text

# Source: HTML living standard, section 13.2.3.5: controls, surrogates and noncharacters of the basic plane.
_UNSHOWABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Storable:
    """Refuse, beside the field, a text of one or several lines that no column can hold; normalise the others.

    A refused text is shown again with U+FFFD where a page cannot hold a character. With `as_typed` nothing else is
    changed, for text in which tabs and blanks mean something.
    """

    def __init__(self, *, as_typed: bool = False) -> None:
        self.as_typed = as_typed

    def __call__(self, _form: Form, field: Field) -> None:
        """Check and normalise `field.data`. Raises ValidationError."""
        typed = field.data or ""
        try:
            cleaned = clean_text(typed, multiline=True)
        except TextError as error:
            field.data = _UNSHOWABLE.sub("\ufffd", typed)
            raise ValidationError(error.message) from error
        field.data = typed if self.as_typed else cleaned


class CheckboxesField(SelectMultipleField):
    """Any number of choices, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RankField(CheckboxesField):
    """Choices put in order: one list to choose from for each place, all of the same name, the first place first."""


class DateField(Field):
    """A date typed in three boxes; `parts` keeps what was typed, `typed` joins it as year-month-day.

    It starts from a date, or from an earlier `typed` text, so that a draft can hold a day that does not exist.
    """

    PARTS: tuple[str, ...] = ("day", "month", "year")

    def __init__(self, label: Any = None, validators: Sequence[Any] | None = None, **kwargs: Any) -> None:
        self.parts = dict.fromkeys(self.PARTS, "")
        super().__init__(label, validators, **kwargs)

    @property
    def typed(self) -> str:
        """Return the typed parts as "2020-3-27", or "" when all are empty."""
        if not any(self.parts.values()):
            return ""
        return "-".join(self.parts[part] for part in ("year", "month", "day"))

    def process_data(self, value: date | str | None) -> None:
        """Fill the boxes from a stored date or an earlier typed text."""
        if isinstance(value, str):
            year, month, day = [*value.split("-", 2), "", ""][:3]
            self.parts = {"day": day, "month": month, "year": year}
            self._read()
            return
        self.data = value
        if value is not None:
            self.parts = {"day": str(value.day), "month": str(value.month), "year": str(value.year)}

    def process(self, formdata: MultiDict[str, Any] | None, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the three boxes when the form was sent, else the stored value."""
        super().process(None, data, extra_filters)
        self.raw_data = []
        names = {part: f"{self.name}-{part}" for part in self.PARTS}
        if formdata is None or not any(name in formdata for name in names.values()):
            return
        self.parts = {part: str(formdata.get(name, "")).strip() for part, name in names.items()}
        self.raw_data = [self.typed] if self.typed else []
        try:
            self._read()
        except ValueError as error:
            self.process_errors.append(error.args[0])

    def _read(self) -> None:
        self.data = None
        if not self.typed:
            return
        try:
            self.data = date(*(int(self.parts[part]) for part in ("year", "month", "day")))
        except ValueError:
            raise ValueError(_l("Enter a real date: day, month and year in figures.")) from None


class DateTimeField(DateField):
    """A date typed in three boxes with a time of day in a fourth; `typed` is "year-month-dayTtime".

    What is typed is only kept here; whoever asks reads it.
    """

    PARTS = ("day", "month", "year", "time")

    @property
    def typed(self) -> str:
        """Return the typed parts as "2020-3-27T14:30", or "" when all are empty."""
        if not any(self.parts.values()):
            return ""
        return "-".join(self.parts[part] for part in ("year", "month", "day")) + "T" + self.parts["time"]

    def process_data(self, value: date | str | None) -> None:
        """Fill the boxes from an earlier typed text."""
        on, _separator, time = (value if isinstance(value, str) else "").partition("T")
        year, month, day = [*on.split("-", 2), "", ""][:3]
        self.parts = {"day": day, "month": month, "year": year, "time": time}

    def _read(self) -> None:
        self.data = None
