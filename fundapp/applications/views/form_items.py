"""Pages on which managers add and change the questions and groups of a form's working copy."""

import hashlib
import json
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.applications.form_writing.checking import checked
from fundapp.applications.form_writing.items import LISTED, Item, proposed_name
from fundapp.applications.form_writing.working_form import WorkingForm
from fundapp.applications.forms.form_item import ItemForm, item_form
from fundapp.applications.forms.item_cells import KINDS, Part
from fundapp.applications.models import Call
from fundapp.applications.presentation import form_drafts as presentation
from fundapp.applications.presentation.call_settings import DifferenceShown
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.services import form_drafts as services
from fundapp.applications.views import bp
from fundapp.applications.views.form_drafts import call_to_write, tried
from fundapp.core import clock
from fundapp.core.difference import difference
from fundapp.core.errors import Conflict, RuleViolations
from fundapp.core.i18n import direction, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.text import TextError, clean_text

LONGEST_LABEL = 5_000


@bp.get("/manage/<slug>/form/write/new")
@requires(P.CALL_WRITE)
def new_form_item(slug: str) -> ResponseReturnValue:
    """Ask what is added, and where (?into= the number of a group)."""
    call = call_to_write(slug)
    working = _working(call)
    if working is None:
        return _gone(call)
    return _new_page(call, working, {}, "text", request.args.get("into", type=int))


@bp.post("/manage/<slug>/form/write/new")
@requires(P.CALL_WRITE)
def add_form_item(slug: str) -> ResponseReturnValue:
    """Add a question or group at the end of the form or of a group; its name is made from its words."""
    call = call_to_write(slug)
    working = _working(call)
    if working is None:
        return _gone(call)
    kind, into = request.form.get("kind", ""), request.form.get("into", type=int)
    typed = {code: request.form.get(f"label.{code}", "").strip() for code in working.languages}
    error = _why_not(kind, typed)
    if error:
        return _new_page(call, working, typed, kind, into, error), 422
    label = {code: clean_text(text, multiline=True) for code, text in typed.items() if text}
    made = 0

    def add(before: WorkingForm) -> WorkingForm:
        nonlocal made
        name = proposed_name(next(iter(label.values())), before.names)
        after = before.with_item(Item(0, kind, {"name": name, "label": label}), into)
        made = after.last_id
        return after

    refused = tried(call, add)
    return refused or redirect(presentation.item_url(call, made))


@bp.get("/manage/<slug>/form/write/<int:number>")
@requires(P.CALL_WRITE)
def form_item(slug: str, number: int) -> ResponseReturnValue:
    """Show a question or group for changing; with ?check=1, what is to be mended of it."""
    call = call_to_write(slug)
    working = _working(call)
    item = working.item(number) if working else None
    if working is None or item is None:
        return _gone(call)
    form = item_form(working, item, _categories(call))
    if "check" in request.args:
        _beside(form, working, item)
    return _item_page(call, working, item, form)


@bp.post("/manage/<slug>/form/write/<int:number>")
@requires(P.CALL_WRITE)
def change_form_item(slug: str, number: int) -> ResponseReturnValue:
    """Keep what was typed of a question or group, whole or not; what is to be mended stands beside its fields."""
    call = call_to_write(slug)
    working = _working(call)
    if working is None:
        return _gone(call)
    stored = working.item(number)
    kind = request.form.get("kind_before", "")
    # What was typed is kept, also where somebody took the question out meanwhile.
    item = stored or Item(number, kind if kind in KINDS else "text")
    form = item_form(working, item, _categories(call))
    if not form.validate():
        return _item_page(call, working, item, form), 422
    try:
        typed, choices = form.typed()
    except RuleViolations as violations:
        form.problems_into(violations)
        return _item_page(call, working, item, form), 422
    if stored is None:
        return _item_page(call, working, item, form, is_gone=True), 409
    if request.form.get("seen") != _mark(working, stored):
        return _item_page(call, working, item, form, theirs=_differences(working, stored, typed)), 409

    def edit(before: WorkingForm) -> WorkingForm:
        now_there = before.item(number)
        if now_there is None or _mark(before, now_there) != request.form.get("seen"):
            raise Conflict(_("Somebody else changed this at the same moment. Look at it, then save again."))
        after = before.with_changed(typed)
        return after if choices is None else after.with_list(typed.list_name, choices)

    refused = tried(call, edit)
    if refused is not None:
        return refused
    after = _working(call)
    if typed.kind != item.kind:
        flash(_("Saved. Look through what can be said of it now."))
        return redirect(presentation.item_url(call, number))
    if after is not None and _is_wrong_here(after, typed):
        flash(_("Saved. Something is still to be mended before the form can be put into use."))
        return redirect(presentation.item_url(call, number, wrong=True))
    flash(_("Saved."))
    return redirect(f"{url_for('applications.form_draft', slug=slug)}#item-{number}")


