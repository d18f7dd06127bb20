"""Forms with which staff handle single applications: set them aside, give them more time."""

from datetime import date, datetime, time
from typing import cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField, TextAreaField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from fundapp.applications.models import SetAsideAs
from fundapp.applications.rules import instant_in
from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l


class SetAsideForm(FlaskForm):
    """Leave applications out of the work of their call, and say why."""

    kind = RadioField(
        _l("Why are they set aside?"),
        id="kind",
        choices=[
            SelectChoice(SetAsideAs.DUPLICATE.value, _l("Somebody sent the same twice")),
            SelectChoice(SetAsideAs.SPAM.value, _l("It is spam: no real application")),
            SelectChoice(SetAsideAs.OTHER.value, _l("For another reason")),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    duplicate_of = StringField(
        _l("For a duplicate: the reference of the one that stays"),
        id="duplicate-of",
        validators=[Length(max=60), Storable()],
    )
    reason = TextAreaField(
        _l("Reason"),
        id="set-aside-reason",
        description=_l("Others of the fund read it later. Do not write names of people here."),
        validators=[DataRequired(_l("Say why, so that others understand it later.")), Length(max=1000), Storable()],
    )
    tells = BooleanField(
        _l("Tell the people who sent it"),
        description=_l("They get a mail that there is news, and read what you chose above and your reason."),
    )


class LaterDeadlineForm(FlaskForm):
    """Give one application more time."""

    closes_on = DateField(_l("Last day for this application"), validators=[InputRequired(_l("Enter the last day."))])
    closes_time = TimeField(
        _l("Time of day"),
        description=_l("As 23:59, in the time zone of the call. The application is taken until just before it."),
        validators=[InputRequired(_l("Enter a time of day, such as 23:59."))],
        invalid_value_message=_l("Enter a time of day, such as 23:59."),
    )
    reason = TextAreaField(
        _l("Reason"),
        id="deadline-reason",
        description=_l("The applicant reads it with the new deadline."),
        validators=[DataRequired(_l("Say why this application gets more time.")), Length(max=1000), Storable()],
    )

    def closes_at(self, time_zone: str) -> datetime:
        """Return the new deadline of a valid form. Raises RuleViolations for a time that does not exist there."""
        return instant_in(time_zone, cast(date, self.closes_on.data), cast(time, self.closes_time.data))
