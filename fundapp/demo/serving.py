"""The demo that people visit: queue, pages, workers and reconciler, until it is told to stop."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from flask_migrate import upgrade

from fundapp import create_app
from fundapp.core import unit_of_work
from fundapp.demo.home import open_home, start_queue
from fundapp.demo.processes import Children
from fundapp.settings import Settings

WORKERS: Final = 2
FIRST_PAGE_SECONDS: Final = 60.0


def serve_demo(folder: Path, port: int | None) -> None:
    """Run everything in `folder` until a signal asks to stop, and leave nothing running."""
    begun = float(os.environ.get("FUNDAPP_DEMO_STARTED") or time.time())
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    with open_home(folder, address) as home, Children(home.logs, home.environment) as children:
        start_queue(children, home)
        prepare(Settings.from_env(home.environment))
        fundapp = [sys.executable, "-m", "fundapp"]
        children.start("web", [*fundapp, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"])
        for number in range(1, WORKERS + 1):
            children.start(f"worker-{number}", [*fundapp, "worker"])
        children.start("reconciler", [*fundapp, "reconcile", "--every", "15"])
        children.wait_until(lambda: page_answers(address), FIRST_PAGE_SECONDS)
        print(f"First page after {time.time() - begun:.1f} s: {address}", flush=True)
        print("Ctrl-C stops everything.", flush=True)
        children.watch()


def prepare(settings: Settings) -> None:
    """Bring the database to the newest structure and load the samples; doing it again changes nothing."""
    app = create_app(settings)
    with app.app_context():
        upgrade()
        unit_of_work.commit(app.queue)


def page_answers(address: str) -> bool:
    """Whether the first page is served. Raises HTTPError when something else is served instead."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own http address
            return True
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


def free_port(wanted: int = 8000) -> int:
    """`wanted` on the loopback address, or any free port when something else has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
