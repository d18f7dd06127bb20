"""The command line of retention: say what is due, erase it, hold things, release held work."""

from datetime import timedelta
from uuid import UUID

import click
from sqlalchemy import select, update

from fundapp.accounts.permissions import system_actor
from fundapp.applications.models import Call
from fundapp.core import clock, logs, unit_of_work
from fundapp.core.audit import record
from fundapp.core.commands import with_app
from fundapp.core.db import db, read_only
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.core.retention import plan, run
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.retention.classes import RULES
from fundapp.retention.queries import held_work, stored_files_in_use

ORPHAN_AFTER = timedelta(hours=24)
"""A file is put before its row is committed, so a young file without a row is no orphan yet."""


@click.group("retention")
def retention_group() -> None:
    """Erase what is kept no longer. docs/privacy.md holds the periods."""


@retention_group.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased now, and when more follows.")
@with_app
def run_retention(app: FundApp, dry_run: bool) -> None:
    """Erase everything whose time is over, in small steps; a run that was cut off is simply run again."""
    now = clock.now()
    if dry_run:
        read_only()
        slugs = {call.id: call.slug for call in db.session.scalars(select(Call))}
        for planned in plan(RULES, now):
            place = slugs[planned.call_id] if planned.call_id else "everywhere"
            then = f"; {planned.later} later, the next on {planned.next_at:%Y-%m-%d}" if planned.next_at else ""
            click.echo(f"{place}  {planned.rule}: {planned.now} now{then}")
        return
    done = run(RULES, now, lambda: unit_of_work.commit(app.queue))
    storage: Storage = app.extensions["storage"]
    read_only()
    files = storage.sweep(stored_files_in_use(), (now - ORPHAN_AFTER).timestamp())
    for name, count in {**done, "file": files}.items():
        if count:
            click.echo(f"{name}: {count} erased")
            logs.write("retention", table=name, count=count)
    if not any(done.values()) and not files:
        click.echo("nothing was due")


@click.group("outbox")
def outbox_group() -> None:
    """Work that a restore has put aside."""


@outbox_group.command("list")
@with_app
def list_held(_app: FundApp) -> None:
    """List the work that is put aside: its id, what it is, and when it was written."""
    read_only()
    for item in held_work():
        click.echo(f"{item.id}  {item.kind}  {item.created_at:%Y-%m-%d %H:%M} UTC")


@outbox_group.command("release")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="All of it.")
@with_app
def release(_app: FundApp, ids: tuple[UUID, ...], everything: bool) -> None:
    """Let held work be done, after somebody saw that it was not done before the restore."""
    if bool(ids) == everything:
        raise click.UsageError("name the ids, or say --all")
    wanted = OutboxItem.state == OutboxState.HELD if everything else OutboxItem.id.in_(ids)
    now = clock.now()
    released = db.session.scalars(
        update(OutboxItem)
        .where(wanted, OutboxItem.state == OutboxState.HELD)
        .values(state=OutboxState.READY, not_before=now, nudged_at=None)
        .returning(OutboxItem.id)
    ).all()
    for item_id in released:
        record(actor=system_actor(), action="outbox:release", subject=db.session.get_one(OutboxItem, item_id), now=now)
    click.echo(f"{len(released)} released; fundapp reconcile wakes the workers for them")
