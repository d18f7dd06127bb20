"""Forms of moving up. What may be decided is checked by the services; forms only read what was typed."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l

_REASON: Final = _l("Give a reason.")


class MoveForm(FlaskForm):
    """Decide that an entry moves up. Its choices are set by the page."""

    entry = RadioField(_l("Which one moves up?"), choices=[], validators=[InputRequired(_l("Choose one."))])
    amount = StringField(_l("Amount"), validators=[DataRequired(_l("Enter the amount of the award.")), Storable()])
    reason = TextAreaField(_l("Why does it move up?"), validators=[DataRequired(_REASON), Storable()])
    over_reason = TextAreaField(
        _l("Why do those before it not move up?"),
        description=_l("Only where you pass somebody over."),
        validators=[Storable()],
    )


class OneMoveForm(FlaskForm):
    """Something about one decision that an entry moves up."""

    move = HiddenField()


class MoveBackForm(OneMoveForm):
    """Send a decision that an entry moves up back."""

    reason = TextAreaField(_l("What should be looked at again?"), validators=[DataRequired(_REASON), Storable()])
