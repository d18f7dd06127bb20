"""Commands that hand out what was decided."""

from pathlib import Path

import click

from fundapp.accounts.permissions import system_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock, sealed_files
from fundapp.core.commands import with_app
from fundapp.core.db import read_only
from fundapp.core.errors import NotFound
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement.exports.decisions import decisions
from fundapp.disbursement.exports.handing_out import Format, hand_out
from fundapp.disbursement.letters import names_somebody_protected
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.queries.letters import letters_of_call
from fundapp.disbursement.rules import letter_filename

_folder = click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)


@click.group()
def export() -> None:
    """Hand out decisions and letters."""


@export.command("decisions")
@click.argument("call")
@_folder
@with_app
def export_decisions(_app: FundApp, call: str, folder: Path) -> None:
    """Write the decisions of CALL: every entry, with its scores, decision and letter.

    The files are decisions.csv, decisions.xlsx, decisions.json, and a manifest of each that is no workbook.
    """
    found = _call(call)
    folder.mkdir(parents=True, exist_ok=True)
    made = decisions(actor=system_actor(), call=found)
    for file_format in Format:
        handed = hand_out(actor=system_actor(), export=made, file_format=file_format, now=clock.now())
        (folder / f"decisions.{file_format}").write_bytes(handed.table)
        for ending, data in handed.beside.items():
            (folder / f"decisions.{file_format}{ending}").write_bytes(data)
        click.echo(str(folder / f"decisions.{file_format}"))


@export.command("letters")
@click.argument("call")
@_folder
@with_app
def export_letters(app: FundApp, call: str, folder: Path) -> None:
    """Write the letters of CALL that are made, one PDF each. Exits 1 while others are not."""
    read_only()
    found = _call(call)
    storage: Storage = app.extensions["storage"]
    folder.mkdir(parents=True, exist_ok=True)
    made = letters_of_call(actor=system_actor(), call=found, status=LetterStatus.MADE)
    named = [letter for letter in made if names_somebody_protected(letter)]
    for letter in made:
        if letter in named:
            click.echo(f"{letter.reference}: made before its application was protected; it stays in the service")
            continue
        if letter.file is not None:
            (folder / letter_filename(letter.reference)).write_bytes(sealed_files.read(storage, letter.file))
    click.echo(f"{len(made) - len(named)} letters in {folder}")
    others = sum(
        len(letters_of_call(actor=system_actor(), call=found, status=status))
        for status in (LetterStatus.QUEUED, LetterStatus.FAILED)
    )
    if others:
        raise click.ClickException(f"{others} letters are not made yet")


def _call(slug: str) -> Call:
    try:
        return managed_call(actor=system_actor(), slug=slug)
    except NotFound as error:
        raise click.ClickException(f"there is no call {slug}") from error
