"""Pages on which managers make a call and write what it says, part by part."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.call_package import Document, InvitationRead, document_of, read_invitations
from fundapp.applications.call_package.keys import CODE
from fundapp.applications.call_package.paths import value_at, with_values
from fundapp.applications.call_package.stages import DEFAULT_MINUTES
from fundapp.applications.call_settings import CLONED_CALL, ITEMS, NEW_CALL, PARTS, Asked, Control, anchors_asked
from fundapp.applications.forms.call_values import (
    OTHERS,
    TIME_OF_DAY,
    CallForm,
    InvitationsForm,
    NewCallForm,
    NewItemForm,
    call_form,
)
from fundapp.applications.models import Call, Programme
from fundapp.applications.presentation import call_settings as presentation
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import managing as queries
from fundapp.applications.queries.packages import package_of, programmes
from fundapp.applications.services import writing_calls as services
from fundapp.applications.services.announcing import require_for_new_calls
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import current_language, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires

THREE_WEEKS: Final = timedelta(weeks=3)


@bp.get("/new-call")
@requires(P.CALL_WRITE)
def new_call() -> ResponseReturnValue:
    """Ask for what a new call needs before anything else."""
    require_for_new_calls(current_actor())
    return _new_page(_new_form(programmes()))


@bp.post("/new-call")
@requires(P.CALL_WRITE)
def make_call() -> ResponseReturnValue:
    """Make a draft of a call."""
    known = programmes()
    form = _new_form(known)
    is_valid = form.validate()
    document = with_values(form.document, {path: each for path, each in form.changes().items() if each is not None})
    document["programme"] = _chosen_programme(form["programme"].data, known, document)
    try:
        if is_valid:
            call = services.make_call(actor=current_actor(), document=document, now=clock.now())
            flash(_("The draft is made. Nobody but you and your colleagues can see it."))
            return redirect(url_for("applications.call_settings", slug=call.slug))
        services.read_draft(document)
    except RuleViolations as violations:
        _problems_into(form, violations)
    return _new_page(form), 422


@bp.get("/manage/<slug>/clone")
@requires(P.CALL_WRITE)
def clone(slug: str) -> ResponseReturnValue:
    """Ask for what is different in a call that is made from this one."""
    call = _call(slug)
    require_for_new_calls(current_actor())
    return _clone_page(call, _clone_form(call))


@bp.post("/manage/<slug>/clone")
@requires(P.CALL_WRITE)
def clone_call(slug: str) -> ResponseReturnValue:
    """Make a draft of a call from another one."""
    call = _call(slug)
    require_for_new_calls(current_actor())
    form = _clone_form(call)
    if form.validate():
        try:
            made = services.clone_call(actor=current_actor(), call=call, changes=form.changes(), now=clock.now())
        except RuleViolations as violations:
            _problems_into(form, violations, call)
        else:
            flash(
                _("The draft is made, with the form and the criteria. Look through all parts before you announce it.")
            )
            return redirect(url_for("applications.call_settings", slug=made.slug))
    return _clone_page(call, form), 422


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
        _problems_into(form, violations, call, new_code)
        return page(None), 422
    flash(_("Saved."))
    return None


def _problems_into(form: CallForm, violations: RuleViolations, call: Call | None = None, new_code: str = "") -> None:
    """Put each problem beside the field of its path; those of other parts name what they are about."""
    for problem in _about_languages(form, violations.problems):
        path = problem.field or ""
        if path == "programme.slug":
            path = "call.slug"  # a new programme is named after its first call
        if new_code:
            path = path.replace(f".{new_code}", ".new", 1)
        names = [path, *(f"{path}.{code}" for code in value_at(form.document, "call.languages") or [])]
        field = next((form[name] for name in names if name in form), None)
        if field is not None:
            if path + TIME_OF_DAY not in form or not form[path + TIME_OF_DAY].errors:
                field.errors = field.errors or [problem.message]
        elif call is not None and path:
            form.form_errors = [*form.form_errors, f"{presentation.named(problem, call)}: {problem.message}"]
        else:
            form.form_errors = [*form.form_errors, str(problem)]


def _about_languages(form: CallForm, problems: Sequence[Problem]) -> list[Problem]:
    """Say once, beside the languages, that texts stand in one that is taken out; a code that is none, beside it."""
    path = "call.languages"
    if path not in form:
        return list(problems)
    typed = form.changes()[path]
    out = [code for code in value_at(form.document, path) or [] if code not in typed]
    written = dict.fromkeys(code for code in out for each in problems if (each.field or "").endswith(f".{code}"))
    others = [
        replace(each, field=path + OTHERS) if each.field == path and form[path + OTHERS].data else each
        for each in problems
        if not any((each.field or "").endswith(f".{code}") for code in written)
    ]
    if not written:
        return others
    message = _(
        "The call has texts in %(languages)s. Empty them on the other pages first, then take the language out.",
        languages=", ".join(language_name(code) for code in written),
    )
    return [Problem(message, field=path), *others]


def _invitations(form: CallForm) -> tuple[InvitationRead, ...] | None:
    upload = form["invitations"].data if "invitations" in form else None
    if not isinstance(upload, FileStorage) or not upload.filename:
        return None
    return read_invitations(upload.read(), upload.filename)


def _chosen_programme(slug: str | None, known: Sequence[Programme], document: Document) -> dict[str, Any]:
    """Return what a document says of the programme that was chosen, or of a new one, named after its first call."""
    chosen = next((each for each in known if each.slug == slug), None)
    if chosen is not None:
        return {"slug": chosen.slug, "kind": chosen.kind.value, "title": dict(chosen.titles)}
    new_slug = str(value_at(document, "call.slug") or "")
    taken = {each.slug for each in known}
    return {**document["programme"], "slug": f"{new_slug}-fund" if new_slug in taken else new_slug}


def _new_form(known: Sequence[Programme]) -> CallForm:
    document = {
        "programme": {},
        "call": {"languages": [current_language()], "title": {}, "purpose": {}, "reviews_per_application": 3},
        "budget": {},
        "letters": {"period_months": 12, "signatory": {}},
    }
    form = call_form(document, NEW_CALL, bases=(NewCallForm,))
    choices = [SelectChoice(each.slug, str(said(each.titles))) for each in known]
    form["programme"].choices = [*choices, SelectChoice(NewCallForm.NEW, _("A new one"))]
    return form


def _clone_form(call: Call) -> CallForm:
    document = document_of(package_of(call))
    new = ("call.slug", "call.reference_prefix", "call.opens", "call.closes")
    return call_form(with_values(document, dict.fromkeys(new)), CLONED_CALL)


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


def _new_page(form: CallForm) -> str:
    fields = [replace(each, missing=False) for each in form.shown()]  # everything is still to be written
    return render_template("applications/new_call.html", form=form, fields=fields)


def _clone_page(call: Call, form: CallForm) -> str:
    return render_template(
        "applications/clone_call.html", call=call_shown(call, clock.now()), form=form, fields=form.shown()
    )


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
