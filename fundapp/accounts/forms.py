"""Forms of the sign-in pages."""

from typing import ClassVar

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, Form, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from fundapp.accounts.passphrases import MAX_CHARACTERS
from fundapp.accounts.services.factors import MAX_NAME_CHARACTERS
from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l

_address_needed = _l("Enter your e-mail address.")


class LinkRequestForm(FlaskForm):
    """Ask for a sign-in link."""

    email = EmailField(_l("Your e-mail address"), validators=[DataRequired(_address_needed), Length(max=254)])


class CodeForm(FlaskForm):
    """The code of a mail."""

    code = StringField(
        _l("Code"),
        description=_l("Eight figures. They work for ten minutes, in this browser."),
        validators=[DataRequired(_l("Enter the code.")), Length(max=16)],
    )


class PassphraseForm(FlaskForm):
    """Sign in with a reference and a passphrase."""

    reference = StringField(
        _l("Your reference"),
        description=_l("Eight letters and figures, such as 7KQM-4XWP."),
        validators=[DataRequired(_l("Enter your reference.")), Length(max=40)],
    )
    passphrase = StringField(
        _l("Your seven words"),
        description=_l("With spaces between them. Capitals and accents do not matter."),
        validators=[DataRequired(_l("Enter your seven words.")), Length(max=MAX_CHARACTERS)],
    )


class WordsForm(FlaskForm):
    """Two of the words that were shown, to see that they were written down."""

    question = HiddenField()
    first = StringField(validators=[Length(max=40)])
    second = StringField(validators=[Length(max=40)])


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


class Asked:
    """Says that a field is not optional where it is shown, though another way may be taken instead of it."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, _form: Form, _field: Field) -> None:
        """Check nothing: which way was taken is for the view."""


class ProofForm(FlaskForm):
    """Prove anew who one is: by one of these, whichever the person has. The names can stand in any other form."""

    proof_code = StringField(
        _l("Code"),
        description=_l("The six figures that your app shows now, or one of your recovery codes."),
        validators=[Asked(), Length(max=64)],
    )
    proof_password = PasswordField(_l("Your password or your seven words"), validators=[Asked(), Length(max=256)])
    proof_passkey = HiddenField()


class FactorNameForm(FlaskForm):
    """Give a factor a name by which its owner knows it."""

    name = StringField(
        _l("Name"),
        description=_l("So that you know it again, for example: my phone."),
        validators=[DataRequired(_l("Enter a name.")), Length(max=MAX_NAME_CHARACTERS), Storable()],
    )


class ConfirmAppForm(FactorNameForm):
    """The first code of a new authenticator app."""

    code = StringField(
        _l("Code"),
        description=_l("The six figures that the app shows now."),
        validators=[DataRequired(_l("Enter the code that the app shows.")), Length(max=16)],
    )


class NewPasskeyForm(FactorNameForm):
    """What the browser says about a passkey that it has just made."""

    answer = HiddenField()


class ChangePasswordForm(NewPasswordForm):
    """Choose another password, knowing the present one."""

    current = PasswordField(
        _l("Your present password"),
        validators=[DataRequired(_l("Enter your present password.")), Length(max=256)],
    )


class FactorResetForm(FlaskForm):
    """Say whose factors are lost."""

    email = EmailField(_l("E-mail address"), validators=[DataRequired(_address_needed), Length(max=254)])


class EmptyForm(FlaskForm):
    """A single button, with its token against forgery."""
