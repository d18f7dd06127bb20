"""Forms of reports. What may be written is checked by the services; forms only read what was typed."""

from typing import Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l

NONE: Final = "none"
SOME: Final = "some"


class ReportingForm(FlaskForm):
    """Say which reports a call asks for. `seen` is the version that stands on the page (0: none)."""

    seen = HiddenField()
    asked = RadioField(
        _l("Which reports do you ask for?"),
        choices=[
            SelectChoice(NONE, _l("No report is asked. Letters say so, and nobody has to write one")),
            SelectChoice(SOME, _l("Reports, so many days after an award is accepted")),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    days = StringField(
        _l("After how many days?"),
        description=_l("One number for each report, with commas between: 180, 360."),
        validators=[Storable()],
    )

    @property
    def numbers(self) -> list[int] | None:
        """Return the days that were typed; None where they can't be read."""
        if self.asked.data == NONE:
            return []
        pieces = [each.strip() for each in (self.days.data or "").replace("،", ",").replace("、", ",").split(",")]
        numbers = [int(each) if each.isdecimal() and len(each) < 6 else 0 for each in pieces]
        return numbers if all(numbers) else None


class ReportFormFileForm(FlaskForm):
    """Load the form of a call's reports."""

    form_file = FileField(
        _l("The form of reports"),
        description=_l("An XLSForm workbook (.xlsx), like the form for applying. Keep it short."),
        validators=[FileRequired(_l("Choose a file."))],
    )


class ThankForm(FlaskForm):
    """Thank for a report."""

    thanks = TextAreaField(
        _l("What do you write to them?"),
        description=_l("They read it. It can stay empty."),
        validators=[Storable()],
    )


class AskBackForm(FlaskForm):
    """Ask the people of a report something."""

    question = TextAreaField(
        _l("Your question"),
        description=_l("They read it, and can change and send their report once more. You can ask back once."),
        validators=[DataRequired(_l("Write your question.")), Storable()],
    )


class DueForm(FlaskForm):
    """Give another last day."""

    due_on = DateField(
        _l("Last day"),
        description=_l("Until the end of this day in the time zone of the call."),
        validators=[InputRequired(_l("Enter the last day."))],
    )


class WaiveForm(FlaskForm):
    """Say that a report is not needed any more."""

    why = TextAreaField(
        _l("Why?"),
        description=_l("The people of the award read it."),
        validators=[DataRequired(_l("Write the reason. The people of the award read it.")), Storable()],
    )


class ToldForm(FlaskForm):
    """Note a report that was told."""

    told_by = StringField(_l("Who told you?"), validators=[DataRequired(_l("Write who told you.")), Storable()])
    told_on = DateField(_l("On which day?"), validators=[InputRequired(_l("Enter the day."))])
    note = TextAreaField(
        _l("What did they tell you?"),
        description=_l("In their words, as far as you can. They read it on their page."),
        validators=[DataRequired(_l("Write what they told you.")), Storable()],
    )


class OpenReportForm(FlaskForm):
    """Open what a protected application reported: its words, or one of its files."""

    WORDS: Final = "words"

    what = RadioField(_l("What do you need to see?"), default=WORDS, validators=[InputRequired(_l("Choose one."))])
    reason = TextAreaField(
        _l("Why do you need it?"),
        description=_l("For example: to thank for the report. Do not write names here."),
        validators=[DataRequired(_l("Write the reason.")), Storable()],
    )
