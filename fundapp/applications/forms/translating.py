"""Forms for translations beside answers: which language, and a text for each answer with who made it."""

from collections.abc import Collection, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from fundapp.applications.models import TranslatedBy
from fundapp.applications.services.translating import Wording
from fundapp.core.fields import Storable
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l

MAKERS = {
    TranslatedBy.PERSON: _l("A person"),
    TranslatedBy.MACHINE: _l("A machine"),
    TranslatedBy.APPLICANT: _l("The applicant"),
}


class BeginForm(FlaskForm):
    """Choose what to translate into; the view fills in the languages."""

    language = SelectField(
        _l("Into which language?"), validators=[InputRequired(_l("Choose a language from the list."))]
    )
    made_by = RadioField(
        _l("Who makes the translation?"),
        description=_l("Reviewers read it beside each text. You can say otherwise for single texts."),
        choices=[SelectChoice(maker.value, words) for maker, words in MAKERS.items()],
        validators=[Optional()],
    )


class TranslationsForm(FlaskForm):
    """Translations of the answers of one version into one language; `translations_form` adds the fields of each."""

    version = IntegerField(validators=[InputRequired()])
    seen = HiddenField()


def begin_form(languages: Collection[str], data: Any) -> BeginForm:
    """Return the form that asks for a language, with what an address says of it."""
    form = BeginForm(data, meta={"csrf": False}) if data else BeginForm(formdata=None)
    form.language.choices = [SelectChoice(code, language_name(code)) for code in languages]
    return form


def text_name(key: str) -> str:
    """Return the name of the field for the translation of an answer."""
    return f"text_{key}"


def maker_name(key: str) -> str:
    """Return the name of the field that says who made it."""
    return f"made_by_{key}"


def translations_form(
    labels: Mapping[str, str], wordings: Mapping[str, Wording], *, made_by: str, version: int, formdata: Any = None
) -> TranslationsForm:
    """Return the form with a field for each answer, labelled by key; it shows `wordings` where nothing was sent."""
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {"version": version}
    makers = [SelectChoice("", _l("Choose one")), *(SelectChoice(each.value, words) for each, words in MAKERS.items())]
    for key, label in labels.items():
        wording = wordings[key]
        fields[text_name(key)] = TextAreaField(_("Translation of “%(question)s”", question=label), [Storable()])
        fields[maker_name(key)] = SelectField(
            _("“%(question)s”: who made the translation?", question=label), choices=makers
        )
        values |= {text_name(key): wording.text, maker_name(key): wording.made_by.value if wording.made_by else made_by}
    form: TranslationsForm = type("TranslationsFormOfVersion", (TranslationsForm,), fields)(
        formdata=formdata, data=values
    )
    for name in fields:
        form[name].flags.unmarked = True
    return form


def wordings_in(form: TranslationsForm, keys: Collection[str]) -> dict[str, Wording]:
    """Return what stands in a form, by key; a text that its page did not carry is left out."""
    return {
        key: Wording(form[text_name(key)].data or "", _maker(form[maker_name(key)].data))
        for key in keys
        if form[text_name(key)].raw_data
    }


def _maker(value: str | None) -> TranslatedBy | None:
    return TranslatedBy(value) if value else None
