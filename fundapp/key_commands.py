"""The command line of keys: make them, exchange them, see which are in use."""

import click

from fundapp.core import keys
from fundapp.core.keys import KeysError, Part
from fundapp.settings import keys_dir_of

_KEPT_ELSEWHERE = (Part.PAYEE_PRIVATE, Part.BACKUP_PRIVATE, Part.AUDIT_PRIVATE)


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


def load(parts: frozenset[Part]) -> keys.Keyring:
    """Return keys that a command asks for beside those of the application."""
    try:
        return keys.Keyring.load(keys_dir_of(), parts)
    except KeysError as error:
        raise click.ClickException(str(error)) from error
