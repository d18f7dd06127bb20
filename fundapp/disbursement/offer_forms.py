"""Forms of offers. What may be written is checked by the services; forms only read what was typed."""

from typing import Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l

_NUMBER: Final = _l("Write a whole number.")


class AcceptForm(FlaskForm):
    """Accept an award. `seen` is the hash of the agreement as it stands on the page."""

    seen = HiddenField()
    name = StringField(_l("Your name"), validators=[DataRequired(_l("Write your name.")), Storable()])
    role = StringField(
        _l("Your role"),
        description=_l("What you are in your organisation: “treasurer”."),
        validators=[DataRequired(_l("Write what you are in your organisation.")), Storable()],
    )


class SignedCopyForm(FlaskForm):
    """Send a signed copy of the letter."""

    name = StringField(_l("Who signed it?"), validators=[DataRequired(_l("Write your name.")), Storable()])
    role = StringField(
        _l("Their role"),
        description=_l("What they are in your organisation: “treasurer”."),
        validators=[DataRequired(_l("Write what you are in your organisation.")), Storable()],
    )
    copy = FileField(
        _l("Signed copy"),
        description=_l("One PDF, or one photo; at most 10 MB."),
        validators=[DataRequired(_l("Choose a file."))],
    )


class SendBackForm(FlaskForm):
    """Send a signed copy back."""

    reason = TextAreaField(
        _l("Why?"),
        description=_l("Whoever sent the copy reads it."),
        validators=[DataRequired(_l("Write the reason. Whoever sent the copy reads it.")), Storable()],
    )


class AskForm(FlaskForm):
    """Ask something before answering."""

    question = TextAreaField(_l("Your question"), validators=[DataRequired(_l("Write your question.")), Storable()])


class RefuseForm(FlaskForm):
    """Refuse an award."""

    reason = TextAreaField(_l("Why?"), validators=[Storable()])


class ReplyForm(FlaskForm):
    """Answer a question."""

    answer = TextAreaField(
        _l("Your answer"),
        description=_l("Whoever asked reads it."),
        validators=[DataRequired(_l("Write your answer.")), Storable()],
    )


class ExtendForm(FlaskForm):
    """Give more time."""

    days = IntegerField(_l("How many days from now can they answer?"), validators=[InputRequired(_NUMBER)])


class WithdrawForm(FlaskForm):
    """Withdraw an offer."""

    reason = TextAreaField(
        _l("Why?"),
        description=_l("The people of the award read it."),
        validators=[DataRequired(_l("Write the reason. The people of the award read it.")), Storable()],
    )
