"""Forms around the pools in which applicants review each other."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import cast

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from fundapp.applications.rules import instant_in
from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.rules import MAX_ENTRIES_PER_REVIEWER, MAX_REASON_CHARACTERS


class PoolListForm(FlaskForm):
    """Fix the list for the draw, and say which value will decide it."""

    value_source = TextAreaField(
        _l("Which public value will decide the draw?"),
        description=_l(
            "Something that anybody can look up and nobody can know now, such as the numbers of a national lottery on "
            "a day to come. Everybody reads what you write."
        ),
        validators=[
            DataRequired(_l("Say which public value will be used, so that anybody can look it up.")),
            Length(max=MAX_REASON_CHARACTERS),
            Storable(),
        ],
    )
    value_on = DateField(_l("Day on which it becomes known"), validators=[InputRequired(_l("Enter the day."))])
    value_at = TimeField(
        _l("Time of day"),
        description=_l("As 20:00, in the time zone of the call."),
        validators=[InputRequired(_l("Enter a time of day, such as 20:00."))],
        invalid_value_message=_l("Enter a time of day, such as 20:00."),
    )

    def instant(self, time_zone: str) -> datetime:
        """Return the instant of a valid form. Raises RuleViolations for a time that does not exist there."""
        return instant_in(time_zone, cast(date, self.value_on.data), cast(time, self.value_at.data))


class PoolDrawForm(FlaskForm):
    """Enter the public value."""

    public_value = StringField(
        _l("The public value"),
        description=_l("Exactly as it was published. Everybody sees it, and the draw can't be repeated."),
        validators=[
            DataRequired(_l("Enter the public value, as it was published.")),
            Length(max=MAX_REASON_CHARACTERS),
            Storable(),
        ],
    )


class ExcuseForm(FlaskForm):
    """Excuse the people of an application from what is left of their reviews."""

    application = SelectField(_l("Application"), validators=[InputRequired(_l("Choose one."))])
    reason = TextAreaField(
        _l("Why are its people excused?"),
        description=_l("Only others of the fund read it."),
        validators=[DataRequired(_l("Give a reason.")), Length(max=MAX_REASON_CHARACTERS), Storable()],
    )

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these applications, by id and name."""
        self.application.choices = [("", ""), *choices]


class ApplicantsForm(FlaskForm):
    """Ask applicants to review."""

    max_entries = IntegerField(
        _l("At most how many applications each?"),
        validators=[
            InputRequired(_l("Enter a number.")),
            NumberRange(1, MAX_ENTRIES_PER_REVIEWER, _l("Enter a number from 1 on.")),
        ],
    )
