"""Where a demo lives: its folder, its settings, and the queue server that serves only it."""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis import Redis, RedisError

from fundapp.core import keys
from fundapp.core.queue import embedded_server
from fundapp.demo.processes import Children

VAR: Final = Path(__file__).parent.parent.parent / "var"
"""The folder of this checkout that holds whatever is made by running it."""
QUEUE_SECONDS: Final = 30.0


class AlreadyRunning(Exception):
    """Another demo uses the same folder."""


@dataclass(frozen=True)
class Home:
    """One demo's folder and the environment that its processes run in."""

    folder: Path
    environment: Mapping[str, str]
    password: str
    """What the sample's people sign in with: nobody else knows it."""

    @property
    def logs(self) -> Path:
        """Where each process writes what it says."""
        return self.folder / "log"


@contextmanager
def open_home(folder: Path, address: str) -> Iterator[Home]:
    """Take `folder` for this demo alone. DATABASE_URL, REDIS_URL and MAIL_URL of the environment are kept.

    Without them it is SQLite, a queue server of our own, and a folder of mails. Raises AlreadyRunning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="fundapp-") as sockets:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"a demo runs in {folder} already") from error
        defaults = {
            # The socket is elsewhere because its path must be short, and a checkout may lie deep.
            "REDIS_URL": f"unix://{sockets}/queue.sock",
            "MAIL_FROM": "Grassroots Justice Funding (sample) <no-reply@fund.example>",
        }
        keys.make(folder / "keys")
        fixed = {
            "DATA_DIR": str(folder),
            "KEYS_DIR": str(folder / "keys"),
            "SECRET_KEY": _secret(folder / "secret", 48),
            "BASE_URL": address,
            "INSECURE_COOKIES": "1",  # the demo is served on this machine without TLS
        }
        yield Home(folder, {**defaults, **os.environ, **fixed}, _secret(folder / "password", 9))


def start_queue(children: Children, home: Home) -> str:
    """Have a queue server answer, and return which: that of REDIS_URL, one installed here, or the packaged one."""
    url = home.environment["REDIS_URL"]
    client = Redis.from_url(url)
    try:
        if "REDIS_URL" in os.environ:
            client.ping()
            return url
        command = embedded_server(url, home.folder)
        children.start("queue", command)
        children.wait_until(lambda: _answers(client), QUEUE_SECONDS)
        return command[0]
    finally:
        client.close()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _secret(path: Path, size: int) -> str:
    """A secret of this demo alone, of `size` random bytes, made at its first start and readable by its owner only."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(size))
    return path.read_text()
