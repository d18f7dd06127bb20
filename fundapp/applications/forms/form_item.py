"""The web form of one question or group of a working copy: its cells as fields, named by their columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import regex
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from fundapp.applications.form_engine.definition import Kind, Texts
from fundapp.applications.form_writing.choice_lines import lines_of, read_lines
from fundapp.applications.form_writing.items import CHOOSING, GROUPS, LISTED, Item
from fundapp.applications.form_writing.working_form import WorkingForm
from fundapp.applications.forms.item_cells import ASKED, KINDS, PARTIES, ROLES, SENSITIVITIES, Asked, Control, Part
from fundapp.applications.presentation.texts import said
from fundapp.applications.xlsform.columns import OWN
from fundapp.core.errors import RuleViolations
from fundapp.core.fields import Storable
from fundapp.core.i18n import direction, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

MOST_TYPED: Final = 30_000
MOST_CONDITIONS: Final = 300
WRITTEN: Final = "written"
_SIMPLE: Final = regex.compile(r"selected\(\$\{([^{}']+)\}, '([^']+)'\)")
_ONLY_CHOICE: Final = regex.compile(r"[^']+")

_OF_THE_PAGE: Final = frozenset({"choices", "list", "multiline", "only_if", "required_when"})
_FLAGS: Final = {f"{OWN}reviewers": "no"}
_BESIDE: Final = {"type": "list", "required": "required_when", "places": "list"}
"""Fields beside which problems of other columns stand."""
OWN_LIST: Final = "+"


@dataclass(frozen=True)
class FieldShown:
    """One field of the page; `missing` where its text is not written in this language yet."""

    field: Field
    asked: Asked
    lang: str = ""
    direction: str = ""
    missing: bool = False


class Unmarked:
    """Marks a field of which the page says, once for all, that it may stay empty."""

    field_flags: ClassVar = {"unmarked": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Check nothing."""


class ItemForm(FlaskForm):
    """One item of a working copy. Its fields are set on the class that `item_form` makes."""

    working: WorkingForm
    item: Item
    form_errors: list[str]

    def shown(self, part: Part) -> list[list[FieldShown]]:
        """Return the fields of a part of the page; those of one text, in each language, stand together."""
        shown = []
        for asked in ASKED:
            if asked.part is not part or self.item.kind not in asked.kinds:
                continue
            if asked.control is Control.TEXTS:
                written = self.item.texts(asked.column)
                shown.append(
                    [
                        FieldShown(
                            self[f"{asked.name}.{code}"],
                            asked,
                            code,
                            direction(code),
                            missing=any(written.values()) and not written.get(code),
                        )
                        for code in self.working.languages
                    ]
                )
            else:
                shown.append([FieldShown(self[asked.name], asked)])
        return shown

    def is_used(self, part: Part) -> bool:
        """Say whether anything of a part is filled in or wrong, so that it should stand open."""
        fields = [each for row in self.shown(part) for each in row]
        return any(each.field.errors or each.field.data for each in fields if each.asked.name != "name")

    def typed(self) -> tuple[Item, tuple[Any, ...] | None]:
        """Return the item as it was typed, and the choices of its list (None: they stay).

        Raises RuleViolations for choices that cannot be read.
        """
        item, kind = self.item, self["kind"].data
        kind = kind if kind in KINDS and (kind in GROUPS) == item.is_group else item.kind
        cells = self._cells(kind)
        list_name, choices = "", None
        if kind in LISTED:
            list_name, choices = self._list(kind, cells)
        return replace(item, kind=kind, cells=cells, list_name=list_name), choices

    def _cells(self, kind: str) -> dict[str, str | Texts]:
        cells: dict[str, str | Texts] = {}
        for asked in ASKED:
            if asked.column in _OF_THE_PAGE or kind not in asked.kinds:
                continue
            on_page = self.item.kind in asked.kinds
            if cell := self._cell(asked) if on_page else self.item.cells.get(asked.column, ""):
                cells[asked.column] = cell
        if self._flag("multiline") and kind == Kind.TEXT:
            cells["appearance"] = f"multiline {cells.get('appearance', '')}".strip()
        if (when := self._line("required_when")) and "required" not in cells:
            cells["required"] = when
        condition = self["only_if"].data or ""
        if condition != WRITTEN:
            name, _bar, choice = condition.partition("|")
            cells.pop("relevant", None)
            if choice:
                cells["relevant"] = f"selected(${{{name}}}, '{choice}')"
        return cells

    def _cell(self, asked: Asked) -> str | Texts:
        if asked.control is Control.TEXTS:
            here = {code: (self[f"{asked.name}.{code}"].data or "").strip() for code in self.working.languages}
            return {code: text for code, text in here.items() if text}
        if asked.control is Control.TICK:
            return _FLAGS.get(asked.column, "yes") if self[asked.name].data else ""
        return self._line(asked.name)

    def _list(self, kind: str, cells: Mapping[str, Any]) -> tuple[str, tuple[Any, ...] | None]:
        item, working = self.item, self.working
        if "list" not in self:  # it was of another kind until now
            needs_one = kind in CHOOSING and not item.list_name
            return (
                free_list_name(str(cells.get("name", "")) or "list", working) if needs_one else item.list_name
            ), None
        chosen = self["list"].data or item.list_name
        if chosen == OWN_LIST or (not chosen and (self._line("choices") or kind in CHOOSING)):
            name = free_list_name(str(cells.get("name", "")) or "list", working)
            return name, read_lines(self._line("choices"), working.languages)
        if chosen != item.list_name:
            return (chosen if chosen in working.lists else item.list_name), None
        if not chosen:
            return "", None
        return chosen, read_lines(self._line("choices"), working.languages, working.lists.get(chosen, ()))

    def _line(self, name: str) -> str:
        return (self[name].data or "").strip() if name in self else ""

    def _flag(self, name: str) -> bool:
        return bool(self[name].data) if name in self else False

    def problems_into(self, violations: RuleViolations) -> None:
        """Put problems with field names beside their fields."""
        for problem in violations.problems:
            self.beside(problem.field or "", "", str(problem.message))

    def beside(self, column: str, language: str, message: str) -> None:
        """Put a message beside the field of a column, else on top."""
        name = column.removeprefix(OWN)
        name = _BESIDE.get(name, name)
        codes = [language] if language else list(self.working.languages)
        names = [*(f"{name}.{code}" for code in codes), name]
        field = next((self[each] for each in names if each in self), None)
        if field is None:
            self.form_errors = [*self.form_errors, message]
        else:
            field.errors = [*field.errors, message]


