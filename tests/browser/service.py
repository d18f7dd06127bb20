"""The whole service as its operator runs it: pages, a worker, a real queue and real mail, on a database of its own."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from fundapp.demo.processes import Children
from fundapp.demo.serving import free_port, page_answers
from tests.servers import RedisServer, SmtpServer

ANSWER_SECONDS = 60.0
Found = TypeVar("Found")


@dataclass
class Service:
    """A running service: its address, the environment of its command line, and the mail that it sent."""

    address: str
    environment: dict[str, str]
    database_url: str
    postbox: SmtpServer

    def command(self, *arguments: str) -> str:
        """Run `fundapp ARGUMENTS` and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "fundapp", *arguments], env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"fundapp {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Return the mails that arrived for somebody, the oldest first."""
        return [mail for mail in list(self.postbox.messages) if mail["X-RcptTo"] == address]

    def mail_to(self, address: str, *, number: int) -> EmailMessage:
        """Return the mail that is the `number`th (from 1) for somebody, once it has arrived."""
        mails = wait_for(
            lambda: found if len(found := self.mails_to(address)) >= number else None, f"mail {number} to {address}"
        )
        return mails[number - 1]


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """Return what `look` finds as soon as it finds something."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {ANSWER_SECONDS:.0f} s for {what}")
        time.sleep(0.02)
    return found


def link_in(mail: EmailMessage, address: str) -> str:
    """Return the one link of a mail; it must lead to our own service."""
    links = re.findall(r"https?://\S+", mail.get_content())
    assert len(links) == 1, mail.get_content()
    link: str = links[0]
    assert link.startswith(f"{address}/"), link
    return link


@contextlib.contextmanager
def running_service(folder: Path) -> Iterator[Service]:
    """Start everything in `folder`, migrated and empty; stop it at the end."""
    port = free_port(0)  # never the demo's own, which may start in another lane
    address = f"http://localhost:{port}"  # a name: browsers make no passkeys for a number
    database_url = f"sqlite:///{folder}/fundapp.sqlite"
    with RedisServer() as queue, SmtpServer() as postbox:
        environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret for tests, long enough to be one",
            "REDIS_URL": queue.url,
            "BASE_URL": address,
            "MAIL_URL": f"smtp://{postbox.host}:{postbox.port}",
            "MAIL_FROM": "Fund Sample <fund@sample.example>",
            "INSECURE_COOKIES": "1",
        }
        service = Service(address, environment, database_url, postbox)
        service.command("keys", "make")
        service.command("db", "upgrade")
        with Children(folder / "log", environment) as children:
            fundapp = [sys.executable, "-m", "fundapp"]
            children.start("web", [*fundapp, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"])
            children.start("worker", [*fundapp, "worker"])
            children.wait_until(lambda: page_answers(address), ANSWER_SECONDS)
            yield service
