"""The form of what a declined applicant reads of the reviews. Rules are checked by the service."""

from typing import Final

from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import LANGUAGES
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.declined_rules import MOST_CHARACTERS, Wording
from fundapp.review.forms import VersionedForm


class DeclinedCommentForm(VersionedForm):
    """Choose of the reviews, and edit."""

    TEXT: Final = "text"
    NOTHING: Final = "nothing"

    chosen = CheckboxesField(_l("Use this comment"), validators=[Optional()], validate_choice=False)
    passed_on = RadioField(
        _l("What do they get to read?"),
        choices=[
            SelectChoice(TEXT, _l("The text below")),
            SelectChoice(NOTHING, _l("Nothing. The text below says why, and only those who run the call read it")),
        ],
        validators=[DataRequired(_l("Choose one of the two."))],
    )
    text = TextAreaField(
        _l("Text"),
        description=_l("Write it to the people of this application. Name no reviewer."),
        validators=[
            DataRequired(_l("Write the text, or say why there is nothing to pass on.")),
            Storable(),
            Length(max=MOST_CHARACTERS),
        ],
    )
    language = SelectField(
        _l("Language of the text"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        validators=[DataRequired(_l("Choose a language."))],
    )
    confirmed = BooleanField(_l("This names no reviewer, or the name is meant to stay"))
    names = HiddenField()
    """The names that were found and shown, a line each: confirming is about them alone."""

    @property
    def wording(self) -> Wording:
        """Return what was typed."""
        return Wording(
            passes_on=self.passed_on.data == self.TEXT,
            text=self.text.data or "",
            language=self.language.data or "",
            chosen=tuple(self.chosen.data or ()),
            confirmed=frozenset((self.names.data or "").splitlines()) if self.confirmed.data else frozenset(),
        )
