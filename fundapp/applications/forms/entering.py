"""Forms of what comes before an application: questions to a person, nominations, invitations, keeping a draft."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class EnquiryForm(FlaskForm):
    """Ask a person of the fund."""

    text = TextAreaField(
        _l("Your question"),
        description=_l("A few sentences are enough. You need not say who you are."),
        validators=[DataRequired(_l("Write a few words.")), Storable()],
    )
    email = EmailField(
        _l("Your e-mail address"),
        id="enquiry-email",
        description=_l("If you give one, we write when there is an answer. Else you read it under a private link."),
        validators=[Length(max=254)],
    )


class AnswerEnquiryForm(FlaskForm):
    """Answer a question, and let whoever asked apply."""

    answer = TextAreaField(
        _l("Your answer"),
        description=_l("Whoever asked reads it. Be exact and kind."),
        validators=[DataRequired(_l("Write a few words.")), Storable()],
    )
    let_in = BooleanField(_l("Let them apply in spite of the rule"))
    reason = TextAreaField(
        _l("Why may they apply?"),
        description=_l("Needed to let them apply. It is kept for the fund; whoever asked does not read it."),
        validators=[Storable()],
    )


class NominationForm(FlaskForm):
    """Name somebody who should apply."""

    name = StringField(
        _l("Who should apply?"),
        description=_l("The name of the organisation or group."),
        validators=[DataRequired(_l("Fill this in.")), Length(max=200), Storable()],
    )
    contact = StringField(
        _l("How can we reach them?"),
        description=_l("An e-mail address is best. A telephone number or a page will do."),
        validators=[DataRequired(_l("Fill this in.")), Length(max=254), Storable()],
    )
    why = TextAreaField(
        _l("Why?"),
        description=_l("Two or three sentences about what they do."),
        validators=[DataRequired(_l("Fill this in.")), Storable()],
    )
    nominator_name = StringField(_l("Your name"), validators=[Length(max=200), Storable()])
    nominator_contact = StringField(
        _l("How can we reach you?"),
        description=_l("Only in case we have a question."),
        validators=[Length(max=254), Storable()],
    )
    may_be_named = BooleanField(_l("You may tell them that I named them"))


class InviteToApplyForm(FlaskForm):
    """Invite an organisation to apply."""

    email = EmailField(_l("E-mail address"), validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)])
    organisation = StringField(_l("Name of the organisation"), validators=[Length(max=200), Storable()])


class KeepForm(FlaskForm):
    """Keep a draft by an address."""

    email = EmailField(
        _l("Your e-mail address"), validators=[DataRequired(_l("Enter your e-mail address.")), Length(max=254)]
    )
