"""The working copy of a form: rows that may be right or wrong, and what can be done with them.

It holds what an XLSForm holds, so that one set of rules judges both; only groups contain their rows, and every row has
a number of its own that it keeps. All changes give a new copy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fundapp.applications.form_engine.definition import Choice, FormDefinition
from fundapp.applications.form_writing.items import (
    CHOOSING,
    GROUP,
    PLACES,
    REPEAT,
    Item,
    depth_of,
    free_name,
    item_from_json,
    item_to_json,
    places_of,
    renamed,
    type_of,
)
from fundapp.applications.xlsform import Cells, Tables, tables_of
from fundapp.applications.xlsform.columns import OWN, language_heading
from fundapp.applications.xlsform.types import Begin, Choosing, End, read_type, write_type
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MOST_ITEMS: Final = 1_000
MOST_DEEP: Final = 6


@dataclass(frozen=True)
class WorkingForm:
    """A form as it is being written."""

    languages: tuple[str, ...]
    default_language: str
    items: tuple[Item, ...] = ()
    lists: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    title: str = ""
    form_id: str = ""
    version: str = ""
    last_id: int = 0

    # -- Looking ----------------------------------------------------------------------------------------------------

    def walk(self) -> Iterator[Item]:
        """Return all items in the order of the form."""
        for each in self.items:
            yield from each.walk()

    def item(self, number: int) -> Item | None:
        """Return the item with a number."""
        return next((each for each in self.walk() if each.id == number), None)

    def parents(self, number: int) -> tuple[Item, ...]:
        """Return the groups around an item, outermost first."""

        def around(items: tuple[Item, ...], above: tuple[Item, ...]) -> tuple[Item, ...] | None:
            for each in items:
                if each.id == number:
                    return above
                if (found := around(each.items, (*above, each))) is not None:
                    return found
            return None

        return around(self.items, ()) or ()

    @property
    def names(self) -> frozenset[str]:
        """Return all names in use, whatever the case of their letters."""
        return frozenset(each.name.casefold() for each in self.walk())

    # -- Changing ---------------------------------------------------------------------------------------------------

    def with_item(self, item: Item, into: int | None = None) -> "WorkingForm":
        """Add an item at the end of a group, or of the form; it gets a number, and a list of its own if it needs one.

        Raises RuleViolations when there are too many, or one inside the other too deep.
        """
        if sum(1 for _each in self.walk()) + sum(1 for _each in item.walk()) > MOST_ITEMS:
            raise RuleViolations([Problem(_l("A form has at most %(limit)s rows.", limit=MOST_ITEMS))])
        number = self.last_id + 1
        made = replace(item, id=number)
        lists = dict(self.lists)
        if made.kind in CHOOSING and not made.list_name:
            made = replace(made, list_name=free_name(made.name or "list", {each.casefold() for each in lists}))
        if made.list_name:
            lists.setdefault(made.list_name, ())
        return replace(self, last_id=number, lists=lists)._placed(made, into)

    def with_changed(self, item: Item) -> "WorkingForm":
        """Put an item in place of the one with its number; uses of a name that was changed follow it."""
        before = self.item(item.id)
        changed = self._each(lambda each: replace(item, items=each.items) if each.id == item.id else each)
        if before is not None and before.name and item.name and before.name != item.name:
            others = {each.name for each in self.walk() if each.id != item.id}
            if before.name not in others and before.kind != GROUP:
                changed = changed._each(lambda each: renamed(each, {before.name: item.name}))
        lists = dict(changed.lists)
        if item.list_name:
            lists.setdefault(item.list_name, ())
        return replace(changed, lists=lists)

    def without(self, number: int) -> "WorkingForm":
        """Take an item out with everything in it, and lists that nobody uses then."""
        left = self._without(number)
        gone = {each.list_name for each in self.walk()} - {each.list_name for each in left.walk()}
        return replace(left, lists={name: each for name, each in left.lists.items() if name not in gone})

    def moved(self, number: int, up: bool) -> "WorkingForm":
        """Move an item one place; from the edge of its group, out of it."""
        parents = self.parents(number)
        siblings = parents[-1].items if parents else self.items
        at = next((index for index, each in enumerate(siblings) if each.id == number), None)
        if at is None:
            return self
        to = at - 1 if up else at + 1
        if 0 <= to < len(siblings):
            swapped = list(siblings)
            swapped[at], swapped[to] = swapped[to], swapped[at]
            return self._with_children(parents[-1].id if parents else None, tuple(swapped))
        if not parents:
            return self
        item, outside = siblings[at], self._without(number)
        above = parents[-2].id if len(parents) > 1 else None
        around = list(parents[-2].items if len(parents) > 1 else self.items)
        place = next(index for index, each in enumerate(around) if each.id == parents[-1].id)
        kept = list(self._children_of(outside, above))
        kept.insert(place if up else place + 1, item)
        return outside._with_children(above, tuple(kept))

    def moved_into(self, number: int, into: int | None) -> "WorkingForm":
        """Move an item to the end of a group (None: of the form). Raises RuleViolations when it cannot go there."""
        item = self.item(number)
        if item is None:
            return self
        if into is not None and any(each.id == into for each in item.walk()):
            raise RuleViolations([Problem(_l("A group cannot be moved into itself."), field="into")])
        return self._without(number)._placed(item, into)

    def copied(self, number: int) -> tuple["WorkingForm", int]:
        """Copy an item right behind itself, with new names inside; return the new number too.

        Roles are played once, so the copy plays none. Raises RuleViolations for too many.
        """
        item = self.item(number)
        if item is None:
            return self, number
        if sum(1 for _each in self.walk()) + sum(1 for _each in item.walk()) > MOST_ITEMS:
            raise RuleViolations([Problem(_l("A form has at most %(limit)s rows.", limit=MOST_ITEMS))])
        taken = set(self.names)
        names: dict[str, str] = {}
        for each in item.walk():
            if each.name:
                names[each.name] = free_name(each.name, taken)
                taken.add(names[each.name].casefold())
        next_id = self.last_id

        def anew(each: Item) -> Item:
            nonlocal next_id
            next_id += 1
            number_here = next_id
            cells = {column: cell for column, cell in each.cells.items() if column != f"{OWN}role"}
            if each.name:
                cells["name"] = names[each.name]
            inside = tuple(anew(inner) for inner in each.items)
            return renamed(replace(each, id=number_here, cells=cells, items=inside), names)

        made = anew(item)
        parents = self.parents(number)
        above = parents[-1].id if parents else None
        siblings = list(parents[-1].items if parents else self.items)
        place = next(index for index, each in enumerate(siblings) if each.id == number)
        siblings.insert(place + 1, made)
        return replace(self._with_children(above, tuple(siblings)), last_id=next_id), made.id

    def with_list(self, name: str, choices: tuple[Choice, ...]) -> "WorkingForm":
        """Say what a list holds."""
        return replace(self, lists={**self.lists, name: choices})

    def _placed(self, item: Item, into: int | None) -> "WorkingForm":
        target = self.item(into) if into is not None else None
        if target is None or not target.is_group:
            return replace(self, items=(*self.items, item))
        if len(self.parents(target.id)) + 1 + depth_of(item) > MOST_DEEP:
            message = _l("Groups stand at most %(limit)s deep in each other.", limit=MOST_DEEP)
            raise RuleViolations([Problem(message, field="into")])
        return self._with_children(target.id, (*target.items, item))

    def _with_children(self, number: int | None, items: tuple[Item, ...]) -> "WorkingForm":
        if number is None:
            return replace(self, items=items)
        return self._each(lambda each: replace(each, items=items) if each.id == number else each)

    @staticmethod
    def _children_of(form: "WorkingForm", number: int | None) -> tuple[Item, ...]:
        found = form.item(number) if number is not None else None
        return found.items if found else form.items

    def _without(self, number: int) -> "WorkingForm":
        def left(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(replace(each, items=left(each.items)) for each in items if each.id != number)

        return replace(self, items=left(self.items))

    def _each(self, change: Callable[[Item], Item]) -> "WorkingForm":
        def through(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(change(replace(each, items=through(each.items))) for each in items)

        return replace(self, items=through(self.items))

    # -- Storing ----------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able primitives."""
        return {
            "languages": list(self.languages),
            "default_language": self.default_language,
            "title": self.title,
            "form_id": self.form_id,
            "version": self.version,
            "last_id": self.last_id,
            "lists": {
                name: [
                    {"name": each.name, "label": dict(each.label), "columns": dict(each.columns)} for each in choices
                ]
                for name, choices in self.lists.items()
            },
            "items": [item_to_json(each) for each in self.items],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "WorkingForm":
        """Read back what `to_json` wrote."""
        return cls(
            languages=tuple(data["languages"]),
            default_language=data["default_language"],
            title=data["title"],
            form_id=data["form_id"],
            version=data["version"],
            last_id=data["last_id"],
            lists={name: tuple(Choice(**each) for each in choices) for name, choices in data["lists"].items()},
            items=tuple(item_from_json(each) for each in data["items"]),
        )


def working_form_of(form: FormDefinition, languages: tuple[str, ...]) -> WorkingForm:
    """Return the working copy of a form, for a call in some languages."""
    tables = tables_of(form)
    stack: list[list[Item]] = [[]]
    open_items: list[Item] = []
    last = 0
    for row in tables.survey:
        read = read_type(str(row["type"]))
        cells = {column: cell for column, cell in row.items() if cell and column != "type"}
        if isinstance(read, End):
            inside = tuple(stack.pop())
            stack[-1].append(replace(open_items.pop(), items=inside))
            continue
        last += 1
        if isinstance(read, Begin):
            open_items.append(Item(last, REPEAT if read.is_repeat else GROUP, cells))
            stack.append([])
        elif isinstance(read, Choosing):
            stack[-1].append(Item(last, read.kind.value, cells, read.list_name))
        else:
            places = str(cells.pop(PLACES, ""))
            stack[-1].append(Item(last, str(row["type"]), cells, places))
    lists: dict[str, list[Choice]] = {}
    for row in tables.choices:
        further = {name: str(cell) for name, cell in row.items() if name not in {"list_name", "name", "label"}}
        label = row["label"]
        choice = Choice(str(row["name"]), dict(label) if isinstance(label, Mapping) else {}, further)
        lists.setdefault(str(row["list_name"]), []).append(choice)
    return WorkingForm(
        languages=tuple(dict.fromkeys([*languages, *form.languages])),
        default_language=form.default_language or languages[0],
        items=tuple(stack[0]),
        lists={name: tuple(choices) for name, choices in lists.items()},
        title=form.title,
        form_id=form.form_id,
        version=form.version,
        last_id=last,
    )


def tables_with_owners(form: WorkingForm) -> tuple[Tables, list[int]]:
    """Return the sheets of a working copy, and for each row of the survey the number of its item."""
    survey: list[Cells] = []
    owners: list[int] = []

    def write(item: Item) -> None:
        survey.append({"type": type_of(item), **item.cells, **places_of(item)})
        owners.append(item.id)
        if item.is_group:
            for each in item.items:
                write(each)
            survey.append({"type": write_type(End(item.kind == REPEAT))})
            owners.append(item.id)

    for each in form.items:
        write(each)
    choices: list[Cells] = [
        {"list_name": name, "name": choice.name, "label": choice.label, **choice.columns}
        for name, listed in form.lists.items()
        for choice in listed
    ]
    settings: Cells = {
        "form_title": form.title,
        "form_id": form.form_id,
        "version": form.version,
        "default_language": language_heading(form.default_language),
    }
    return Tables(survey, choices, settings, form.languages), owners
