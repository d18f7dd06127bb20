"""Pages on which managers write the form of a call: its outline, its texts, and putting it into use."""

from collections.abc import Callable
from dataclasses import replace

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_writing.checking import checked
from fundapp.applications.form_writing.sample_form import sample_form
from fundapp.applications.form_writing.working_form import WorkingForm, tables_with_owners, working_form_of
from fundapp.applications.models import Call
from fundapp.applications.presentation import form_drafts as presentation
from fundapp.applications.presentation.call_settings import FORM_PART, part_of
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import managing as queries
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services import form_drafts as services
from fundapp.applications.views import bp
from fundapp.applications.xlsform import read_form, write_tables
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.routes import limited, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TITLE = 300


@bp.get("/manage/<slug>/form/write")
@requires(P.CALL_WRITE)
def form_draft(slug: str) -> ResponseReturnValue:
    """Show the outline of a form's working copy, or ask what to begin from."""
    call = call_to_write(slug)
    return _outline(call)


@bp.post("/manage/<slug>/form/write")
@requires(P.CALL_WRITE)
@limited("upload")
def begin_form_draft(slug: str) -> ResponseReturnValue:
    """Begin a working copy from the form in use, nothing, a sample, a call or a file, or put that in its place."""
    call = call_to_write(slug)
    warnings: list[Problem] = []
    try:
        working = _chosen_start(call, request.form.get("start", ""), warnings)
    except RuleViolations as violations:
        return _outline(call, violations.problems, begins=True), 422
    services.begin(actor=current_actor(), call=call, working=working, now=clock.now())
    for warning in warnings:
        flash(str(warning), "stop")
    return redirect(_outline_url(call))


@bp.get("/manage/<slug>/form/write/begin")
@requires(P.CALL_WRITE)
def form_draft_start(slug: str) -> ResponseReturnValue:
    """Ask what the working copy is begun from, or replaced by."""
    return _outline(call_to_write(slug), begins=True)


@bp.post("/manage/<slug>/form/write/order")
@requires(P.CALL_WRITE)
def order_form_items(slug: str) -> ResponseReturnValue:
    """Move an item up or down by one place."""
    call = call_to_write(slug)
    up = request.form.get("up", type=int)
    number = up if up is not None else request.form.get("down", type=int, default=0)
    refused = tried(call, lambda working: working.moved(number, up=up is not None))
    return refused or redirect(f"{_outline_url(call)}#item-{number}")


@bp.post("/manage/<slug>/form/write/title")
@requires(P.CALL_WRITE)
def name_form_draft(slug: str) -> ResponseReturnValue:
    """Say what the form is called."""
    call, title = call_to_write(slug), " ".join(request.form.get("title", "").split())
    if len(title) > LONGEST_TITLE:
        message = _("Use at most %(limit)s characters.", limit=LONGEST_TITLE)
        return _outline(call, [Problem(message)], title=title), 422
    return tried(call, lambda working: replace(working, title=title)) or redirect(_outline_url(call))


@bp.post("/manage/<slug>/form/write/undo")
@requires(P.CALL_WRITE)
def undo_form_draft(slug: str) -> ResponseReturnValue:
    """Take the last change back."""
    return _finished(slug, services.undo, _("The last change is undone."))


@bp.post("/manage/<slug>/form/write/drop")
@requires(P.CALL_WRITE)
def drop_form_draft(slug: str) -> ResponseReturnValue:
    """Throw the working copy away."""
    call = call_to_write(slug)
    if "sure" not in request.form:
        flash(_("Tick the box if you are sure, and press the button again."), "stop")
        return redirect(f"{_outline_url(call)}#drop")
    return _finished(slug, services.drop, _("The working copy is thrown away."))


@bp.post("/manage/<slug>/form/write/use")
@requires(P.CALL_WRITE)
def use_form_draft(slug: str) -> ResponseReturnValue:
    """Put the working copy into use; with anything wrong, nothing changes and all of it is listed."""
    call = call_to_write(slug)
    try:
        services.put_into_use(
            actor=current_actor(),
            call=call,
            seen_version=_seen_version(),
            replacing=request.form.get("replacing", ""),
            now=clock.now(),
        )
    except Conflict as conflict:
        return _outline(call, [Problem(str(conflict.message))]), 409
    except RuleViolations as violations:
        return _outline(call, violations.problems), 422
    flash(_("The form is in use. Those who have begun keep the form that they began with."))
    return redirect(url_for("applications.managed_form", slug=slug))


