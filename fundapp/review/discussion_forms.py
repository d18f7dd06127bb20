"""The form of a contribution to a discussion. What it may say is checked by discussion_rules."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import lazy_gettext as _l


class PostForm(FlaskForm):
    """Write in a discussion; `post_form` offers the readers who can be addressed."""

    text = TextAreaField(
        _l("Your contribution"),
        description=_l("All who read this application here see it, and those who run the call. It can't be changed."),
        validators=[DataRequired(_l("Write something first.")), Storable()],
    )
    mentions = CheckboxesField(
        _l("Is it meant for somebody?"), description=_l("Only if you ask them something. Everybody can read it.")
    )


def post_form(addressed: Sequence[tuple[str, str]]) -> PostForm:
    """Return the form with the readers who can be addressed: (value, how they are called)."""
    form = PostForm()
    form.mentions.choices = [SelectChoice(value, name) for value, name in addressed]
    return form
