"""The form with which staff begin an application that came another way."""

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from fundapp.applications.models import ApplicationSource, Call
from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l


class EnterForm(FlaskForm):
    """Say how an application came, when, and from whom."""

    source = RadioField(
        _l("How did it come?"),
        choices=[
            SelectChoice(ApplicationSource.PAPER.value, _l("On paper")),
            SelectChoice(ApplicationSource.MAIL.value, _l("By e-mail")),
            SelectChoice(ApplicationSource.VOICE.value, _l("Spoken: a call, a visit or a recording")),
        ],
        validators=[InputRequired(_l("Choose how the application came."))],
    )
    received_on = DateField(_l("On which day did it come?"), validators=[InputRequired(_l("Enter the day."))])
    organisation = StringField(
        _l("Name of the organisation"),
        validators=[DataRequired(_l("Write the name of the organisation.")), Length(max=200), Storable()],
    )
    contact_name = StringField(
        _l("Name of the person to contact"),
        validators=[DataRequired(_l("Write a name.")), Length(max=120), Storable()],
    )
    email = EmailField(
        _l("E-mail address of that person"),
        description=_l(
            "If there is one, the receipt goes there, and the person can sign in to the application with it."
            " Leave it empty if there is none: you can print the receipt."
        ),
        validators=[Length(max=254)],
    )
    language = SelectField(
        _l("Language in which the application is written"), validators=[InputRequired(_l("Choose one."))]
    )


def enter_form(call: Call) -> EnterForm:
    """Return the form for a call, with its languages to choose from."""
    form = EnterForm()
    form.language.choices = [SelectChoice(code, language_name(code)) for code in call.languages]
    return form
