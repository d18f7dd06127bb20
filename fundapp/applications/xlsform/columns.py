"""The headings of an XLSForm: which we know, which we refuse, and which language a text column is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import regex
from babel import Locale, UnknownLocaleError

from fundapp.core.i18n import lazy_gettext as _l

OWN: Final = "fundapp::"

SUPPORTED: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset(
        {
            "type", "name", "label", "hint", "required", "required_message", "constraint", "constraint_message",
            "appearance", f"{OWN}words", f"{OWN}characters", f"{OWN}role", f"{OWN}identifies", f"{OWN}category",
            f"{OWN}sensitivity",
        }
    ),
    "choices": frozenset({"list_name", "name", "label"}),
    "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
}  # fmt: skip
# Texts: each may stand in several columns, one per language.
TRANSLATED: Final = frozenset({"label", "hint", "required_message", "constraint_message"})
# KoboToolbox writes these for itself into the forms that it exports; they say nothing about the form.
IGNORED: Final = frozenset({"$kuid", "$autoname", "$xpath", "$qpath", "$prev", "$given_name"})
# Known to XLSForm and refused where a cell holds anything, so that nobody believes they have an effect.
REFUSED: Final = frozenset(
    {
        "relevant", "calculation", "default", "readonly", "choice_filter", "repeat_count", "trigger", "parameters",
        "guidance_hint", "media", "image", "big-image", "audio", "video", "autoplay", "rows", "body", "bind",
        "instance", "control", "save_to", "disabled", "jr", "intent", "style", "instance_name", "submission_url",
        "public_key", "auto_send", "auto_delete", "allow_choice_duplicates", "namespaces", "attribute",
        "clean_text_values", "omit_instanceid", "compact_tag", "query", "geometry",
    }
)  # fmt: skip
_ALIASES: Final[Mapping[str, str]] = {
    "caption": "label",
    "command": "type",
    "tag": "name",
    "value": "name",
    "relevance": "relevant",
    "calculate": "calculation",
    "read_only": "readonly",
    "requiredmsg": "required_message",
    "constraining_message": "constraint_message",
    "set_form_title": "form_title",
    "title": "form_title",
    "set_form_id": "form_id",
    "id_string": "form_id",
}
_SPECIFIC_ALIASES: Final[Mapping[str, Mapping[str, str]]] = {"choices": {"list": "list_name"}}


@dataclass(frozen=True)
class Column:
    """What a heading means: the field, and the language of the text ("" where the heading names none)."""

    header: str
    field: str
    language: str = ""


class HeadingError(ValueError):
    """The heading cannot be used. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def read_heading(header: str, sheet: str) -> Column | None:
    """Return what a heading means; None for columns that say nothing about the form.

    Raises HeadingError for a language that is not known. A field that is not in SUPPORTED is for the caller to refuse.
    """
    if header.lower() in IGNORED:
        return None
    if header.lower().replace(" ", "").startswith(OWN):
        return Column(header, header.lower().replace(" ", ""))
    base, _, language = header.replace("::", ":").partition(":")
    field = regex.sub(r"\s+", "_", base.strip().lower())
    field = _SPECIFIC_ALIASES.get(sheet, {}).get(field, field)
    field = _ALIASES.get(field, field)
    if field in TRANSLATED and language.strip():
        return Column(header, field, language_code(language.strip()))
    return Column(header, field if not language.strip() else f"{field}::{language.strip()}")


def is_refused(field: str) -> bool:
    """Return whether XLSForm knows the field and we refuse it."""
    return field.partition("::")[0] in REFUSED or field.startswith("sms_")


def language_code(language: str) -> str:
    """Return the code of a language written as XLSForm does: "French (fr)", "fr", "French", "Français".

    Raises HeadingError for a language that CLDR does not know.
    """
    match = regex.fullmatch(r".*\(\s*([A-Za-z0-9_-]+)\s*\)", language)
    code = match[1] if match else _codes_by_name().get(language.casefold(), language)
    try:
        return str(Locale.parse(code.replace("-", "_")))
    except (UnknownLocaleError, ValueError) as error:
        raise HeadingError(
            _l("The language “%(language)s” is not known. Write its code in brackets: French (fr).", language=language)
        ) from error


@cache
def _codes_by_name() -> Mapping[str, str]:
    english = Locale.parse("en").languages
    names = {name.casefold(): code for code, name in english.items() if "_" not in code}
    for code in ("ar", "es", "fr", "en", "hi", "pt", "ru", "sw", "zh"):
        names[Locale.parse(code).languages[code].casefold()] = code
    return names
