"""Forms for the values of a call, each field named by the value's path and filled from the call's document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, Form, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from fundapp.applications.call_package import Document
from fundapp.applications.call_package.paths import value_at
from fundapp.applications.call_settings import Asked, Control
from fundapp.core.fields import CheckboxesField, DateField, Storable
from fundapp.core.i18n import LANGUAGES, current_language, direction, language_name, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.text import clean_text

TIME_OF_DAY = ".time"
OTHERS = ".others"
MOST_TYPED = 40_000


class Needed:
    """Mark a field as one that the call can't be announced without; an empty one can be saved all the same."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads a class attribute

    def __call__(self, _form: Form, _field: Field) -> None:
        """Refuse nothing."""


@dataclass(frozen=True)
class FieldShown:
    """One field of a page of settings; `missing` where its text is not written in this language yet."""

    field: Field
    control: Control
    lang: str = ""
    direction: str = ""
    beside: Field | None = None
    """A second field for the same value: the time of a day, other languages."""
    currency: str = ""
    missing: bool = False


class CallForm(FlaskForm):
    """Values of a call. What is asked is set on the class that `call_form` makes."""

    asked: Sequence[Asked] = ()
    base = ""
    document: Document

    @property
    def paths(self) -> list[str]:
        """Return the paths of everything that is asked."""
        return [self.path(asked) for asked in self.asked]

    def path(self, asked: Asked) -> str:
        """Return the path of a value in the document, which is the name of its field too."""
        return f"{self.base}{asked.path}"

    def changes(self) -> dict[str, Any]:
        """Return what was typed, by path, as the document holds it; what cannot be read stays as typed."""
        return {self.path(asked): self._typed(asked) for asked in self.asked}

    def shown(self) -> list[FieldShown]:
        """Return the fields in the order of the page."""
        shown = []
        for asked in self.asked:
            path = self.path(asked)
            if asked.control in (Control.LINES, Control.TEXTS):
                stored = value_at(self.document, path) or {}
                shown += [
                    FieldShown(
                        self[f"{path}.{code}"],
                        asked.control,
                        code,
                        direction(code),
                        missing=asked.needed and not stored.get(code),
                    )
                    for code in _languages(self.document)
                ]
            elif asked.control is Control.TIME:
                shown.append(FieldShown(self[path], asked.control, beside=self[path + TIME_OF_DAY]))
            elif asked.control is Control.LANGUAGES:
                shown.append(FieldShown(self[path], asked.control, beside=self[path + OTHERS]))
            else:
                shown.append(FieldShown(self[path], asked.control, currency=_currency(self.document)))
        return shown

    def _typed(self, asked: Asked) -> Any:
        path = self.path(asked)
        match asked.control:
            case Control.LINES | Control.TEXTS:
                texts = {code: self[f"{path}.{code}"].data or "" for code in _languages(self.document)}
                written = {code: text.strip() for code, text in texts.items() if text.strip()}
                return written if written or asked.needed else None
            case Control.WHOLE:
                return _read_or_typed(int, self[path].data)
            case Control.NUMBER:
                return _read_or_typed(float, (self[path].data or "").replace(",", "."))
            case Control.MONEY:
                return _amount(self[path].data, _currency(self.document) or str(self._other("budget.currency")))
            case Control.TIME:
                return self._time(path)
            case Control.LIST:
                return [line.strip() for line in (self[path].data or "").splitlines() if line.strip()]
            case Control.NUMBERS:
                return [_read_or_typed(int, each) for each in (self[path].data or "").replace(",", " ").split()]
            case Control.LANGUAGES:
                return [*self[path].data, *(self[path + OTHERS].data or "").split()]
            case Control.FLAG:
                return self[path].data
            case Control.CATEGORY:
                return self[path].data or None
            case _:
                return (self[path].data or "").strip()

    def _other(self, path: str) -> Any:
        return self[path].data if path in self else ""

    def _time(self, path: str) -> datetime | None:
        on, at = self[path].data, self[path + TIME_OF_DAY].data
        if on is None or not at or self[path + TIME_OF_DAY].errors:
            return None
        typed = datetime.combine(on, time.fromisoformat(at))
        stored = value_at(self.document, path)
        # An hour that comes twice is stored with its offset, and stays as it is until another one is typed.
        return stored if stored is not None and stored.replace(tzinfo=None) == typed else typed


class NewCallForm(FlaskForm):
    """Choose the fund or prize of a new call."""

    NEW = "new"

    programme = RadioField(_l("Which fund or prize is it for?"), validators=[InputRequired(_l("Choose one."))])


class NewItemForm(FlaskForm):
    """Give a new category or criterion its short name."""

    code = StringField(
        _l("Short name"),
        description=_l(
            "Small letters, figures and dashes, such as courage. The form and tables use it; it can't be changed later."
        ),
        validators=[Needed(), Storable()],
    )


class InvitationsForm(FlaskForm):
    """Add a file with the list of those who are invited."""

    invitations = FileField(
        _l("List of those who are invited"),
        description=_l(
            "A spreadsheet (CSV or XLSX) with the columns email and organisation. It takes the place of the list that "
            "is there; whoever has begun stays invited."
        ),
    )


def a_time_of_day(_form: Form, field: Field) -> None:
    """Refuse anything but hours and minutes. Raises ValidationError."""
    try:
        field.data = time.fromisoformat(clean_text(field.data or "").zfill(5)).strftime("%H:%M")
    except ValueError:
        raise ValidationError(_l("Enter a time of day, such as 23:59.")) from None


