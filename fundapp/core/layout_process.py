"""Laying a PDF out in a process of its own, within limits: a page without end, or without measure, fails alone.

The process is forked from one that has loaded fonts and styles, serves some pages, and is replaced: what a layout keeps
in memory goes with it. Limits are on the work done and on the memory taken, not on the clock: a busy machine fails no
letter.
"""

import os
import resource
import signal
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Final

from fundapp.core.pdf import PdfError, html_to_pdf, load

PAGES_EACH: Final = 25
"""After so many a process is replaced."""
MOST_SECONDS: Final = 20
"""Of computing, for one page; a letter takes about a tenth of one."""
MOST_MEMORY: Final = 512 * 1024 * 1024
"""Bytes beside what the process has when it begins."""
PATIENCE: Final = 90
"""Seconds of waiting after which the process counts as stuck: less than the lease of the work that waits."""

_MADE: Final = b"+"
_FAILED: Final = b"-"
_MACHINE: Final = b"!"


class TooLong(PdfError):
    """Laying it out takes more work than a letter may."""

    def __init__(self) -> None:
        super().__init__(f"takes too long: {MOST_SECONDS}")


class TooLarge(PdfError):
    """Laying it out takes more memory than a letter may, or something that no layout survives."""

    def __init__(self) -> None:
        super().__init__(f"takes too much memory: {MOST_MEMORY // 1024 // 1024}")


class LayoutProcess:
    """A process that lays pages out, one at a time, and is forked again when it is used up."""

    def __init__(self) -> None:
        self._process: ForkProcess | None = None
        self._pipe: Connection | None = None
        self._owner = 0
        self._left = 0

    def to_pdf(self, html: str) -> bytes:
        """Lay out a page as `html_to_pdf` does. Raises PdfError, TooLong, TooLarge, and OSError for another try."""
        pipe = self._ready()
        self._left -= 1
        try:
            pipe.send_bytes(html.encode())
            answer = pipe.recv_bytes() if pipe.poll(PATIENCE) else None
        except (EOFError, ConnectionError):
            raise self._ended() from None
        except BaseException:
            self.close()  # it may still be at the page that nobody waits for any more
            raise
        if answer is None:
            self.close()
            raise TimeoutError(f"no answer from the layout for {PATIENCE} seconds")
        kind, rest = answer[:1], answer[1:]
        if kind == _MADE:
            return rest
        if kind == _FAILED:
            raise PdfError(rest.decode())
        self.close()
        raise OSError(rest.decode())

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def _ready(self) -> Connection:
        if self._pipe is None or self._owner != os.getpid() or not self._left:
            self.close()
            load()
            context = get_context("fork")
            self._pipe, far_end = context.Pipe()
            self._process = context.Process(target=_serve, args=(far_end, self._pipe), daemon=True)
            self._process.start()
            far_end.close()
            self._owner, self._left = os.getpid(), PAGES_EACH
        return self._pipe

    def _ended(self) -> Exception:
        """Return why the process has ended by itself."""
        process, self._process, self._pipe = self._process, None, None
        if process is None:
            raise TypeError("there is no process")
        process.join()
        if process.exitcode == -signal.SIGXCPU:
            return TooLong()
        if process.exitcode in (-signal.SIGKILL, -signal.SIGTERM):
            return ChildProcessError("somebody ended the layout")
        return TooLarge()


def _serve(pipe: Connection, far_end: Connection) -> None:
    """Lay out what comes through a pipe, until its other end is closed."""
    far_end.close()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = _memory() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    while True:
        try:
            html = pipe.recv_bytes().decode()
        except EOFError:
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = ceil(used.ru_utime + used.ru_stime) + MOST_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        try:
            answer = _MADE + html_to_pdf(html)
        except PdfError as error:
            answer = _FAILED + str(error).encode()
        except OSError as error:
            answer = _MACHINE + f"{type(error).__name__}: {error}".encode()
        except MemoryError:
            os._exit(1)
        try:
            pipe.send_bytes(answer)
        except BrokenPipeError:
            return  # whoever asked was ended meanwhile


def _memory() -> int:
    """Return the bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
