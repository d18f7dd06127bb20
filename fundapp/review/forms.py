"""Forms of the review room. Rules are checked by the services; forms only read what was typed."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Optional

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.models import Outcome


class WithdrawForm(FlaskForm):
    """Take an application back."""

    reason = TextAreaField(
        _l("Why do you withdraw it?"),
        description=_l("Only if you want to say so. It helps us to learn."),
        validators=[Storable()],
    )


class ConflictForm(FlaskForm):
    """Declare a conflict of interest, or none."""

    NONE: Final = "none"
    CONFLICT: Final = "conflict"

    answer = RadioField(
        _l("Do you have a conflict of interest with this application?"),
        choices=[
            SelectChoice(NONE, _l("No, I have no conflict of interest")),
            SelectChoice(CONFLICT, _l("Yes, I have a conflict of interest, or I am not sure")),
        ],
        validators=[DataRequired(_l("Choose one of the two."))],
    )
    reason = TextAreaField(
        _l("What is the conflict?"),
        description=_l("A few words are enough. Only those who run the call read them."),
        validators=[Storable()],
    )


class VersionedForm(FlaskForm):
    """A form about something that somebody else may change meanwhile."""

    version = HiddenField(default="0")


class DecisionForm(VersionedForm):
    """Decide on an entry."""

    outcome = RadioField(
        _l("Decision"),
        choices=[
            SelectChoice(Outcome.AWARD.value, _l("Award")),
            SelectChoice(Outcome.RESERVE.value, _l("Hold in reserve: no award now, but it may move up")),
            SelectChoice(Outcome.DECLINE.value, _l("Decline")),
        ],
        validators=[DataRequired(_l("Choose one of the three."))],
    )
    amount = StringField(_l("Amount of the award"), validators=[Optional()])
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed where the choice goes against rank, or where nobody reviewed the entry."),
        validators=[Storable()],
    )


class RatifyForm(FlaskForm):
    """Ratify the list; `version` says which sending of it the page showed."""

    version = HiddenField(default="0")


class SendBackForm(FlaskForm):
    """Send the list of decisions back. `ratified` says that the page showed it as ratified."""

    ratified = HiddenField(default="")

    reason = TextAreaField(
        _l("Why do you send it back?"),
        description=_l("It stays with the list: everybody who sees the list reads it."),
        validators=[DataRequired(_l("Say what should be looked at again.")), Storable()],
    )


def version_in(form: VersionedForm) -> int:
    """Return the version of what the page showed; a tampered one is none that exists."""
    text = form.version.data or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