@bp.get("/manage/<slug>/form/write.xlsx")
@requires(P.CALL_WRITE)
def form_draft_file(slug: str) -> ResponseReturnValue:
    """Give the working copy as an XLSForm, with what is still missing or wrong in it."""
    call = call_to_write(slug)
    draft = services.draft_of(call)
    if draft is None:
        return redirect(_outline_url(call))
    tables, _owners = tables_with_owners(services.working_of(draft, call))
    headers = {"Content-Disposition": f'attachment; filename="{call.slug}-form-working-copy.xlsx"'}
    return Response(write_tables(tables), mimetype=XLSX, headers=headers)


@bp.get("/manage/<slug>/form/write/texts")
@requires(P.CALL_WRITE)
def form_draft_texts(slug: str) -> ResponseReturnValue:
    """List the texts that lack a language (?language=), page by page (?page=)."""
    call = call_to_write(slug)
    draft = services.draft_of(call)
    if draft is None:
        return redirect(_outline_url(call))
    language = request.args.get("language", call.languages[0])
    if language not in call.languages:
        abort(404)
    working = services.working_of(draft, call)
    return render_template(
        "applications/form_draft_texts.html",
        call=call_shown(call, clock.now()),
        wanted=language,
        wanted_name=language_name(language),
        texts=presentation.texts_shown(working, call, language, request.args.get("page", type=int, default=1)),
    )


def call_to_write(slug: str) -> Call:
    """Return a call whose form the actor may write."""
    return queries.managed_call(actor=current_actor(), slug=slug, permission=P.CALL_WRITE)


def tried(call: Call, edit: Callable[[WorkingForm], WorkingForm]) -> ResponseReturnValue | None:
    """Change the working copy; return None when that is done, else the page that says what stands against it."""
    try:
        services.change(actor=current_actor(), call=call, edit=edit, now=clock.now())
    except RuleViolations as violations:
        return _outline(call, violations.problems), 422
    except Conflict as conflict:
        return _outline(call, [Problem(str(conflict.message))]), 409
    return None


def _finished(slug: str, act: Callable[..., None], message: str) -> ResponseReturnValue:
    call = call_to_write(slug)
    try:
        act(actor=current_actor(), call=call, seen_version=_seen_version(), now=clock.now())
    except Conflict as conflict:
        return _outline(call, [Problem(str(conflict.message))]), 409
    flash(message)
    return redirect(_outline_url(call))


def _seen_version() -> int:
    return request.form.get("version", type=int, default=0)


def _outline_url(call: Call) -> str:
    return url_for("applications.form_draft", slug=call.slug)


def _chosen_start(call: Call, start: str, warnings: list[Problem]) -> WorkingForm:
    languages = tuple(call.languages)
    match start.partition(":"):
        case ("current", _, _):
            return working_form_of(package_of(call).form, languages)
        case ("sample", _, _):
            return working_form_of(sample_form(languages), languages)
        case ("call", _, slug):
            other = next((each for each in _other_calls(call) if each.slug == slug), None)
            if other is not None:
                return working_form_of(package_of(other).form, languages)
        case ("file", _, _):
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                raise RuleViolations([Problem(_("Choose a file."))])
            form = read_form(upload.read(), upload.filename, default_language=languages[0], warnings=warnings)
            return working_form_of(form, languages)
        case ("nothing", _, _):
            return WorkingForm(languages, languages[0])
    raise RuleViolations([Problem(_("Choose what to begin from."))])


def _other_calls(call: Call) -> list[Call]:
    return [other for other in queries.managed_calls(actor=current_actor()) if other.id != call.id]


def _outline(
    call: Call, problems: list[Problem] | None = None, *, begins: bool = False, title: str | None = None
) -> str:
    draft = services.draft_of(call)
    if draft is None or begins:
        return render_template(
            "applications/form_draft_begin.html",
            call=call_shown(call, clock.now()),
            problems=problems or [],
            replaces=draft is not None,
            in_use=bool(package_of(call).form.questions),
            others=[(each.slug, said(each.titles)) for each in _other_calls(call)],
        )
    working = services.working_of(draft, call)
    read = checked(working)
    return render_template(
        "applications/form_draft.html",
        call=call_shown(call, clock.now()),
        rows=presentation.rows_shown(working, read, call),
        wrong=presentation.problems_shown(working, read, call),
        lacking=_lacking(call, working),
        languages=presentation.languages_shown(working, call),
        problems=problems or [],
        title=working.title if title is None else title,
        version=draft.version,
        steps=services.steps_of(draft),
        replacing=draft.begun_from,
        is_stale=services.seen_in_use(call) != draft.begun_from,
        seen_now=services.seen_in_use(call),
    )


def _lacking(call: Call, working: WorkingForm) -> list[str]:
    """Return what the call still needs of a form that is right in itself."""
    form = checked(working).form
    if form is None:
        return []
    return [str(each.message) for each in services.lacking(call, form) if part_of(each) == FORM_PART]
