"""Taking applications out of a table in the browser: looked at or taken in the background, batch after batch."""

from typing import Final
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import InputRequired

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.importing import background as services
from fundapp.applications.models import Call, TableImport
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.importing import import_shown, imported_shown, limits_shown
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries import importing as queries
from fundapp.applications.queries import listings
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.views import bp
from fundapp.applications.views.files import storage
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.list_pages import list_asked, list_file, list_shown, table_file
from fundapp.core.listing import page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into

PROBLEM_COLUMNS: Final = ("place", "problem")


class ImportForm(FlaskForm):
    """Choose a table."""

    table = FileField(_l("Your table (CSV or XLSX)"), validators=[InputRequired(_l("Choose a table first."))])


@bp.get("/manage/<slug>/import")
@requires(P.APPLICATION_IMPORT)
def import_table(slug: str) -> ResponseReturnValue:
    """Offer to take applications out of a table."""
    return _form_page(_managed(slug), ImportForm(formdata=None))


@bp.post("/manage/<slug>/import")
@requires(P.APPLICATION_IMPORT)
@limited("upload")
def take_table(slug: str) -> ResponseReturnValue:
    """Keep a table and have it looked at; with `take`, have its rows taken at once."""
    call, form = _managed(slug), ImportForm()
    if form.validate():
        try:
            table_import = services.begin_import(
                actor=current_actor(),
                call=call,
                filename=form.table.data.filename or "",
                data=form.table.data.read(),
                takes="take" in request.form,
                as_drafts="drafts" in request.form,
                storage=storage(),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.table_import", slug=slug, import_id=table_import.id))
    return _form_page(call, form), 422


@bp.get("/manage/<slug>/import/<uuid:import_id>")
@requires(P.APPLICATION_IMPORT)
def table_import(slug: str, import_id: UUID) -> ResponseReturnValue:
    """Show how far a table is, and what became of its rows."""
    call, found = _found(slug, import_id)
    return render_template(
        "applications/table_import.html",
        call=call_shown(call, clock.now()),
        shown=import_shown(found, call),
        done=imported_shown(found, queries.problems_of(found)),
    )


@bp.post("/manage/<slug>/import/<uuid:import_id>")
@requires(P.APPLICATION_IMPORT)
def take_looked_at(slug: str, import_id: UUID) -> ResponseReturnValue:
    """Take the rows of a table that was looked at, or go on with one that stopped."""
    _call, found = _found(slug, import_id)
    services.go_on(actor=current_actor(), table_import=found, now=clock.now())
    return redirect(url_for("applications.table_import", slug=slug, import_id=import_id))


@bp.post("/manage/<slug>/import/<uuid:import_id>/problems.<format>")
@requires(P.APPLICATION_IMPORT)
@limited("export")
def import_problems(slug: str, import_id: UUID, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send everything that is wrong in a table, by row and column, as CSV or XLSX."""
    call, found = _found(slug, import_id)
    return table_file(PROBLEM_COLUMNS, queries.problems_of(found), format, **file_names("problems", call))


@bp.get("/manage/<slug>/imports")
@requires(P.APPLICATION_IMPORT)
def imports(slug: str) -> ResponseReturnValue:
    """List the tables that were given for a call."""
    return _list_page(_managed(slug))


@bp.post("/manage/<slug>/imports")
@requires(P.APPLICATION_IMPORT)
@limited("search")
def search_imports(slug: str) -> ResponseReturnValue:
    """List what a search finds; by POST, so that no name stands in an address."""
    return _list_page(_managed(slug))


@bp.post("/manage/<slug>/imports.<format>")
@requires(P.APPLICATION_IMPORT)
@fresh
@limited("export")
def imports_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list as it is narrowed as CSV or XLSX."""
    call = _managed(slug)
    return list_file(listings.imports(call=call), format, **file_names("imports", call))


def _managed(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_IMPORT)


def _found(slug: str, import_id: UUID) -> tuple[Call, TableImport]:
    call = _managed(slug)
    return call, queries.managed_import(actor=current_actor(), call=call, import_id=import_id)


def _form_page(call: Call, form: ImportForm) -> str:
    return render_template(
        "applications/import.html", call=call_shown(call, clock.now()), form=form, limits=limits_shown()
    )


def _list_page(call: Call) -> str:
    listing = listings.imports(call=call)
    asked = list_asked(listing)
    page = page_of(listing, asked, current_language())
    return render_template(
        "applications/imports.html",
        call=call_shown(call, clock.now()),
        shown=list_shown(
            listing,
            asked,
            endpoint="applications.imports",
            search="applications.search_imports",
            file="applications.imports_file",
            search_label=_("Name of the file, or who gave it"),
            slug=call.slug,
        ),
        imports=[import_shown(each, call) for each in page.items],
        page=page,
    )
