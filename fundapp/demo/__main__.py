"""`python -m fundapp.demo`, which `script/demo` runs."""

from pathlib import Path

import click

from fundapp.core import clock
from fundapp.core.errors import FundappError
from fundapp.demo.home import VAR, AlreadyRunning
from fundapp.demo.processes import ChildEnded, StopAsked

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages on 127.0.0.1 (default: 8000 if free).")
@click.option("--once", is_flag=True, help="Run whole rounds without a person instead, and write what they made.")
@click.option("--applications", type=_file, help="With --once: a spreadsheet (CSV, XLSX) of applications to the grant.")
@click.option(
    "--scores",
    type=_file,
    help="With --once: a spreadsheet of scores with the columns application, reviewer, criterion, score (empty: cannot"
    " judge). Without it scores are invented, and every letter and list is marked SAMPLE.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where everything goes (default: var/demo, or a new folder beside it for --once).",
)
def main(port: int | None, once: bool, applications: Path | None, scores: Path | None, folder: Path | None) -> None:
    """Run all of fundapp with sample data on this machine until Ctrl-C.

    DATABASE_URL, REDIS_URL and MAIL_URL are used where they are set. Otherwise the database is SQLite, a queue server
    is started that serves only this, and mails are written to a folder.
    """
    if (applications or scores) and not once:
        raise click.UsageError("--applications and --scores go with --once")
    if port and once:
        raise click.UsageError("--port does not go with --once, which serves no pages")
    folder = (folder or VAR / (f"once-{clock.now():%Y%m%d-%H%M%S}" if once else "demo")).absolute()
    try:
        if once:
            _run_once(folder, applications, scores)
        else:
            _serve(folder, port)
    except StopAsked as asked:
        click.echo(f"Stopped by {asked.signal.name}; nothing is left running.")
        if once:
            raise SystemExit(1) from None
    except (AlreadyRunning, ChildEnded, OSError, FundappError) as error:
        raise click.ClickException(f"{error}\nData and logs are in {folder}") from error


def _serve(folder: Path, port: int | None) -> None:
    from fundapp.demo.serving import serve_demo

    serve_demo(folder, port)


def _run_once(folder: Path, applications: Path | None, scores: Path | None) -> None:
    from fundapp.demo.once import run_once

    adds_up = run_once(folder, applications, scores)
    click.echo(f"Everything that was made is in {folder}")
    if not adds_up:
        raise click.ClickException("something fell short: see the lines that begin with BAD")


if __name__ == "__main__":
    main(prog_name="script/demo")
