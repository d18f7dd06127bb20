"""The command line of keys: make them, exchange them, see which are in use; and open payee details."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from fundapp import rekeying
from fundapp.accounts.permissions import system_actor
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Application
from fundapp.applications.sealed_answers import open_payee, payee_answers
from fundapp.applications.services.openings import record_opening
from fundapp.core import clock, keys, unit_of_work
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.keys import KeysError, NotOpened, Part, Ring
from fundapp.core.sealing import Erased
from fundapp.core.web import FundApp
from fundapp.disbursement.queries.payees import newest_details
from fundapp.disbursement.sealed_payees import open_details
from fundapp.settings import keys_dir_of

_KEPT_ELSEWHERE = (Part.PAYEE_PRIVATE, Part.BACKUP_PRIVATE)
_WRAPPING = (Ring.IDENTITY, Ring.FILES, Ring.INDEX, Ring.PAYEE)
private_keys_option = click.option(
    "--private-keys",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the private payee keys, such as a stick that is plugged in for this (default: KEYS_DIR).",
)


@click.group("keys")
def keys_group() -> None:
    """The keys of this installation. docs/keys.md says what each is for, and who holds it."""


@keys_group.command("make")
def make() -> None:
    """Make a key for each purpose that has none yet, in KEYS_DIR (default: DATA_DIR/keys)."""
    folder = keys_dir_of()
    try:
        made = keys.make(folder)
    except OSError as error:
        raise click.ClickException(f"no keys can be made in {folder}: {error.strerror}") from error
    for path in made:
        click.echo(f"made {path}")
    if not made:
        click.echo(f"{folder} has a key for each purpose; nothing was made")
    for part in _KEPT_ELSEWHERE:
        if keys.path_of(folder, part, 1) in made:
            click.echo(f"move {part} away from the server, to two safe places (docs/keys.md)")


@keys_group.command("rotate")
@click.argument("ring", type=click.Choice([ring.value for ring in Ring]))
def rotate(ring: str) -> None:
    """Make the next key of RING. Restart every process, then run: fundapp keys rewrap RING."""
    try:
        number = keys.rotate(keys_dir_of(), Ring(ring))
    except (KeysError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"made key {number:04d} of {ring}; restart every process, then run: fundapp keys rewrap {ring}")


@keys_group.command("rewrap")
@click.argument("ring", type=click.Choice([ring.value for ring in _WRAPPING]))
@private_keys_option
@with_app
def rewrap(app: FundApp, ring: str, private_keys: Path | None) -> None:
    """Bring what older keys of RING sealed under its newest one. It may be stopped, and goes on when it runs again."""
    private = _payee_keys(private_keys) if ring == Ring.PAYEE else None
    total = 0
    for count in rekeying.rewrap(Ring(ring), now=clock.now(), private=private):
        unit_of_work.commit(app.queue)
        total += count
        click.echo(f"{total} done")
    click.echo(f"nothing is left under an older key of {ring}")


@keys_group.command("index")
@with_app
def index(app: FundApp) -> None:
    """Make the blind indexes by which conflicts of interest are found, of data from before version 0018. It may be
    stopped and run again.
    """
    total = 0
    for count in rekeying.index_again(now=clock.now()):
        unit_of_work.commit(app.queue)
        total += count
        click.echo(f"{total} looked at")


@keys_group.command("status")
@with_app
def status(_app: FundApp) -> None:
    """Say how much each key has sealed, and which can be removed."""
    folder = keys_dir_of()
    for ring in _WRAPPING:
        used, here = rekeying.in_use(ring), keys.numbers_in(folder, ring)
        votes = _votes(ring)
        for number in sorted(here | used.keys() | votes.keys()):
            count = used.get(number, 0)
            if number == max(here | used.keys()):
                what = "newest"
            elif number in votes:
                what = f"still needed by a public vote until {_moment(votes[number])}"
            else:
                what = "still needed" if count else "can be removed"
            click.echo(f"{ring} {number:04d}: {count} rows, {what if number in here else 'MISSING HERE'}")


@keys_group.command("remove")
@click.argument("ring", type=click.Choice([ring.value for ring in _WRAPPING]))
@click.argument("number", type=int)
@with_app
def remove(_app: FundApp, ring: str, number: int) -> None:
    """Remove key NUMBER of RING from KEYS_DIR. Backups from its time still need it: keep a copy as long as they are."""
    folder = keys_dir_of()
    if count := rekeying.in_use(Ring(ring)).get(number, 0):
        raise click.ClickException(f"{count} rows still need key {number:04d}: run fundapp keys rewrap {ring}")
    if (closes_at := _votes(Ring(ring)).get(number)) is not None:
        raise click.ClickException(
            f"a public vote still needs key {number:04d} until it closes on {_moment(closes_at)}: without it nobody"
            " could vote, and with another key an address would be two voters. Remove it afterwards"
        )
    try:
        removed = keys.remove(folder, Ring(ring), number)
    except KeysError as error:
        raise click.ClickException(str(error)) from error
    for path in removed:
        click.echo(f"removed {path}")


def _votes(ring: Ring) -> dict[int, datetime]:
    return rekeying.votes_last_until(now=clock.now()) if ring is Ring.INDEX else {}


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@click.group("payee")
def payee_group() -> None:
    """Where money goes: account details, which only whoever holds the private payee key can read."""


@payee_group.command("open")
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it is shown to whoever may read the history.")
@private_keys_option
@with_app
def payee_open(app: FundApp, reference: str, reason: str, private_keys: Path | None) -> None:
    """Show the payee details of the application REFERENCE and of its awards in clear: what was typed into its form, and
    the newest version for each award. It is recorded, with the reason.
    """
    application = db.session.scalar(select(Application).where(Application.reference == reference))
    if application is None:
        raise click.ClickException(f"there is no application {reference}")
    private = _payee_keys(private_keys)
    form = FormDefinition.from_json(application.form_version.definition)
    try:
        opened = {name: open_payee(row, private) for name, row in payee_answers(application).items()}
        awards = {each.award.reference: (each, open_details(each, private)) for each in newest_details(application)}
    except (NotOpened, Erased, KeysError) as error:
        raise click.ClickException(str(error)) from error
    versions = [f"payee:{award}:{each.number}" for award, (each, _details) in awards.items()]
    record_opening(
        actor=system_actor(),
        application=application,
        names=[*sorted(opened), *versions],
        reason=reason,
        now=clock.now(),
    )
    unit_of_work.commit(app.queue)  # nothing is shown before it is on record
    for question in form.questions:
        if question.name in opened:
            click.echo(f"{question.name}: {opened[question.name]}")
    for award, (each, details) in awards.items():
        click.echo(f"award {award}, version {each.number}:")
        for name, text in details.items():
            click.echo(f"  {name}: {text}")
    if not opened and not awards:
        click.echo("this application has no payee details")


def _payee_keys(folder: Path | None) -> keys.Keyring:
    return load(frozenset({Part.PAYEE_PRIVATE}), folder)


def load(parts: frozenset[Part], folder: Path | None = None) -> keys.Keyring:
    """Return keys that a command asks for beside those of the application."""
    try:
        return keys.Keyring.load(folder or keys_dir_of(), parts)
    except KeysError as error:
        raise click.ClickException(str(error)) from error
