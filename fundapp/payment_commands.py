"""The command line of payment files: they are made where the private payee key is, and nowhere else."""

import threading
from pathlib import Path

import click

from fundapp.core import clock, unit_of_work
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.keys import KeysError, Part
from fundapp.core.web import FundApp
from fundapp.disbursement.services.making_payments import make_file, waiting_files
from fundapp.key_commands import load, private_keys_option


@click.group("payments")
def payments_group() -> None:
    """Payment files: prepared in the browser, made here, released in the browser by a second person."""


@payments_group.command("make")
@private_keys_option
@click.option("--every", type=click.FloatRange(min=1), help="Seconds between rounds; without it, one round.")
@with_app
def make(app: FundApp, private_keys: Path | None, every: float | None) -> None:
    """Make every payment file that waits, with the private payee key. Nothing of an account is shown here."""
    private = load(frozenset({Part.PAYEE_PRIVATE}), private_keys)
    pause = threading.Event()
    while True:
        for file_id in waiting_files():
            try:
                status = make_file(storage=app.extensions["storage"], private=private, file_id=file_id, now=clock.now())
            except KeysError as error:
                raise click.ClickException(str(error)) from error
            unit_of_work.commit(app.queue)
            click.echo(f"{file_id}: {status}")
        db.session.rollback()
        if every is None or pause.wait(every):
            return
