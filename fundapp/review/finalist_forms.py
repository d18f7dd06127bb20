"""Forms of finalists. What they may say is checked by finalist_rules and services.finalists."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.finalist_rules import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, Profile

ASK: Final = "ask"
AGREE: Final = "agree"


class FinalistsForm(FlaskForm):
    """Name the finalists; each entry has its box in the table, and a field for the reason beside it."""

    entries = CheckboxesField(_l("Finalists"))

    def reason_of(self, entry_id: str) -> str:
        """Return the reason that was typed for an entry."""
        return str(self[f"reason_{entry_id}"].data or "")


class ProfileForm(FlaskForm):
    """Write what the public reads of a finalist; `profile_form` adds a text for each language of the call."""

    name = StringField(
        _l("Name as it is shown"),
        validators=[
            DataRequired(_l("Say under which name they are shown.")),
            Length(max=MAX_NAME_CHARACTERS),
            Storable(),
        ],
    )
    title = StringField(_l("What the work is called"), validators=[Length(max=MAX_TITLE_CHARACTERS), Storable()])
    version = HiddenField(default="0")

    def profile(self) -> Profile:
        """Return what was typed, without languages that say nothing."""
        texts = {field.name.removeprefix("text_"): field.data for field in self if field.name.startswith("text_")}
        given = {language: text.strip() for language, text in texts.items() if text and text.strip()}
        return Profile((self.name.data or "").strip(), (self.title.data or "").strip(), given)

    @property
    def read_version(self) -> int:
        """Return the version of the text that the page showed; a tampered one is none that exists."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def finalists_form(reasons: Mapping[str, str], chosen: Sequence[str]) -> FinalistsForm:
    """Return the form with a box and a reason for each entry: its id -> the reason that is kept."""
    fields = {
        f"reason_{entry_id}": StringField(_l("Reason"), validators=[Storable()], default=reason)
        for entry_id, reason in reasons.items()
    }
    form: FinalistsForm = type("FinalistsOfCall", (FinalistsForm,), fields)(data={"entries": list(chosen)})
    form.entries.choices = [SelectChoice(each, each) for each in reasons]
    return form


def profile_form(languages: Sequence[str], profile: Profile | None = None, version: int = 0) -> ProfileForm:
    """Return the form of a profile in the languages of a call; filled with `profile` where one is given."""
    fields = {
        f"text_{code}": TextAreaField(
            _l("Text in %(language)s", language=language_name(code)),
            description=_l("Two or three sentences, at most %(count)s characters.", count=MAX_TEXT_CHARACTERS),
            validators=[Storable()],
        )
        for code in languages
    }
    made = type("ProfileOfCall", (ProfileForm,), fields)
    if profile is None:
        form: ProfileForm = made()
        return form
    texts = {f"text_{code}": profile.texts.get(code, "") for code in languages}
    filled: ProfileForm = made(formdata=None, name=profile.name, title=profile.title, version=str(version), **texts)
    return filled
