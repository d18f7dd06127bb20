"""Forms of this room."""

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class ContactsForm(FlaskForm):
    """Open the contacts of a whole call."""

    reason = TextAreaField(_l("Why do you need it?"), validators=[DataRequired(_l("Write the reason.")), Storable()])
    format = RadioField(
        _l("Kind of file"),
        choices=[SelectChoice("xlsx", _l("A workbook (XLSX)")), SelectChoice("csv", _l("A plain table (CSV)"))],
        default="xlsx",
        validators=[InputRequired(_l("Choose one."))],
    )