def free_list_name(name: str, working: WorkingForm) -> str:
    """Return a name for a new list."""
    free, number = name, 1
    while free in working.lists:
        number += 1
        free = f"{name}_{number}"
    return free


def item_form(
    working: WorkingForm, item: Item, categories: Sequence[tuple[str, Texts]], typed: MultiDict[str, Any] | None = None
) -> ItemForm:
    """Return the form of an item, filled from the request (or `typed`), else from the working copy."""
    fields: dict[str, Any] = {"kind": _kind_field(item)}
    for asked in ASKED:
        if item.kind in asked.kinds:
            fields |= _fields(working, item, asked, categories)
    made = type("ItemFormMade", (ItemForm,), fields)
    form: ItemForm = made() if typed is None else made(typed)
    form.working, form.item = working, item
    return form


def _kind_field(item: Item) -> Field:
    offered = [kind for kind in KINDS if (kind in GROUPS) == item.is_group]
    choices = [SelectChoice(kind, KINDS[kind]) for kind in offered]
    return SelectField(
        _l("What is it?"), choices=choices, default=item.kind, validators=[Unmarked()], validate_choice=False
    )


def _fields(
    working: WorkingForm, item: Item, asked: Asked, categories: Sequence[tuple[str, Texts]]
) -> dict[str, Field]:
    checks = [Length(max=MOST_TYPED), Storable(), Unmarked()]
    match asked.control:
        case Control.TEXTS:
            written = item.texts(asked.column)
            return {
                f"{asked.name}.{code}": TextAreaField(
                    _("%(label)s (%(language)s)", label=asked.label, language=language_name(code)),
                    description=str(asked.hint) if code == working.languages[0] else "",
                    default=written.get(code, ""),
                    validators=checks,
                    render_kw={"lang": code, "dir": direction(code)},
                )
                for code in working.languages
            }
        case Control.TICK:
            return {asked.name: BooleanField(asked.label, description=str(asked.hint), default=_ticked(item, asked))}
        case Control.SELECT:
            choices, chosen = _offered(working, item, asked, categories)
            return {
                asked.name: SelectField(
                    asked.label,
                    description=str(asked.hint),
                    choices=choices,
                    default=chosen,
                    validators=[Unmarked()],
                    validate_choice=False,
                )
            }
        case Control.LINES:
            return {
                asked.name: TextAreaField(
                    asked.label,
                    description=_lines_hint(working),
                    default=lines_of(working.lists.get(item.list_name, ()), working.languages),
                    validators=[Length(max=1_000_000), Storable(as_typed=True), Unmarked()],
                )
            }
        case _:
            kind = TextAreaField if asked.control is Control.EXPRESSION else StringField
            return {
                asked.name: kind(
                    asked.label, description=str(asked.hint), default=_written(item, asked), validators=checks
                )
            }


