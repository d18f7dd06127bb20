"""Forms of the sign-in pages."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, Length

from fundapp.core.i18n import lazy_gettext as _l

_address_needed = _l("Enter your e-mail address.")


class LinkRequestForm(FlaskForm):
    """Ask for a sign-in link."""

    email = EmailField(_l("Your e-mail address"), validators=[DataRequired(_address_needed), Length(max=254)])


class PasswordForm(FlaskForm):
    """Sign in with a password."""

    email = EmailField(
        _l("Your e-mail address"),
        id="password-email",  # on the same page as a LinkRequestForm
        validators=[DataRequired(_address_needed), Length(max=254)],
    )
    password = PasswordField(
        _l("Your password"), validators=[DataRequired(_l("Enter your password.")), Length(max=256)]
    )


class NewPasswordForm(FlaskForm):
    """Choose a password."""

    password = PasswordField(
        _l("New password"),
        description=_l("At least 12 characters. A few words that you can remember are fine."),
        validators=[DataRequired(_l("Enter a new password.")), Length(max=256)],
    )


class EmptyForm(FlaskForm):
    """A single button, with its token against forgery."""
