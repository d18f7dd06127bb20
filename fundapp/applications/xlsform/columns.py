"""The headings of an XLSForm: which we know, which we refuse, and which language a text column is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import regex
from babel import Locale, UnknownLocaleError

from fundapp.core.i18n import lazy_gettext as _l

OWN: Final = "fundapp::"

CHOICE_COLUMNS: Final = frozenset({"list_name", "name", "label"})
SUPPORTED: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset(
        {
            "type", "name", "label", "hint", "guidance_hint", "required", "required_message", "relevant",
            "constraint", "constraint_message", "calculation", "default", "readonly", "choice_filter", "repeat_count",
            "appearance", "parameters", "rows", "disabled",
            *(f"{OWN}{name}" for name in (
                "words", "characters", "role", "identifies", "category", "sensitivity", "spoken", "eligible",
                "ineligible_message", "reviewers", "lists", "places", "other_of", "party",
            )),
        }
    ),
    "choices": CHOICE_COLUMNS,
    "external_choices": CHOICE_COLUMNS,
    "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
}  # fmt: skip
# Texts: each may stand in several columns, one per language.
TRANSLATED: Final = frozenset(
    {"label", "hint", "guidance_hint", "required_message", "constraint_message", f"{OWN}ineligible_message"}
)
# KoboToolbox and data archives write these for themselves; they say nothing about what is asked.
IGNORED: Final = frozenset({"$kuid", "$autoname", "$xpath", "$qpath", "$prev", "$given_name", "hxl", "tags", "order"})
# Left out with a warning: what is asked stays the same without them.
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset({"media", "image", "big-image", "audio", "video", "autoplay", "compact_tag"}),
    "choices": frozenset({"media", "image", "big-image", "audio", "video"}),
    "external_choices": frozenset({"media", "image", "big-image", "audio", "video"}),
    # Whatever else stands in the settings is about the tool or the device that the form was made for.
    "settings": frozenset(),
}
# Refused where a cell holds anything: without them the form would ask or compute something else.
REFUSED: Final = frozenset(
    {"trigger", "body", "bind", "instance", "control", "save_to", "intent", "query", "jr", "action", "attribute"}
)
_LIST_ALIASES: Final = {"caption": "label", "value": "name", "list": "list_name"}
_ALIASES: Final[Mapping[str, Mapping[str, str]]] = {
    "survey": {
        "caption": "label",
        "command": "type",
        "tag": "name",
        "value": "name",
        "relevance": "relevant",
        "calculate": "calculation",
        "read_only": "readonly",
        "requiredmsg": "required_message",
        "constraining_message": "constraint_message",
        "count": "repeat_count",
    },
    "choices": _LIST_ALIASES,
    "external_choices": _LIST_ALIASES,
    "settings": {
        "set_form_title": "form_title",
        "title": "form_title",
        "set_form_id": "form_id",
        "id_string": "form_id",
    },
}
# Older forms name the parts of an XForm that a column ends up in.
_XFORM_NAMES: Final[Mapping[str, str]] = {
    "bind::relevant": "relevant",
    "bind::required": "required",
    "bind::constraint": "constraint",
    "bind::calculate": "calculation",
    "bind::readonly": "readonly",
    "bind::jr:constraintmsg": "constraint_message",
    "bind::jr:requiredmsg": "required_message",
    "jr:constraintmsg": "constraint_message",
    "jr:requiredmsg": "required_message",
    "jr:count": "repeat_count",
    "control::jr:count": "repeat_count",
    "control::appearance": "appearance",
    "body::appearance": "appearance",
}


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
    if header.lower() in IGNORED or header.lower().startswith("kobo--"):
        return None
    parts = [part.strip() for part in header.split("::")]
    if len(parts) > 1 and parts[0].lower() == OWN.removesuffix("::"):
        return _column(header, OWN + parts[1].lower(), "::".join(parts[2:]))
    whole = "::".join(parts)
    for written, field in _XFORM_NAMES.items() if sheet == "survey" else ():
        if whole.lower() == written or whole.lower().startswith(f"{written}::"):
            return _column(header, field, whole[len(written) :].removeprefix("::"))
    base, _, language = header.replace("::", ":").partition(":")
    field = regex.sub(r"\s+", "_", base.strip().lower())
    return _column(header, _ALIASES[sheet].get(field, field), language.strip())


def _column(header: str, field: str, language: str) -> Column:
    if field in TRANSLATED and language:
        return Column(header, field, language_code(language))
    return Column(header, f"{field}::{language}" if language else field)


def is_left_out(field: str, sheet: str) -> bool:
    """Return whether a column is passed over with a warning where it says something."""
    base = field.partition("::")[0]
    return sheet == "settings" or base in LEFT_OUT[sheet] or base.startswith("sms_")


def is_refused(field: str) -> bool:
    """Return whether XLSForm knows the field and we refuse it."""
    return field.partition("::")[0].partition(":")[0] in REFUSED


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


def language_heading(code: str) -> str:
    """Write a language as XLSForm does: "Français (fr)"; `language_code` reads it back."""
    name = Locale.parse(code).display_name or code
    return f"{name[:1].upper()}{name[1:]} ({code})"


@cache
def _codes_by_name() -> Mapping[str, str]:
    english = Locale.parse("en").languages
    names = {name.casefold(): code for code, name in english.items() if "_" not in code}
    for code in ("ar", "es", "fr", "en", "hi", "pt", "ru", "sw", "zh"):
        names[Locale.parse(code).languages[code].casefold()] = code
    return names
