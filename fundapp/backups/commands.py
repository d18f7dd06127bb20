"""The command line of backups."""

from pathlib import Path

import click
from alembic.script import ScriptDirectory
from sqlalchemy import or_, update

from fundapp.accounts.permissions import system_actor
from fundapp.backups.making import make_backup, restore_backup
from fundapp.core import clock, keys
from fundapp.core.audit import record
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.keys import Keyring, Part, Ring
from fundapp.core.mail import MAIL_KIND
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.web import FundApp
from fundapp.retention import tombstones
from fundapp.retention.room import erased_list
from fundapp.retention.services import erase_again

_folder = click.Path(file_okay=False, path_type=Path)


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
@click.option("--erased", type=click.Path(path_type=Path), help="The list of what was erased (default: in DATA_DIR).")
@click.option("--nothing-was-erased", is_flag=True, help="There is no such list, because nothing was ever erased.")
@with_app
def restore(app: FundApp, file: Path, keys_folder: Path, erased: Path | None, nothing_was_erased: bool) -> None:
    """Fill an empty database from FILE, erase again what was erased since, and put mail aside until it is released."""
    graves = [] if nothing_was_erased else _graves(erased or erased_list(app))
    manifest = restore_backup(
        engine=db.engine,
        revision=_newest(app),
        storage=app.extensions["storage"],
        file=file,
        ring=Keyring.load(keys_folder, [Part.BACKUP_PRIVATE]),
    )
    now = clock.now()
    again = sum(erase_again(grave, now) for grave in graves)
    db.session.flush()
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
    click.echo(f"restored what was kept at {manifest.made_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"{again} erased again; {len(held)} mails put aside: fundapp outbox list")


def _graves(path: Path) -> list[tombstones.Tombstone]:
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
