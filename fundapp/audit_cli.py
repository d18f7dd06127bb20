"""The command line of the record: checkpoints, an export for others, and verification."""

import functools
from pathlib import Path

import click
from sqlalchemy import select

from fundapp.accounts.permissions import system_actor
from fundapp.core import clock
from fundapp.core.audit import KeptVersion, record
from fundapp.core.audit.adopting import adopt_rows
from fundapp.core.audit.checkpoints import make_checkpoint, read_checkpoints
from fundapp.core.audit.exporting import exported_lines
from fundapp.core.audit.verification import first_broken
from fundapp.core.audit.versions import kept_classes
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.errors import Failure
from fundapp.core.keys import Part
from fundapp.core.web import FundApp
from fundapp.key_commands import load
from fundapp.review.queries.frozen_check import broken_tally
from fundapp.review.services.signing import adopt_tallies, sign_frozen_tallies

_without_keys = functools.partial(with_app, holds=frozenset())
"""These commands open nothing that is sealed, so whoever runs them needs no key for it."""
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The record of who did what. docs/adr/0012-tamper-evidence.md says what it proves."""


@audit.command()
@click.option("--to", "file", type=_FILE, help="Add the checkpoint to FILE too: keep it on another machine.")
@_without_keys
def checkpoint(_app: FundApp, file: Path | None) -> None:
    """Sign where the record stands now, and what was frozen since the last time.

    Run this every 15 minutes, as a user who may read the private audit key.
    """
    try:
        ring = load(frozenset({Part.AUDIT_PRIVATE, Part.AUDIT_PUBLIC}))
        made = make_checkpoint(ring=ring)
        signed = sign_frozen_tallies(ring=ring)
    except Failure as error:
        raise click.ClickException(str(error)) from error
    line = made.to_json()
    if file is not None and line not in _lines(file):
        with file.open("a", encoding="utf-8") as elsewhere:
            elsewhere.write(line + "\n")
    click.echo(line)
    if signed:
        click.echo(f"{signed} frozen tallies signed", err=True)


@audit.command()
@click.argument("file", type=_FILE)
@_without_keys
def export(_app: FundApp, file: Path) -> None:
    """Write all entries, checkpoints and public keys to FILE, for script/verify_audit.py."""
    ring = load(frozenset({Part.AUDIT_PUBLIC}))
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{line}\n" for line in exported_lines(db.session(), ring=ring))
    click.echo(f"written to {file}")


@audit.command()
@with_app
def adopt(_app: FundApp) -> None:
    """Record what was made before it was recorded: versions of scores, decisions and letters, tallies, digests."""
    now, count = clock.now(), 0
    rows = db.session.execute(select(KeptVersion.object_type, KeptVersion.object_id))
    versioned = {(table, row_id) for table, row_id in rows}
    for table, kept_class in sorted(kept_classes().items()):
        for row in db.session.scalars(select(kept_class)):
            if (table, row.id) not in versioned and row.kept() is not None:
                record(actor=system_actor(), action="version:adopt", subject=row, now=now)
                count += 1
    count += adopt_tallies(actor=system_actor(), now=now)
    db.session.flush()
    digests = adopt_rows(actor=system_actor(), now=now)
    click.echo(f"{count} rows adopted, {digests} digests made")


@click.command()
@click.option("--checkpoints", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Checkpoints that were kept elsewhere.")  # fmt: skip
@with_app
def verify(_app: FundApp, file: Path | None) -> None:
    """Verify the whole record and what it covers; name the first thing that was changed, and exit 1."""
    try:
        elsewhere = read_checkpoints(_lines(file)) if file is not None else []
        ring = load(frozenset({Part.AUDIT_PUBLIC}))
        broken = first_broken(db.session(), ring=ring, elsewhere=elsewhere) or broken_tally(ring=ring)
    except Failure as error:
        raise click.ClickException(str(error)) from error
    if broken is not None:
        raise click.ClickException(str(broken))
    click.echo("everything is as it was written")


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
