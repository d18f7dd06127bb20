"""Forms of this room."""

from collections.abc import Mapping
from typing import Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class ContactsForm(FlaskForm):
    """Open the contacts of a whole call."""

    reason = TextAreaField(_l("Why do you need it?"), validators=[DataRequired(_l("Write the reason.")), Storable()])
    format = RadioField(
        _l("Kind of file"),
        choices=[SelectChoice("xlsx", _l("A workbook (XLSX)")), SelectChoice("csv", _l("A plain table (CSV)"))],
        default="xlsx",
        validators=[InputRequired(_l("Choose one."))],
    )


class ExportForm(FlaskForm):
    """Choose what to take out of a call, and as what kind of file. The page gives the tables to choose from."""

    what = RadioField(_l("Table"), choices=[], default="decisions", validators=[InputRequired(_l("Choose one."))])
    variant = RadioField(
        _l("Names"),
        choices=[SelectChoice("identified", _l("With names")), SelectChoice("anonymised", _l("Without names"))],
        default="identified",
        validators=[InputRequired(_l("Choose one."))],
    )
    format = RadioField(
        _l("Kind of file"),
        choices=[
            SelectChoice("xlsx", _l("A workbook (XLSX)")),
            SelectChoice("csv", _l("A plain table (CSV)")),
            SelectChoice("json", _l("For programs (JSON)")),
        ],
        default="xlsx",
        validators=[InputRequired(_l("Choose one."))],
    )
    for_excel = BooleanField(
        _l("Make a plain table that opens well in Excel"),
        description=_l("A mark at its beginning tells Excel how its letters are written."),
    )


class TemplateForm(FlaskForm):
    """Word a kind of letter in one language. What it may say is checked by the service."""

    SAMPLE: Final = "sample"

    subject = StringField(
        _l("Heading of the letter"), validators=[DataRequired(_l("Write the heading of the letter.")), Storable()]
    )
    body = TextAreaField(
        _l("Letter"),
        description=_l("A blank line begins a paragraph; one that begins with “# ” is a heading."),
        validators=[DataRequired(_l("Write the letter.")), Storable()],
    )
    after = HiddenField(default="0")
    """The number of the version that was on the page."""
    about = SelectField(_l("Values for a look at it"), validate_choice=False)

    @property
    def after_number(self) -> int:
        """Return `after` as a number, 0 for anything else."""
        text = self.after.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


class LetterheadForm(FlaskForm):
    """The logo of a call's letters. `letterhead_form_for` adds what is seen on it, a field for each language."""

    logo = FileField(_l("Logo"), description=_l("PNG or JPEG, at most 2 MB."))
    keeps_logo = BooleanField(_l("Keep the logo that is there"), default=True)


def letterhead_form_for(languages: Mapping[str, str]) -> type[LetterheadForm]:
    """Return the form of a letterhead with a text for each language: its code and its name."""
    texts = {
        alt_name(code): StringField(
            _l("What is seen on the logo (%(language)s)", language=name),
            description=_l("For people who hear the letter. Empty: the title of the programme."),
            validators=[Storable(), Length(max=200)],
        )
        for code, name in languages.items()
    }
    return type("LetterheadFormOfCall", (LetterheadForm,), texts)


def alt_name(language: str) -> str:
    """Return the name of the field for what is seen on the logo in a language."""
    return f"alt_{language}"
