"""Pages on which managers write what a call says, part by part."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.call_items import ITEMS, anchors_asked
from fundapp.applications.call_package import Document, InvitationRead, document_of, read_invitations
from fundapp.applications.call_package.keys import CODE
from fundapp.applications.call_package.paths import value_at, with_values
from fundapp.applications.call_package.stages import DEFAULT_MINUTES
from fundapp.applications.call_settings import PARTS, Asked, Control
from fundapp.applications.forms.call_values import (
    CallForm,
    InvitationsForm,
    NewItemForm,
    call_form,
)
from fundapp.applications.models import Call
from fundapp.applications.presentation import call_settings as presentation
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.queries import managing as queries
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services import writing_calls as services
from fundapp.applications.views import bp
from fundapp.applications.views.call_problems import problems_into
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires

THREE_WEEKS: Final = timedelta(weeks=3)


@bp.get("/manage/<slug>/settings")
@requires(P.CALL_WRITE)
def call_settings(slug: str) -> ResponseReturnValue:
    """Show all parts of a call, and what is missing before it can be announced."""
    call = _call(slug)
    missing = services.missing_in(call)
    return render_template(
        "applications/call_settings.html",
        call=call_shown(call, clock.now()),
        is_draft=presentation.is_draft(call),
        parts=presentation.parts_shown(call, missing),
        missing=presentation.missing_shown(call, missing),
        may_make=current_actor().calls_with(P.CALL_WRITE) is None,
    )


@bp.get("/manage/<slug>/settings/<part>")
@requires(P.CALL_WRITE)
def call_part(slug: str, part: str) -> ResponseReturnValue:
    """Show one part of a call for changing."""
    call = _call(slug)
    return _part_page(call, part, _part_form(call, part))


@bp.post("/manage/<slug>/settings/<part>")
@requires(P.CALL_WRITE)
def change_part(slug: str, part: str) -> ResponseReturnValue:
    """Change one part of a call."""
    call = _call(slug)
    form = _part_form(call, part)
    if not _may_change(call, part):
        abort(404)

    def change() -> None:
        services.change_call(
            actor=current_actor(),
            call=call,
            changes=form.changes(),
            seen=request.form.get("seen", ""),
            invitations=_invitations(form),
            now=clock.now(),
        )

    refused = _tried(call, form, change, lambda theirs: _part_page(call, part, form, theirs))
    return refused or redirect(url_for("applications.call_settings", slug=slug))


@bp.post("/manage/<slug>/settings/<listed>/order")
@requires(P.CALL_WRITE)
def order_items(slug: str, listed: str) -> ResponseReturnValue:
    """Move a category or criterion up in its list."""
    call = _call(slug)
    items = list(_items(call, listed))
    place = next((at for at, each in enumerate(items) if each["code"] == request.form.get("code")), 0)
    if place:
        items[place - 1 : place + 1] = [items[place], items[place - 1]]
        services.change_call(
            actor=current_actor(),
            call=call,
            changes={listed: items},
            seen=request.form.get("seen", ""),
            now=clock.now(),
        )
    return redirect(url_for("applications.call_part", slug=slug, part=listed))


@bp.get("/manage/<slug>/settings/<listed>/item")
@requires(P.CALL_WRITE)
def call_item(slug: str, listed: str) -> ResponseReturnValue:
    """Show a category or criterion for changing (?code=), or ask for a new one."""
    call = _call(slug)
    code = request.args.get("code", "")
    return _item_page(call, listed, code, _item_form(call, listed, code))


@bp.post("/manage/<slug>/settings/<listed>/item")
@requires(P.CALL_WRITE)
def change_item(slug: str, listed: str) -> ResponseReturnValue:
    """Change a category or criterion (?code=), or add a new one."""
    call = _call(slug)
    code = request.args.get("code", "")
    form = _item_form(call, listed, code)
    new_code = request.form.get("code", "").strip()

    def change() -> None:
        changes = form.changes()
        if not code:
            items = _items(call, listed)
            if not CODE.fullmatch(new_code) or any(each["code"] == new_code for each in items):
                message = _("Choose a short name of small letters, figures and dashes that is not in the list yet.")
                raise RuleViolations([Problem(message, field="code")])
            values = {path.split(".", 2)[2]: each for path, each in changes.items() if each is not None}
            changes = {listed: [*items, {"code": new_code, **values}]}
        services.change_call(
            actor=current_actor(), call=call, changes=changes, seen=request.form.get("seen", ""), now=clock.now()
        )

    refused = _tried(call, form, change, lambda theirs: _item_page(call, listed, code, form, theirs), new_code)
    if refused is not None:
        return refused
    if not code:
        return redirect(url_for("applications.call_item", slug=slug, listed=listed, code=new_code))
    return redirect(url_for("applications.call_part", slug=slug, part=listed))


@bp.post("/manage/<slug>/settings/<listed>/take-out")
@requires(P.CALL_WRITE)
def take_out_item(slug: str, listed: str) -> ResponseReturnValue:
    """Take a category or criterion out of a call."""
    call = _call(slug)
    code = request.form.get("code", "")
    left = [each for each in _items(call, listed) if each["code"] != code]
    changes: dict[str, Any] = {listed: left}
    if listed == "categories":
        changes["call.max_categories"] = max(1, min(call.max_categories, len(left)))
    form = _item_form(call, listed, code)
    if "sure" not in request.form:
        form.form_errors = [_("Tick the box if you are sure, and press the button again.")]
        return _item_page(call, listed, code, form), 422

    def change() -> None:
        services.change_call(
            actor=current_actor(), call=call, changes=changes, seen=request.form.get("seen", ""), now=clock.now()
        )

    refused = _tried(call, form, change, lambda theirs: _item_page(call, listed, code, form, theirs), typed=False)
    return refused or redirect(url_for("applications.call_part", slug=slug, part=listed))


def _call(slug: str) -> Call:
    return queries.managed_call(actor=current_actor(), slug=slug, permission=P.CALL_WRITE)


def _may_change(call: Call, part: str) -> bool:
    return presentation.is_draft(call) or not PARTS[part].draft_only


def _items(call: Call, listed: str) -> list[dict[str, Any]]:
    if listed not in ITEMS:
        abort(404)
    items: list[dict[str, Any]] = document_of(package_of(call))[listed]
    return items


def _tried(
    call: Call,
    form: CallForm,
    change: Callable[[], None],
    page: Callable[[Document | None], str],
    new_code: str = "",
    *,
    typed: bool = True,
) -> ResponseReturnValue | None:
    """Change a call; return None when it is changed, else the page that says what stands against it."""
    if typed and not form.validate():
        return page(None), 422
    try:
        change()
    except services.ChangedElsewhere as conflict:
        return page(conflict.document), 409
    except RuleViolations as violations:
        problems_into(form, violations, call, new_code)
        return page(None), 422
    flash(_("Saved."))
    return None


def _invitations(form: CallForm) -> tuple[InvitationRead, ...] | None:
    upload = form["invitations"].data if "invitations" in form else None
    if not isinstance(upload, FileStorage) or not upload.filename:
        return None
    return read_invitations(upload.read(), upload.filename)


def _part_form(call: Call, part: str) -> CallForm:
    if part not in PARTS:
        abort(404)
    bases = (InvitationsForm,) if part == "entry" else ()
    return call_form(document_of(package_of(call)), PARTS[part].asked, bases=bases)


def _item_form(call: Call, listed: str, code: str) -> CallForm:
    if listed not in ITEMS:
        abort(404)
    document = document_of(package_of(call))
    asked: tuple[Asked, ...] = ITEMS[listed]
    if len(document["stages"]) == 1:
        asked = tuple(each for each in asked if each.control is not Control.STAGE)
    if not document["categories"]:
        asked = tuple(each for each in asked if each.control is not Control.CATEGORY)
    if not code:
        first = _first_values(call, listed, document)
        document = with_values(document, {listed: [*document[listed], {"code": "new", **first}]})
        return call_form(document, asked, base=f"{listed}.new.", bases=(NewItemForm,))
    item = value_at(document, f"{listed}.{code}")
    if item is None:
        abort(404)
    if listed == "criteria":
        asked = (*asked, *anchors_asked(item["minimum"], item["maximum"], item["step"]))
    return call_form(document, asked, base=f"{listed}.{code}.")


def _first_values(call: Call, listed: str, document: Document) -> dict[str, Any]:
    """Return what stands at first on the page of something new: a phase of scoring begins at the deadline."""
    last_stage = document["stages"][-1]["code"]
    match listed:
        case "criteria":
            return {"minimum": 1, "maximum": 5, "step": 1, "weight": 1, "stage": last_stage, "comment": "never"}
        case "stages":
            return {"kind": "review", "minutes": DEFAULT_MINUTES}
        case "phases":
            starts = max([call.closes_at, *(each.ends_at for each in call.deciding_stage.phases)])
            begins = starts.astimezone(ZoneInfo(call.time_zone)).replace(tzinfo=None)
            return {
                "stage": last_stage,
                "starts": begins,
                "ends": begins + THREE_WEEKS,
                "score": True,
                "others": "never" if not call.deciding_stage.phases else "after_own",
                "shown_as": "aliases",
                "discuss": bool(call.deciding_stage.phases),
            }
    return {}


def _part_page(call: Call, part: str, form: CallForm, theirs: Document | None = None) -> str:
    missing = services.missing_in(call)
    return render_template(
        "applications/call_part.html",
        call=call_shown(call, clock.now()),
        part=part,
        title=PARTS[part].title,
        hint=PARTS[part].hint,
        form=form,
        fields=form.shown(),
        seen=_seen(call, form.paths),
        theirs=presentation.differing(form, theirs) if theirs is not None else [],
        changed_elsewhere=theirs is not None,
        may_change=_may_change(call, part),
        items=presentation.items_shown(call, part, missing) if part in ITEMS else None,
        add=presentation.ADD.get(part),
        seen_items=_seen(call, [part]) if part in ITEMS else "",
    )


def _item_page(call: Call, listed: str, code: str, form: CallForm, theirs: Document | None = None) -> str:
    taken_out = [listed, "call.max_categories"] if listed == "categories" else [listed]
    return render_template(
        "applications/call_item.html",
        call=call_shown(call, clock.now()),
        listed=listed,
        list_title=PARTS[listed].title,
        heading=(presentation.CHANGE if code else presentation.ADD)[listed],
        code=code,
        form=form,
        fields=form.shown(),
        seen=_seen(call, form.paths if code else [listed]),
        seen_items=_seen(call, taken_out),
        theirs=presentation.differing(form, theirs) if theirs is not None and code else [],
        changed_elsewhere=theirs is not None,
    )


def _seen(call: Call, paths: Iterable[str]) -> str:
    package = package_of(call)
    return services.seen_of(document_of(package), package.form, paths)
