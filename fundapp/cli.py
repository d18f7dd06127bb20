"""The command line: everything that an operator does."""

import os
import sys
import threading
from collections.abc import Callable

import click
from flask_migrate import downgrade, upgrade
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError

from fundapp import create_app, doctor
from fundapp.accounts.cli import people, roles
from fundapp.accounts.mail_cli import mail_group
from fundapp.applications.cli import applications, calls
from fundapp.applications.files.cli import files_group
from fundapp.audit_cli import audit, verify
from fundapp.backups.commands import backup_group
from fundapp.core import keys, logs
from fundapp.core.commands import with_app
from fundapp.core.keys import KeysError, Part
from fundapp.core.queue import embedded_server
from fundapp.core.web import FundApp
from fundapp.disbursement.cli import export
from fundapp.inventory import as_csv, inventory
from fundapp.key_commands import keys_group, payee_group
from fundapp.payment_commands import payments_group
from fundapp.retention.commands import outbox_group, retention_group
from fundapp.review.cli import pools_group, reviews_group
from fundapp.review.draw_cli import draw_group
from fundapp.review.tally_cli import tally_group
from fundapp.settings import Settings, SettingsError


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _make_app(holds: frozenset[Part] = keys.COMMAND) -> FundApp:
    try:
        return create_app(_settings(), holds=holds)
    except KeysError as error:
        raise click.ClickException(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Run a fund: serve pages, work the queue, load calls, import applications, export decisions.

    Settings come from the environment: SECRET_KEY (required), DATA_DIR (default: var), DATABASE_URL (default: SQLite in
    DATA_DIR), REDIS_URL (default: the embedded queue, a socket in DATA_DIR), BASE_URL (default: http://127.0.0.1:8000),
    MAIL_URL (smtp://host:port or file:DIRECTORY; default: files in DATA_DIR), MAIL_FROM, KEYS_DIR (default: keys in
    DATA_DIR), HOSTS (names besides that of BASE_URL, with commas between), TRUSTED_PROXIES (how many of ours stand in
    front; default: 0), CLAMD_ADDRESS (unix:/PATH or host:port of a virus scanner; default: files are not scanned),
    PUBLISHER_ID and PUBLISHER_NAME (who publishes awards as open files; default: nobody; see docs/publication.md).

    A new installation runs: fundapp keys make; fundapp db upgrade; fundapp people add; fundapp calls load DIR; and
    then, side by side, fundapp serve, one or more fundapp worker, and fundapp reconcile --every 15. Without REDIS_URL,
    it also runs fundapp queue.
    """
    logs.set_up()
    context.obj = _make_app


@main.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port, or unix:PATH.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=16, show_default=True, help="Threads of each: slow phones each hold one.")
def serve(bind: str, workers: int, threads: int) -> None:
    """Serve the pages with gunicorn. In production, put a buffering proxy in front."""
    os.execv(  # noqa: S606 - this very Python, with fixed arguments
        sys.executable,
        [
            *(sys.executable, "-m", "gunicorn", "fundapp:create_app()"),
            *("--bind", bind, "--worker-class", "gthread", "--preload"),
            *("--workers", str(workers), "--threads", str(threads), "--timeout", "120", "--no-control-socket"),
            *("--logger-class", "fundapp.core.gunicorn_log.JsonLogger"),
        ],
    )


@main.command()
def queue() -> None:
    """Run the embedded queue server, where there is no REDIS_URL."""
    settings = _settings()
    if not settings.redis_url.startswith("unix://"):
        raise click.ClickException("REDIS_URL names a server of its own; the embedded one is not needed")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    command = embedded_server(settings.redis_url, settings.data_dir)
    os.execv(command[0], command)  # noqa: S606 - a server that we chose, with fixed arguments


@main.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
@click.pass_obj
def worker(make_app: Callable[..., FundApp], burst: bool) -> None:
    """Work the queue: make letters, send mail."""
    from fundapp.worker import work

    app = make_app(keys.WORKER)
    try:
        work(app, burst=burst)
    except RedisConnectionError as error:
        raise click.ClickException(
            f"no queue server answers at {app.extensions['settings'].redis_url}:"
            " start one with fundapp queue, or set REDIS_URL"
        ) from error


@main.command()
@click.option("--every", type=click.FloatRange(min=1), help="Seconds between rounds; without it, one round.")
@click.pass_obj
def reconcile(make_app: Callable[..., FundApp], every: float | None) -> None:
    """Put work that the queue has lost back into it. Run it beside the workers, always."""
    from fundapp.worker import reconcile as reconcile_once

    app = make_app()
    pause = threading.Event()
    while True:
        try:
            count = reconcile_once(app)
        except OperationalError as error:
            if every is None:
                raise click.ClickException(f"the database does not answer: {error.orig}") from error
            click.echo(f"the database does not answer, trying again in {every:g} s: {error.orig}", err=True)
        else:
            if count or every is None:
                click.echo(f"{count} put back into the queue")
        if every is None or pause.wait(every):
            return


@main.group()
def db() -> None:
    """The database's structure."""


@db.command("upgrade")
@click.argument("revision", default="head")
@with_app
def db_upgrade(_app: FundApp, revision: str) -> None:
    """Bring the database to the newest structure, or to REVISION."""
    upgrade(revision=revision)


@db.command("downgrade")
@click.argument("revision")
@with_app
def db_downgrade(_app: FundApp, revision: str) -> None:
    """Take the database back to REVISION ("base" for nothing at all)."""
    downgrade(revision=revision)


@main.command("routes")
@click.pass_obj
def routes(make_app: Callable[[frozenset[Part]], FundApp]) -> None:
    """Print every route with what guards it, as CSV (docs/routes.csv)."""
    click.echo(as_csv(inventory(make_app(frozenset()))), nl=False)


@main.command("doctor")
@with_app
def doctor_command(app: FundApp) -> None:
    """Check the installation and the data; exit 1 when something is wrong."""
    findings = doctor.examine(app)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.healthy else 'BAD '} {finding.name}: {finding.detail}")
    if not all(finding.healthy for finding in findings):
        raise SystemExit(1)


main.add_command(people)
main.add_command(roles)
main.add_command(mail_group)
main.add_command(calls)
main.add_command(applications)
main.add_command(files_group)
main.add_command(export)
main.add_command(retention_group)
main.add_command(reviews_group)
main.add_command(pools_group)
main.add_command(draw_group)
main.add_command(tally_group)
main.add_command(outbox_group)
main.add_command(backup_group)
main.add_command(keys_group)
main.add_command(payee_group)
main.add_command(payments_group)
main.add_command(audit)
main.add_command(verify)
