"""Real servers for tests: PostgreSQL, Redis and SMTP, each started for the run and stopped by its own pid.

Nothing listens beyond this machine: the two databases use unix sockets, SMTP the loopback address.
A missing program is an error, never a skipped test.
"""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import psycopg
import redis
from aiosmtpd.smtp import SMTP, Envelope, Session
from psycopg import sql

START_SECONDS = 30.0


class ServerError(RuntimeError):
    """A server for tests could not be found or did not start; the message holds its own last words."""


class PostgresServer:
    """A throw-away PostgreSQL cluster; `url(name)` creates a database in it.

    Durability is off, which makes it fast and is of no concern for data that is thrown away; a bench turns it on.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durability = "on" if durable else "off"
        self._programs = _postgres_programs()
        # PostgreSQL refuses to run as root, so root lends it to an account that owns nothing.
        self._account: dict[str, Any] = {}
        self._owner: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            self._owner = pwd.getpwnam("nobody")
            self._account = {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}

    def __enter__(self) -> Self:
        self._folder = _new_folder(self._owner)
        data = self._folder / "data"
        made = subprocess.run(
            [
                *(str(self._programs / "initdb"), "--pgdata", str(data), "--username", "postgres", "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            capture_output=True,
            cwd=self._folder,
            check=False,
            **self._account,
        )
        if made.returncode:
            shutil.rmtree(self._folder)
            raise ServerError(made.stderr.decode())
        settings: dict[str, str] = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": self._durability,
            "synchronous_commit": self._durability,
            "full_page_writes": self._durability,
            "max_connections": "100",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = _start(
            [str(self._programs / "postgres"), "-D", str(data), *options], self._folder, self._answers, **self._account
        )
        return self

    def __exit__(self, *error: object) -> None:
        _stop(self._process, signal.SIGQUIT)
        shutil.rmtree(self._folder)

    @property
    def pid(self) -> int:
        return self._process.pid

    def url(self, name: str, *, like: str = "template1") -> str:
        """Address of database `name`, which is created as a copy of another when it does not exist yet."""
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
        with (
            psycopg.connect(self._address("postgres"), autocommit=True) as connection,
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(create)
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def _answers(self) -> None:
        psycopg.connect(self._address("postgres")).close()


class RedisServer:
    """A real redis-server without persistence; `flush()` empties it, as a lost queue would be."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise ServerError("redis-server is not installed (apt-get install redis-server)")
        self._program = program

    def __enter__(self) -> Self:
        self._folder = _new_folder()
        socket = self._folder / "redis.sock"
        self.url = f"unix://{socket}"
        self._client = redis.Redis.from_url(self.url)
        self._process = _start(
            [
                *(self._program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
                *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--dir", str(self._folder)),
            ],
            self._folder,
            self._client.ping,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()
        _stop(self._process, signal.SIGTERM)
        shutil.rmtree(self._folder)

    @property
    def pid(self) -> int:
        return self._process.pid

    def flush(self) -> None:
        """Empty every database of the server."""
        self._client.flushall()


class SmtpServer:
    """An SMTP server on a free loopback port that keeps what it is given in `messages`.

    The envelope, which decides who gets a mail, is kept in the headers X-MailFrom and X-RcptTo.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: SMTP(self, loop=self._loop, enable_SMTPUTF8=True), self.host, 0)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name in aiosmtpd
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        message["X-MailFrom"] = envelope.mail_from or ""
        message["X-RcptTo"] = ", ".join(envelope.rcpt_tos)
        self.messages.append(message)
        return "250 kept"

    async def _close(self) -> None:
        self._server.close()
        conversations = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


def _postgres_programs() -> Path:
    """Folder of `initdb` and `postgres`: PATH first, then Debian's, newest first."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if not debian:
        raise ServerError("PostgreSQL is not installed (apt-get install postgresql)")
    return debian[-1].parent


def _new_folder(owner: pwd.struct_passwd | None = None) -> Path:
    """A new folder in memory where the system has one: sockets and data go there."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made inside it by mkdtemp
    folder = Path(tempfile.mkdtemp(prefix="fundapp-", dir=memory if os.access(memory, os.W_OK) else None))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def _start(
    command: Sequence[str], folder: Path, answers: Callable[[], object], **account: Any
) -> subprocess.Popen[bytes]:
    """Start `command` and return once `answers()` no longer raises."""
    log = folder / "server.log"
    with log.open("wb") as output:
        # In a session of its own, so that Ctrl-C in the terminal does not stop it before the tests are done.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
            **account,
        )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answers()
        except (psycopg.OperationalError, redis.RedisError) as error:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
                continue
            _stop(process, signal.SIGKILL)
            last_words = log.read_text(errors="replace")[-2000:]
            shutil.rmtree(folder)
            raise ServerError(f"{command[0]} did not start: {error}\n{last_words}") from error
        return process


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
