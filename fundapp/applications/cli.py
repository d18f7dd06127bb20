"""Commands of this room: calls and applications."""

from pathlib import Path

import click
from sqlalchemy import select

from fundapp.accounts.permissions import system_actor
from fundapp.applications.call_package import read_package
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.importing import ImportedApplications, import_in_batches, load_call, titles_of_sheets
from fundapp.applications.models import Call
from fundapp.applications.package_parts import package_parts
from fundapp.applications.queries.public import current_form
from fundapp.core import clock, unit_of_work
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.tables import read_table
from fundapp.core.web import FundApp


@click.group()
def calls() -> None:
    """Calls: dates, budget, form, rubric."""


@calls.command("load")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@with_app
def calls_load(_app: FundApp, folder: Path) -> None:
    """Load the call package in DIR, or bring its call up to date; the same package again changes nothing.

    What of the form is passed over is listed. What belongs into a package: docs/call-package.md.
    """
    package = read_package(folder, parts=package_parts())
    for warning in package.warnings:
        click.echo(f"warning: {warning}", err=True)
    loaded = load_call(package=package, actor=system_actor(), now=clock.now())
    if loaded.created:
        click.echo(f"call {loaded.call.slug}: made")
    else:
        click.echo(f"call {loaded.call.slug}: {', '.join(loaded.changes) or 'nothing'} changed")


@click.group()
def applications() -> None:
    """Applications that people have sent."""


@applications.command("import")
@click.argument("slug", metavar="CALL")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def applications_import(context: click.Context, slug: str, file: Path) -> None:
    """Take the rows of FILE (CSV or XLSX) as submitted applications to CALL.

    Rows that were taken before stay as they are, so an import that was cut off goes on when it is started again. What
    cannot be taken is listed by row and column, and the exit status is 1 then; all other rows are in.
    """
    done: ImportedApplications = _import_file(slug, file)
    for heading in done.unmapped:
        click.echo(f"column {heading}: answers no question, left out", err=True)
    for problem in done.problems:
        click.echo(str(problem), err=True)
    click.echo(f"{done.taken} taken, {done.unchanged} there already, {done.refused} refused")
    if done.refused:
        context.exit(1)


@with_app
def _import_file(app: FundApp, slug: str, file: Path) -> ImportedApplications:
    call = db.session.scalar(select(Call).where(Call.slug == slug))
    if call is None:
        raise click.ClickException(f"there is no call {slug}")
    form = FormDefinition.from_json(current_form(call).definition)
    table = read_table(file.read_bytes(), file.name, also=titles_of_sheets(form))

    def progress(rows: int) -> None:
        if len(table.rows) > rows:
            click.echo(f"{rows} of {len(table.rows)} rows", err=True)

    return import_in_batches(
        call_id=call.id,
        table=table,
        actor=system_actor(),
        now=clock.now,
        commit=lambda: unit_of_work.commit(app.queue),
        progress=progress,
    )
