"""The working copy of a form as its pages show it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex
from flask import url_for

from fundapp.applications.form_writing.checking import Checked, Found, Untranslated, untranslated
from fundapp.applications.form_writing.items import Item
from fundapp.applications.form_writing.working_form import WorkingForm
from fundapp.applications.forms.form_item import short
from fundapp.applications.forms.item_cells import ASKED, KINDS
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.xlsform.columns import OWN
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.paging import Page

ON_A_PAGE = 50
_SELECTED = regex.compile(r"selected\(\$\{([^{}']+)\}, '([^']+)'\)")


@dataclass(frozen=True)
class RowShown:
    """An item in the outline; `level` is how many groups stand around it, `wrong` how much is to be mended.

    `goes_up` and `goes_down`: it is not the first, or the last, of the whole form.
    """

    id: int
    url: str
    label: Said
    kind: str
    level: int
    required: bool
    condition: str
    wrong: int
    is_group: bool
    goes_up: bool
    goes_down: bool


@dataclass(frozen=True)
class ProblemShown:
    """What is to be mended, and where ("": the form as a whole)."""

    message: str
    url: str
    label: Said


@dataclass(frozen=True)
class LanguageShown:
    """How much of the form lacks a language."""

    code: str
    name: str
    lacking: int


@dataclass(frozen=True)
class TextShown:
    """A text that lacks a language: what it belongs to, the text as it is, and where it is written."""

    label: Said
    field: str
    text: Said
    url: str


def rows_shown(working: WorkingForm, checked: Checked, call: Call) -> list[RowShown]:
    """Return the outline of a form."""
    wrong = Counter(item_of(each, working) for each in checked.found)
    named = {each.name: each for each in working.walk() if each.name}

    def rows(items: Sequence[Item], level: int) -> Iterator[RowShown]:
        for item in items:
            yield RowShown(
                id=item.id,
                url=item_url(call, item.id, wrong=bool(wrong[item.id])),
                label=label_of(item),
                kind=str(KINDS.get(item.kind, item.kind)).partition(":")[0],
                level=level,
                required=item.plain("required").lower() in {"yes", "true()"},
                condition=condition_in_words(item.plain("relevant"), named, working),
                wrong=wrong[item.id],
                is_group=item.is_group,
                goes_up=level > 0 or item is not working.items[0],
                goes_down=level > 0 or item is not working.items[-1],
            )
            yield from rows(item.items, level + 1)

    return list(rows(working.items, 0))


def condition_in_words(condition: str, named: dict[str, Item], working: WorkingForm) -> str:
    """Return when something is asked, in words where it is one of the plain conditions ("": always)."""
    if not condition:
        return ""
    match = _SELECTED.fullmatch(condition)
    asked = named.get(match[1]) if match else None
    if match is None or asked is None:
        return _("Only if: %(condition)s", condition=short(condition))
    choices = {each.name: each for each in working.lists.get(asked.list_name, ())}
    chosen = said(choices[match[2]].label).text if match[2] in choices else match[2]
    return _("Only if “%(question)s” is “%(choice)s”", question=short(label_of(asked).text), choice=short(chosen))


def problems_shown(working: WorkingForm, checked: Checked, call: Call) -> list[ProblemShown]:
    """Return all that is to be mended before the form can be put into use."""
    shown = []
    for each in checked.found:
        number = item_of(each, working)
        item = working.item(number)
        url = item_url(call, number, wrong=True) if item else ""
        shown.append(ProblemShown(each.message, url, label_of(item) if item else Said("")))
    return shown


def item_of(found: Found, working: WorkingForm) -> int:
    """Return the number of the item on whose page something is mended (0: none)."""
    if found.list_name:
        return next((each.id for each in working.walk() if each.list_name == found.list_name), 0)
    return found.item


def label_of(item: Item) -> Said:
    """Return what an item is called: its words, else its name."""
    text = said(item.texts("label"))
    return Said(short(text.text, 90), text.lang) if text.text else Said(item.name or _("Without words"))


def languages_shown(working: WorkingForm, call: Call) -> list[LanguageShown]:
    """Return how many texts are not translated, for each language of the call."""
    counted = Counter(each.language for each in untranslated(working, call.languages))
    return [LanguageShown(code, language_name(code), counted[code]) for code in call.languages]


def texts_shown(working: WorkingForm, call: Call, language: str, number: int) -> Page[TextShown]:
    """Return a page of the texts that lack a language."""
    lacking = [each for each in untranslated(working, call.languages) if each.language == language]
    number = min(max(1, number), max(1, -(-len(lacking) // ON_A_PAGE)))
    here = lacking[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    items = {each.id: each for each in working.walk()}
    return Page([_text_shown(each, items[each.item], call) for each in here], number, ON_A_PAGE, len(lacking))


def _text_shown(lacking: Untranslated, item: Item, call: Call) -> TextShown:
    names = {each.column: str(each.label) for each in ASKED}
    name = lacking.column.removeprefix(OWN)
    anchor = name if lacking.choice else f"{name}.{lacking.language}"
    text = said(lacking.text)
    return TextShown(
        label=label_of(item),
        field=names.get(lacking.column, lacking.column),
        text=Said(short(text.text or lacking.choice, 120), text.lang),
        url=item_url(call, item.id) + f"#{anchor}",
    )


def item_url(call: Call, number: int, *, wrong: bool = False) -> str:
    """Return the address of the page of an item; with `wrong`, one that says what is to be mended."""
    return url_for("applications.form_item", slug=call.slug, number=number, check=1 if wrong else None)
