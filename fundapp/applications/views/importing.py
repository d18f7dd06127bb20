"""Taking applications out of a table in the browser: first looked at, then taken, with the same code as the command."""

from typing import Final, cast

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms.validators import InputRequired

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.importing import ImportedApplications, import_in_batches, titles_of_sheets
from fundapp.applications.models import Call
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.importing import ImportShown, import_shown
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.queries.public import current_form
from fundapp.applications.views import bp
from fundapp.core import clock, unit_of_work
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.routes import limited, requires
from fundapp.core.tables import Table, read_table
from fundapp.core.web import FundApp

MAX_ROWS: Final = 1000
"""What one request can take before browsers stop waiting; longer tables go through the command."""


class ImportForm(FlaskForm):
    """Choose a table."""

    table = FileField(_l("Your table (CSV or XLSX)"), validators=[InputRequired(_l("Choose a table first."))])


@bp.get("/manage/<slug>/import")
@requires(P.APPLICATION_IMPORT)
def import_table(slug: str) -> ResponseReturnValue:
    """Offer to take applications out of a table."""
    call = managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_IMPORT)
    return _page(call, ImportForm(formdata=None))


@bp.post("/manage/<slug>/import")
@requires(P.APPLICATION_IMPORT)
@limited("upload")
def take_table(slug: str) -> ResponseReturnValue:
    """Say what a table holds and what is wrong with it, by cell; with `take`, take its rows as well.

    Each batch is committed alone, so whatever stops this, the same table again goes on where it stopped.
    """
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_IMPORT)
    call_id, takes = call.id, "take" in request.form
    titles = titles_of_sheets(FormDefinition.from_json(current_form(call).definition))
    form = ImportForm()
    if not form.validate():
        return _page(call, form), 422
    try:
        table = _table(form.table.data, titles)
        done = import_in_batches(
            call_id=call_id,
            table=table,
            actor=actor,
            now=clock.now,
            commit=_commit if takes else unit_of_work.rollback,
            as_drafts="drafts" in request.form,
        )
    except RuleViolations as violations:
        unit_of_work.rollback()
        return _page(managed_call(actor=actor, slug=slug), form, problems=violations.problems), 422
    return _page(managed_call(actor=actor, slug=slug), form, done=_shown(done, table, takes))


def _commit() -> None:
    unit_of_work.commit(cast(FundApp, current_app).queue)


def _table(upload: FileStorage, titles: list[str]) -> Table:
    """Read the table that was chosen. Raises RuleViolations."""
    table = read_table(upload.read(), upload.filename or "", also=titles)
    if len(table.rows) > MAX_ROWS:
        raise RuleViolations(
            [
                Problem(
                    _l(
                        "This table has %(rows)s rows; here at most %(limit)s are taken at once. Cut it into parts, or"
                        " ask whoever runs this site to take it with a command.",
                        rows=len(table.rows),
                        limit=MAX_ROWS,
                    )
                )
            ]
        )
    return table


def _shown(done: ImportedApplications, table: Table, takes: bool) -> ImportShown:
    return import_shown(done, rows=len(table.rows), is_taken=takes)


def _page(
    call: Call, form: ImportForm, *, done: ImportShown | None = None, problems: list[Problem] | None = None
) -> str:
    return render_template(
        "applications/import.html", call=call_shown(call, clock.now()), form=form, done=done, problems=problems or []
    )
