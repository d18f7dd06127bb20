"""`python -m fundapp.demo`, which `script/demo` runs."""

from pathlib import Path

import click

from fundapp.demo.home import DEMO_FOLDER, AlreadyRunning
from fundapp.demo.processes import ChildEnded, StopAsked


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages on 127.0.0.1 (default: 8000 if free).")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEMO_FOLDER,
    help="Where data, mails and logs go (default: var/demo of this checkout).",
)
def main(port: int | None, folder: Path) -> None:
    """Run all of fundapp with sample data on this machine until Ctrl-C."""
    from fundapp.demo.serving import serve_demo

    try:
        serve_demo(folder.absolute(), port)
    except StopAsked as asked:
        print(f"Stopped by {asked.signal.name}; nothing is left running.")
    except (AlreadyRunning, ChildEnded, OSError) as error:
        raise click.ClickException(f"{error} (logs: {folder / 'log'})") from error


if __name__ == "__main__":
    main(prog_name="script/demo")
