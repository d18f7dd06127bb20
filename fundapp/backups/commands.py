"""The command line of backups."""

from datetime import datetime
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from sqlalchemy import or_, update

from fundapp.accounts.models import OneTimeLink
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.services.sessions import end_every_session
from fundapp.backups.making import make_backup, restore_backup
from fundapp.core import clock, keys, unit_of_work
from fundapp.core.audit import record
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, Ring
from fundapp.core.mail import MAIL_KIND
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.web import FundApp
from fundapp.retention import tombstones
from fundapp.retention.room import erased_list
from fundapp.retention.services import erase_all_again

_folder = click.Path(file_okay=False, path_type=Path)
_erased = click.option(
    "--erased", type=click.Path(path_type=Path), help="The list of what was erased (default: in DATA_DIR)."
)
_nothing_was_erased = click.option(
    "--nothing-was-erased", is_flag=True, help="There is no such list, because nothing was ever erased."
)


@click.group("backup")
def backup_group() -> None:
    """Sealed backups: made here, opened only by whoever holds the private backup key."""


@backup_group.command("keygen")
@click.option("--to", "folder", type=_folder, required=True, help="A folder on another machine than the server.")
def keygen(folder: Path) -> None:
    """Make a pair of backup keys. The public half goes into the server's KEYS_DIR, the private half stays away."""
    for path in keys.make(folder, [Ring.BACKUP]):
        click.echo(str(path))


@backup_group.command("make")
@click.argument("folder", type=_folder)
@with_app
def make(app: FundApp, folder: Path) -> None:
    """Write a backup of the database and the files into FOLDER."""
    settings = app.extensions["settings"]
    ring = Keyring.load(settings.keys_dir, [Part.BACKUP_PUBLIC])
    path = make_backup(
        engine=db.engine,
        revision=_newest(app),
        storage=app.extensions["storage"],
        folder=folder,
        ring=ring,
        now=clock.now(),
    )
    click.echo(str(path))
    if list(settings.keys_dir.glob("backup.*.private")):
        click.echo(f"the private backup key lies in {settings.keys_dir}: whoever takes this server opens its backups")


@backup_group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keys", "keys_folder", type=_folder, required=True, help="The folder with the private backup key.")
@_erased
@_nothing_was_erased
@with_app
def restore(app: FundApp, file: Path, keys_folder: Path, erased: Path | None, nothing_was_erased: bool) -> None:
    """Fill an empty database from FILE, erase again what was erased since, and put mail aside until it is released."""
    graves = _graves(app, erased, nothing_was_erased)
    manifest = restore_backup(
        engine=db.engine,
        revision=_newest(app),
        storage=app.extensions["storage"],
        file=file,
        ring=Keyring.load(keys_folder, [Part.BACKUP_PRIVATE]),
    )
    click.echo(f"restored what was kept at {manifest.made_at:%Y-%m-%d %H:%M} UTC")
    _settle(app, graves)


@backup_group.command("settle")
@_erased
@_nothing_was_erased
@with_app
def settle(app: FundApp, erased: Path | None, nothing_was_erased: bool) -> None:
    """Finish a restore that was cut off or could not erase everything: put mail aside, end sign-ins, erase again.

    It can be run as often as needed, before the services are started.
    """
    _settle(app, _graves(app, erased, nothing_was_erased))


def _settle(app: FundApp, graves: list[tombstones.Tombstone]) -> None:
    """Put mail aside and end sign-ins, committed whatever comes after, then erase again. Raises ClickException.

    Sessions that were ended and links that were spent after the backup would be good again.
    """
    now = clock.now()
    held = _hold_mail(now)
    ended = end_every_session(actor=system_actor(), now=now)
    db.session.execute(update(OneTimeLink).where(OneTimeLink.used_at.is_(None)).values(used_at=now))
    unit_of_work.commit(app.queue)
    click.echo(f"{held} mails put aside: fundapp outbox list")
    click.echo(f"{ended} sessions ended, and every mailed link; roles, passwords and factors are those of the backup")
    again, failed = erase_all_again(graves, now, lambda: unit_of_work.commit(app.queue))
    click.echo(f"{again} erased again")
    if failed:
        left = [f"{grave.object_type} {grave.object_id} ({error})" for grave, error in failed.items()]
        raise click.ClickException(
            "\n".join(["these are NOT erased; start nothing yet, and run fundapp backup settle again:", *left])
        )


def _hold_mail(now: datetime) -> int:
    held = db.session.scalars(
        update(OutboxItem)
        .where(
            OutboxItem.kind == MAIL_KIND,
            OutboxItem.created_at <= now,
            or_(OutboxItem.state == OutboxState.READY, OutboxItem.state == OutboxState.RUNNING),
        )
        .values(state=OutboxState.HELD, lease_until=None)
        .returning(OutboxItem.id)
    ).all()
    for item_id in held:
        record(actor=system_actor(), action="outbox:hold", subject=db.session.get_one(OutboxItem, item_id), now=now)
    return len(held)


def _graves(app: FundApp, erased: Path | None, nothing_was_erased: bool) -> list[tombstones.Tombstone]:
    if nothing_was_erased:
        return []
    path = erased or erased_list(app)
    try:
        return tombstones.read(path)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{path} is missing: it lists what was erased and must not come back. Copy it from where it is kept"
            " (--erased), or say --nothing-was-erased"
        ) from error
    except ValueError as error:
        raise click.ClickException(f"{path} is damaged; copy it again from where it is kept") from error


def _newest(app: FundApp) -> str:
    script = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    return str(script.get_current_head())