@bp.post("/manage/<slug>/form/write/<int:number>/place")
@requires(P.CALL_WRITE)
def place_form_item(slug: str, number: int) -> ResponseReturnValue:
    """Copy a question or group, move it into a group or out of all, or take it out."""
    call, made = call_to_write(slug), number
    to = request.form.get("into", "")

    def edit(before: WorkingForm) -> WorkingForm:
        nonlocal made
        if "copy" in request.form:
            after, made = before.copied(number)
            return after
        if "remove" in request.form:
            return before.without(number)
        return before.moved_into(number, int(to) if to.isdecimal() else None)

    refused = tried(call, edit)
    if refused is not None:
        return refused
    if "remove" in request.form:
        flash(_("Taken out. “Undo the last change” brings it back."))
    return redirect(f"{url_for('applications.form_draft', slug=slug)}#item-{made}")


def _working(call: Call) -> WorkingForm | None:
    draft = services.draft_of(call)
    return services.working_of(draft, call) if draft else None


def _gone(call: Call) -> ResponseReturnValue:
    flash(_("This is not there any more. Look at the form as it is now."), "stop")
    return redirect(url_for("applications.form_draft", slug=call.slug))


def _why_not(kind: str, typed: dict[str, str]) -> str:
    if kind not in KINDS:
        return _("Choose what to add.")
    if not any(typed.values()):
        return _("Write the words in one language at least.")
    if any(len(text) > LONGEST_LABEL for text in typed.values()):
        return _("Use at most %(limit)s characters.", limit=LONGEST_LABEL)
    try:
        for text in typed.values():
            clean_text(text, multiline=True)
    except TextError as error:
        return str(error.message)
    return ""


def _categories(call: Call) -> list[tuple[str, Any]]:
    return [(each.code, each.titles) for each in call.categories]


def _is_wrong_here(working: WorkingForm, item: Item) -> bool:
    """Say whether anything can be mended on the page of an item: that nothing is asked in a group cannot."""
    found = [each for each in checked(working).found if presentation.item_of(each, working) == item.id]
    return any(each.column or each.list_name or not item.is_group for each in found)


def _beside(form: ItemForm, working: WorkingForm, item: Item) -> None:
    """Put what is wrong with an item beside its fields."""
    for found in checked(working).found:
        if presentation.item_of(found, working) != item.id:
            continue
        if item.kind in LISTED and not working.lists.get(item.list_name) and found.column in {"type", ""}:
            form.beside("choices", "", _("Write the choices, one on each line."))
        elif found.list_name:
            form.beside("choices", "", str(found.message))
        else:
            form.beside(found.column, found.language, str(found.message))


def _mark(working: WorkingForm, item: Item) -> str:
    """Return a short text that is another one when an item, or its list, is."""
    choices = [(each.name, dict(each.label), dict(each.columns)) for each in working.lists.get(item.list_name, ())]
    cells = {column: cell if isinstance(cell, str) else dict(cell) for column, cell in item.cells.items()}
    whole = json.dumps([item.kind, item.list_name, cells, choices], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _differences(working: WorkingForm, stored: Item, typed: Item) -> list[DifferenceShown]:
    """Return the cells that are stored otherwise than they were typed."""
    shown = []
    for column in dict.fromkeys([*stored.cells, *typed.cells]):
        for code in ("", *working.languages):
            first, second = (_text(each, column, code) for each in (stored, typed))
            if first != second:
                label = f"{column} ({language_name(code)})" if code else column
                shown.append(DifferenceShown(label, code, difference(first, second)))
    return shown


def _text(item: Item, column: str, code: str) -> str:
    return item.texts(column).get(code, "") if code else item.plain(column)


def _groups(working: WorkingForm, item: Item | None) -> list[tuple[int, str]]:
    inside = {each.id for each in item.walk()} if item else set()
    return [
        (each.id, presentation.label_of(each).text)
        for each in working.walk()
        if each.is_group and each.id not in inside
    ]


def _new_page(
    call: Call, working: WorkingForm, typed: dict[str, str], kind: str, into: int | None, error: str = ""
) -> str:
    return render_template(
        "applications/form_item_new.html",
        call=call_shown(call, clock.now()),
        kinds=KINDS,
        kind=kind,
        into=into,
        groups=_groups(working, None),
        labels=[(code, language_name(code), direction(code), typed.get(code, "")) for code in working.languages],
        error=error,
    )


def _item_page(
    call: Call,
    working: WorkingForm,
    item: Item,
    form: ItemForm,
    *,
    theirs: list[DifferenceShown] | None = None,
    is_gone: bool = False,
) -> str:
    parents = working.parents(item.id)
    shared = [
        presentation.label_of(each)
        for each in working.walk()
        if item.list_name and each.list_name == item.list_name and each.id != item.id
    ]
    return render_template(
        "applications/form_item.html",
        call=call_shown(call, clock.now()),
        item=item,
        label=presentation.label_of(item),
        form=form,
        parts=[(part, form.shown(part), form.is_used(part)) for part in Part if form.shown(part)],
        seen=_mark(working, item),
        theirs=theirs or [],
        changed_elsewhere=theirs is not None,
        is_gone=is_gone,
        shared=shared,
        groups=_groups(working, item),
        into=parents[-1].id if parents else None,
    )
