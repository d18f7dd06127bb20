"""Forms of this room whose fields are always the same; those of an application come from its definition."""

from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from fundapp.core.i18n import lazy_gettext as _l


class StartForm(FlaskForm):
    """Ask for the link that opens an application."""

    email = EmailField(
        _l("Your e-mail address"), validators=[DataRequired(_l("Enter your e-mail address.")), Length(max=254)]
    )