def _lines_hint(working: WorkingForm) -> str:
    names = " | ".join(language_name(code) for code in working.languages)
    return _(
        "One on each line: a short name, then the words in each language: name | %(languages)s. "
        "With the words alone, a name is made for you.",
        languages=names,
    )


def _ticked(item: Item, asked: Asked) -> bool:
    if asked.column == "multiline":
        return "multiline" in item.plain("appearance").split()
    written = item.plain(asked.column).lower()
    return written == "no" if asked.column in _FLAGS else written in {"yes", "true()"}


def _written(item: Item, asked: Asked) -> str:
    if asked.column == "required_when":
        written = item.plain("required")
        return "" if written.lower() in {"yes", "no", "true()", "false()"} else written
    if asked.column == "appearance":
        return " ".join(word for word in item.plain("appearance").split() if word != "multiline")
    return item.plain(asked.column)


def _offered(
    working: WorkingForm, item: Item, asked: Asked, categories: Sequence[tuple[str, Texts]]
) -> tuple[Any, str]:
    """Return what a list offers, and what of it is chosen."""
    chosen = item.plain(asked.column)
    none = SelectChoice("", _l("None"))
    match asked.name:
        case "role":
            return [none, *(SelectChoice(*each) for each in ROLES.items())], chosen
        case "party":
            return [SelectChoice("", _l("Nobody else")), *(SelectChoice(*each) for each in PARTIES.items())], chosen
        case "sensitivity":
            return [SelectChoice("", _l("As usual")), *(SelectChoice(*each) for each in SENSITIVITIES.items())], chosen
        case "category":
            offered = [SelectChoice(code, said(titles).text or code) for code, titles in categories]
            known = {code for code, _titles in categories} | {""}
            return [none, *offered, *([SelectChoice(chosen, chosen)] if chosen not in known else [])], chosen
        case "other_of":
            names = [each.name for each in working.walk() if each.kind in CHOOSING]
            named = dict.fromkeys([*names, *([chosen] if chosen else [])])
            return [none, *(SelectChoice(name, name) for name in named)], chosen
        case "list":
            lists = [SelectChoice(name, name) for name in dict.fromkeys([item.list_name, *working.lists]) if name]
            return [*lists, SelectChoice(OWN_LIST, _l("A new list, with the choices above"))], (
                item.list_name or OWN_LIST
            )
        case _:
            return _conditions(working, item)


def _conditions(working: WorkingForm, item: Item) -> tuple[list[Any], str]:
    """Offer the choices of the choice questions before an item as conditions."""
    match = _SIMPLE.fullmatch(item.plain("relevant"))
    chosen = f"{match[1]}|{match[2]}" if match else WRITTEN if item.plain("relevant") else ""
    offered: list[Any] = [SelectChoice("", _l("Always"))]
    for each in working.walk():
        if each.id == item.id:
            break
        if each.kind not in {Kind.SELECT_ONE.value, Kind.SELECT_MULTIPLE.value} or not each.name:
            continue
        label = short(said(each.texts("label")).text or each.name)
        for choice in working.lists.get(each.list_name, ()):
            if _ONLY_CHOICE.fullmatch(choice.name) and len(offered) < MOST_CONDITIONS:
                words = short(said(choice.label).text or choice.name)
                offered.append(
                    SelectChoice(
                        f"{each.name}|{choice.name}",
                        _("Only if “%(question)s” is “%(choice)s”", question=label, choice=words),
                    )
                )
    if chosen not in {each.value for each in offered}:
        chosen = WRITTEN
    return [*offered, SelectChoice(WRITTEN, _l("As the condition below says"))], chosen


def short(text: str, most: int = 60) -> str:
    """Return a text that is cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rstrip()}…"