class FormFileForm(FlaskForm):
    """Replace the form of a call by a file."""

    file = FileField(
        _l("XLSForm"),
        description=_l("A workbook (.xlsx) as KoboToolbox and ODK use it, at most 5 MB."),
        validators=[InputRequired(_l("Choose a file."))],
    )


def call_form(
    document: Document, asked: Sequence[Asked], *, base: str = "", bases: tuple[type[Any], ...] = (), **options: Any
) -> CallForm:
    """Return a form for some values of a call; `base` is the path before theirs, `options` go to the form."""
    fields: dict[str, Any] = {}
    for each in asked:
        fields |= _fields(document, each, f"{base}{each.path}")
    made = type("CallFormMade", (*bases, CallForm), {**fields, "asked": tuple(asked), "base": base})
    form: CallForm = made(**options)
    form.document = document
    return form


def _fields(document: Document, asked: Asked, path: str) -> dict[str, Field]:
    stored = value_at(document, path)
    marks: list[Any] = [Needed()] if asked.needed else []
    match asked.control:
        case Control.LINES | Control.TEXTS:
            kind = StringField if asked.control is Control.LINES else TextAreaField
            languages = _languages(document)
            return {
                f"{path}.{code}": kind(
                    _in_language(asked.label, code) if len(languages) > 1 else asked.label,
                    description=asked.hint if code == languages[0] else "",
                    default=(stored or {}).get(code, ""),
                    validators=[*marks, Length(max=MOST_TYPED), Storable()],
                    render_kw={"lang": code},
                )
                for code in languages
            }
        case Control.TIME:
            required = [InputRequired(_l("Enter day, month and year."))] if asked.needed else []
            given = [InputRequired(_l("Enter a time of day, such as 23:59."))] if asked.needed else [Optional()]
            return {
                path: DateField(asked.label, description=asked.hint, default=_day(stored), validators=required),
                path + TIME_OF_DAY: StringField(
                    _("%(day)s: time of day", day=asked.label),
                    description=_l("As 23:59."),
                    default=stored.strftime("%H:%M") if stored else "",
                    validators=[*given, a_time_of_day],
                ),
            }
        case Control.FLAG:
            return {path: BooleanField(asked.label, description=asked.hint, default=bool(stored))}
        case Control.LIST:
            text = "\n".join(stored or [])
            return {path: TextAreaField(asked.label, description=asked.hint, default=text, validators=[Storable()])}
        case Control.NUMBERS:
            text = ", ".join(str(each) for each in stored or [])
            return {path: StringField(asked.label, description=asked.hint, default=text, validators=[Storable()])}
        case Control.LANGUAGES:
            codes = [*dict.fromkeys([*(stored or []), *LANGUAGES])]
            choices = [SelectChoice(code, language_name(code)) for code in codes]
            return {
                path: CheckboxesField(
                    asked.label, description=asked.hint, choices=choices, default=stored or [], validators=marks
                ),
                path + OTHERS: StringField(
                    _l("Other languages"),
                    description=_l("By their codes, with blanks between: sw for Swahili, ne for Nepali."),
                    validators=[Length(max=200), Storable()],
                ),
            }
        case Control.KIND:
            choices = [
                SelectChoice("grant", _l("Grants: each applicant asks for an amount")),
                SelectChoice("prize", _l("Prizes: their number and amount stand fast")),
            ]
            return {path: RadioField(asked.label, choices=choices, default=stored, validators=[Optional()])}
        case Control.CATEGORY:
            each_of = [
                (each["code"], localised(each.get("title") or {}) or each["code"])
                for each in document.get("categories", [])
            ]
            choices = [SelectChoice(code, words) for code, words in [("", _l("Of all entries")), *each_of]]
            return {path: RadioField(asked.label, choices=choices, default=stored or "", validators=[Optional()])}
        case Control.CHOICE | Control.STAGE:
            offered = asked.choices if asked.control is Control.CHOICE else _stages(document)
            return {
                path: RadioField(
                    asked.label,
                    description=asked.hint,
                    choices=[SelectChoice(value, words) for value, words in offered],
                    default=stored,
                    validators=[InputRequired(_l("Choose one.")) if asked.needed else Optional()],
                )
            }
        case _:
            text = "" if stored is None else str(stored).removesuffix(".00")
            return {
                path: StringField(
                    asked.label, description=asked.hint, default=text, validators=[*marks, Length(max=200), Storable()]
                )
            }


def _stages(document: Document) -> list[tuple[str, str]]:
    return [
        (each["code"], localised(each.get("title") or {}) or each["code"])
        for each in value_at(document, "stages") or []
    ]


def _in_language(label: str, code: str) -> str:
    return _("%(label)s (%(language)s)", label=label, language=language_name(code))


def _day(stored: Any) -> date | None:
    return stored.date() if isinstance(stored, datetime) else None


def _languages(document: Document) -> list[str]:
    return list(value_at(document, "call.languages") or [])


def _currency(document: Document) -> str:
    return str(value_at(document, "budget.currency") or "")


def _read_or_typed(kind: type[int] | type[float], typed: str | None) -> Any:
    text = (typed or "").strip()
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        return text


def _amount(typed: str | None, currency: str) -> str | None:
    """Return an amount as people write it here in the way that documents have it."""
    if not (text := (typed or "").strip()):
        return None
    try:
        return str(Money.parse(text, currency, current_language()).decimal)
    except MoneyError:
        return text
