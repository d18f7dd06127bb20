"""Forms of this room whose fields are always the same; those of an application come from its definition."""

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from fundapp.accounts.models import MembershipRole
from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class StartForm(FlaskForm):
    """Ask for the link that opens an application."""

    email = EmailField(
        _l("Your e-mail address"), validators=[DataRequired(_l("Enter your e-mail address.")), Length(max=254)]
    )


_ROLES = [
    SelectChoice(
        MembershipRole.APPLICANT.value,
        _l("Hold it with you: write and send, read letters, invite and remove people"),
    ),
    SelectChoice(MembershipRole.COLLABORATOR.value, _l("Write and read letters, but not send")),
    SelectChoice(MembershipRole.READER.value, _l("Only read: the application and its letters")),
]


class ColleagueForm(FlaskForm):
    """Ask a colleague, by their address, to join."""

    email = EmailField(
        _l("E-mail address of your colleague"),
        validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)],
    )
    role = RadioField(_l("What may they do?"), choices=_ROLES, validators=[InputRequired(_l("Choose one."))])


class ColleagueWithoutMailForm(FlaskForm):
    """Let a colleague belong who must not get mail about this."""

    name = StringField(
        _l("Name of your colleague"),
        id="colleague-name",
        description=_l("Or any word by which you both know who is meant."),
        validators=[DataRequired(_l("Enter a name.")), Length(max=120), Storable()],
    )
    role = RadioField(
        _l("What may they do?"), id="colleague-role", choices=_ROLES, validators=[InputRequired(_l("Choose one."))]
    )


class HelpForm(FlaskForm):
    """Let another person of an organisation in that can't get in any more."""

    email = EmailField(
        _l("E-mail address of another person of the organisation"),
        validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)],
    )
    reason = TextAreaField(
        _l("How do you know that this person belongs to the organisation?"),
        description=_l("It is kept with the application. For example: you called the number in the application."),
        validators=[DataRequired(_l("Say how you know.")), Length(max=2000), Storable()],
    )


class EligibilityForm(FlaskForm):
    """Decide whether an application goes on to the reviewers."""

    decision = RadioField(
        _l("May this application go on to the reviewers?"),
        choices=[
            SelectChoice("eligible", _l("Yes, it is eligible")),
            SelectChoice("ineligible", _l("No, it is not eligible")),
        ],
        validators=[InputRequired(_l("Choose yes or no."))],
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed for a no. The applicant reads it in the notice: be exact and kind."),
        validators=[Length(max=2000, message=_l("Use at most 2,000 characters.")), Storable()],
    )


class ReasonForm(FlaskForm):
    """Say why; what is too long is for the service to say."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Write the reason.")), Storable()])


class OpeningForm(FlaskForm):
    """Open what is masked; the view adds the files to choose from."""

    IDENTITY = "identity"

    what = RadioField(_l("What do you need to see?"), default=IDENTITY, validators=[InputRequired(_l("Choose one."))])
    reason = TextAreaField(
        _l("Why do you need it?"),
        description=_l("For example: to call back about the bank account. Do not write names here."),
        validators=[DataRequired(_l("Write the reason.")), Storable()],
    )
