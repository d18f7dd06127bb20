"""The form of what a declined applicant reads of the reviews. Rules are checked by the service."""

from typing import Final

from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import LANGUAGES
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.declined_rules import MOST_CHARACTERS, Found, Wording
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
    scores_stay = BooleanField(_l("This is no score, or it is meant to stay"))
    scores = HiddenField()
    """What looks like a score and was shown, a line each, likewise."""

    def show(self, found: Found) -> None:
        """Ask about what was found in the text where a service refused it: what is new is not confirmed yet."""
        for tick, shown, texts in (
            (self.confirmed, self.names, found.names),
            (self.scores_stay, self.scores, found.scores),
        ):
            if tick.errors:
                tick.data, shown.data = False, "\n".join(texts)

    @property
    def wording(self) -> Wording:
        """Return what was typed."""
        return Wording(
            passes_on=self.passed_on.data == self.TEXT,
            text=self.text.data or "",
            language=self.language.data or "",
            chosen=tuple(self.chosen.data or ()),
            confirmed=_ticked(self.confirmed, self.names),
            scores_stay=_ticked(self.scores_stay, self.scores),
        )


def _ticked(tick: BooleanField, shown: HiddenField) -> frozenset[str]:
    return frozenset((shown.data or "").splitlines()) if tick.data else frozenset()
