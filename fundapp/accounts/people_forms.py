"""Forms of the pages for people and roles. Rules are checked by the services."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from fundapp.accounts.call_names import CallName
from fundapp.accounts.refusals import ROLE_LABELS
from fundapp.accounts.role_rules import GIVEN
from fundapp.core.fields import Storable
from fundapp.core.i18n import LANGUAGES
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

EVERY_CALL = "every"


class InvitePersonForm(FlaskForm):
    """Invite somebody who will work here."""

    name = StringField(_l("Name"), validators=[DataRequired(_l("Enter a name.")), Length(max=200), Storable()])
    email = EmailField(_l("E-mail address"), validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)])
    language = SelectField(
        _l("Language in which we write to them"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        validators=[DataRequired(_l("Choose a language."))],
    )


class GiveRoleForm(FlaskForm):
    """Give a role, in one call or in every call."""

    role = RadioField(
        _l("Role"),
        choices=[SelectChoice(role.value, ROLE_LABELS[role]) for role in GIVEN],
        validators=[DataRequired(_l("Choose a role."))],
    )
    call = SelectField(_l("Where"), validators=[DataRequired(_l("Choose a call, or every call."))])
    reason = TextAreaField(
        _l("Why"),
        description=_l("Needed when the person has another duty that should be in other hands."),
        validators=[Length(max=2000), Storable()],
    )


class TakeRoleForm(FlaskForm):
    """Take a role away."""

    reason = TextAreaField(_l("Why"), validators=[Length(max=2000), Storable()])


def give_role_form(calls: Sequence[CallName], *, empty: bool = False) -> GiveRoleForm:
    """Return the form for giving a role in one of these calls."""
    form = GiveRoleForm(formdata=None) if empty else GiveRoleForm()
    form.call.choices = [
        SelectChoice(EVERY_CALL, _("Every call")),
        *(SelectChoice(str(call.id), f"{call.title} ({call.slug})") for call in calls),
    ]
    return form
