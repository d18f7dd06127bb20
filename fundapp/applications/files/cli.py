"""Commands for files: having those looked into that no scanner has seen."""

import click
from sqlalchemy import or_, select

from fundapp.accounts.permissions import system_actor
from fundapp.applications.models import Attachment, FileStatus
from fundapp.applications.services.preparing import look_again
from fundapp.core import clock
from fundapp.core.commands import with_app
from fundapp.core.db import db
from fundapp.core.web import FundApp


@click.group("files")
def files_group() -> None:
    """Files that applicants sent."""


@files_group.command("scan")
@with_app
def scan(app: FundApp) -> None:
    """Have files looked into once more: those that failed, and, where a scanner is set up now, those it never saw.

    Reviewers get each again as soon as it is done.
    """
    wanted = [Attachment.status == FileStatus.FAILED]
    if app.extensions["scanner"] is not None:
        wanted.append((Attachment.status == FileStatus.READY) & Attachment.scanned_at.is_(None))
    files = db.session.scalars(select(Attachment).where(or_(*wanted)).order_by(Attachment.uploaded_at)).all()
    look_again(actor=system_actor(), attachments=files, now=clock.now())
    click.echo(f"{len(files)} files are looked into; fundapp doctor says how far it is")
