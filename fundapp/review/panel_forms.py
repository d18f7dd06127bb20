"""Forms about who reviews: invitations, answers, profiles. Rules are checked by the services."""

from typing import Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from fundapp.accounts.models import TieKind
from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.invitations import DEFAULT_MAX_ENTRIES

MAX_LISTING_CHARACTERS: Final = 200_000
OTHER_CALLS: Final = _l("Ask them for these calls too")
OTHER_CALLS_HINT: Final = _l("They get one mail, and answer for each call by itself.")


class InvitationForm(FlaskForm):
    """Invite one reviewer; the rules of invitations say what is missing, all of it at once."""

    name = StringField(_l("Name"), validators=[Storable()])
    email = EmailField(_l("E-mail address"), validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)])
    organisation = StringField(
        _l("Organisation"),
        description=_l("Once they accept, they will never be given an application of this organisation."),
        validators=[Storable()],
    )
    language = SelectField(
        _l("Language in which we write to them"), validators=[DataRequired(_l("Choose a language."))]
    )
    languages = CheckboxesField(_l("Other languages they read"))
    max_entries = IntegerField(
        _l("How many entries they take at most"),
        default=DEFAULT_MAX_ENTRIES,
        validators=[Optional()],
    )
    calls = CheckboxesField(OTHER_CALLS, description=OTHER_CALLS_HINT)


class InvitationListForm(FlaskForm):
    """Invite many reviewers at once."""

    listing = TextAreaField(
        _l("Paste a list"), validators=[Length(max=MAX_LISTING_CHARACTERS), Storable(as_typed=True)]
    )
    file = FileField(_l("Or choose a file"), description=_l("CSV or XLSX, with the same columns."))
    list_calls = CheckboxesField(OTHER_CALLS, description=OTHER_CALLS_HINT)


class EarlierForm(FlaskForm):
    """Invite reviewers of the last round."""

    people = CheckboxesField(
        _l("Whom do you want to ask again?"), validators=[DataRequired(_l("Choose at least one person."))]
    )
    earlier_calls = CheckboxesField(OTHER_CALLS, description=OTHER_CALLS_HINT)


class AgreementForm(FlaskForm):
    """Change how much a reviewer is asked to take, and the languages."""

    max_entries = IntegerField(
        _l("How many entries they take at most"), validators=[DataRequired(_l("Enter a whole number."))]
    )
    languages = CheckboxesField(_l("Languages they read"))


class TakeOffForm(FlaskForm):
    """Take somebody off the panel."""

    KEEP: Final = "keep"
    TAKE: Final = "take"

    begun = RadioField(
        _l("What happens to what they have begun?"),
        choices=[
            SelectChoice(KEEP, _l("They finish it, and the reviews that they gave count")),
            SelectChoice(TAKE, _l("It is taken back too, and none of their reviews counts")),
        ],
        validators=[DataRequired(_l("Choose one of the two."))],
    )


class DeclineForm(FlaskForm):
    """Say no to an invitation."""

    reason = TextAreaField(
        _l("Why not?"),
        description=_l("Only if you want to say so. Those who asked you read it."),
        validators=[Storable()],
    )


class ProfileForm(FlaskForm):
    """What a reviewer says of themselves."""

    languages = CheckboxesField(_l("Which languages do you read well?"))
    regions = TextAreaField(
        _l("Which regions do you know?"),
        description=_l("Countries, provinces or towns, in your own words, with commas between them."),
    )
    themes = TextAreaField(
        _l("What do you know well?"),
        description=_l("Such as land, prisons, women's rights. In your own words, with commas between them."),
    )
    has_reviewed_before = BooleanField(_l("I have reviewed applications before, here or elsewhere"))
    max_at_once = IntegerField(
        _l("How many applications can you take at a time?"),
        description=_l("Over all calls together. Leave it empty if each call's own number is enough."),
        validators=[Optional()],
    )


class TieForm(FlaskForm):
    """An organisation that a reviewer is tied to."""

    kind = SelectField(
        _l("What ties you to it?"),
        choices=[
            SelectChoice(TieKind.WORK.value, _l("I work for it, or did lately")),
            SelectChoice(TieKind.BOARD.value, _l("I sit on its board, or am a member")),
            SelectChoice(TieKind.FAMILY.value, _l("Somebody close to me belongs to it")),
            SelectChoice(TieKind.FUNDER.value, _l("I give it money, or get money from it")),
            SelectChoice(TieKind.RIVAL.value, _l("There is a quarrel or a rivalry between us")),
            SelectChoice(TieKind.OTHER.value, _l("Something else")),
        ],
    )
    organisation = StringField(
        _l("Name of the organisation"), validators=[DataRequired(_l("Enter the name of the organisation.")), Storable()]
    )
    mail_domain = StringField(
        _l("Its mail domain"),
        description=_l("What stands after the @ in its addresses, such as example.org."),
        validators=[Storable()],
    )
