"""Forms of this room."""

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class EraseForm(FlaskForm):
    """A button, and nothing to fill in."""


class HoldForm(FlaskForm):
    """Keep something from being erased."""

    reason = TextAreaField(
        _l("Why must this be kept?"),
        description=_l("For example: a court asked for it on 3 March. Do not write names of applicants here."),
        validators=[DataRequired(_l("Say why this must be kept.")), Length(max=2000), Storable()],
    )


class AnswerForm(FlaskForm):
    """Answer a request to erase an application."""

    decision = RadioField(
        _l("Shall this application be erased?"),
        choices=[
            SelectChoice("grant", _l("Yes, erase it now. This can't be undone.")),
            SelectChoice("refuse", _l("No, it has to be kept for now.")),
        ],
        validators=[InputRequired(_l("Choose yes or no."))],
    )
    answer = TextAreaField(
        _l("Reason"),
        description=_l("Needed for a no. The applicant reads it: say until when it is kept, and why."),
        validators=[Length(max=2000), Storable()],
    )
