"""The command line of mail: taking in notices of mail that could not be delivered."""

from pathlib import Path

import click

from fundapp.accounts.services.returned_mail import take_bounce
from fundapp.core import clock
from fundapp.core.bounces import bounce_in
from fundapp.core.commands import with_app
from fundapp.core.web import FundApp


@click.group("mail")
def mail_group() -> None:
    """Mail that did not arrive."""


@mail_group.command("bounced")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_app
def bounced(_app: FundApp, files: tuple[Path, ...]) -> None:
    """Take in notices of mail that could not be delivered (RFC 3464), one mail in each file.

    A mail server hands them over, or they are saved from the mailbox of MAIL_FROM. What is no such notice, a mere
    delay, or about a mail that is not known here any more is counted and changes nothing.
    """
    now = clock.now()
    bounces = [bounce_in(file.read_bytes()) for file in files]
    taken = sum(take_bounce(bounce, now) for bounce in bounces if bounce is not None)
    click.echo(f"{taken} taken in, {len(files) - taken} passed over")
