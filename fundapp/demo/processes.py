"""Child processes that live exactly as long as the one that started them."""

import contextlib
import ctypes
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final, Never, Self

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS: Final = 10.0
"""How long a child may take to end by itself before it is killed."""
SETTLED_SECONDS: Final = 10.0
"""A child that ends sooner than this after its start would only end again: then everything stops."""
PR_SET_PDEATHSIG: Final = 1
MARK: Final = "FUNDAPP_STARTED_BY"


@dataclass
class Child:
    """One program that was started; `log` holds all it says."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = field(init=False)


class ChildEnded(Exception):
    """A child ended by itself, too soon to start it again; the message says which and where its last words are."""


class StopAsked(BaseException):
    """Ctrl-C, or another signal that asks to stop; no `except Exception` may keep us from stopping."""

    def __init__(self, signal_: signal.Signals) -> None:
        super().__init__(signal_.name)
        self.signal = signal_


class Children:
    """Starts programs, tells when one ends, and stops all of them: at the end, on a signal, and when we are killed.

    Between its beginning and its end, signals that ask to stop raise StopAsked wherever we are, except while a child
    is being started: then they do so right after. (An exception raised inside the hooks that Python runs around a fork
    is dropped, and a child that nobody has written down yet would not be stopped.)
    """

    def __init__(self, logs: Path, environment: Mapping[str, str], say: Callable[[str], None] = print) -> None:
        self._logs = logs
        self._mark = f"{MARK}={secrets.token_hex(16)}"
        self._environment = {**environment, MARK: self._mark.partition("=")[2]}
        self._say = say
        self._children: list[Child] = []
        self._asked: signal.Signals | None = None
        self._starting = False
        self._prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._handlers = {number: signal.signal(number, self._ask_to_stop) for number in STOP_SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number in STOP_SIGNALS:  # asked once is enough: what follows is bounded in time, and must be finished
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        for pid in _left_behind(self._mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._children.clear()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start `command`; what it says goes to `name`.log."""
        child = Child(name, command, self._logs / f"{name}.log")
        with self._undisturbed():
            self._launch(child, "wb")
            self._children.append(child)
        return child

    def wait_until(self, ready: Callable[[], bool], seconds: float, pause: float = 0.02) -> None:
        """Return once `ready()` is true. Raises ChildEnded if a child ends before, TimeoutError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            for child in self._children:
                if child.process.poll() is not None:
                    raise ChildEnded(_obituary(child))
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready after {seconds:.0f} s; what was said is in {self._logs}")
            time.sleep(pause)

    def watch(self) -> Never:
        """Start again what ends, and say so, until a signal asks to stop (StopAsked).

        Raises ChildEnded when a child ends within SETTLED_SECONDS of its start.
        """
        with _child_ends() as pipe:
            while True:
                self._restart_what_ended()
                self._stop_if_asked()
                select.select([pipe], [], [])
                os.read(pipe, 4096)

    def _restart_what_ended(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                continue
            if time.monotonic() - child.started < SETTLED_SECONDS:
                raise ChildEnded(_obituary(child))
            self._say(f"{_obituary(child)}. Starting it again.")
            with self._undisturbed():
                self._launch(child, "ab")

    def _ask_to_stop(self, number: int, _frame: FrameType | None) -> None:
        self._asked = signal.Signals(number)
        if not self._starting:
            self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._asked is not None:
            raise StopAsked(self._asked)

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Hold back a signal that asks to stop until the block has run."""
        self._starting = True
        try:
            yield
        finally:
            self._starting = False
        self._stop_if_asked()

    def _launch(self, child: Child, mode: str) -> None:
        with child.log.open(mode) as output:
            # A session of its own keeps Ctrl-C in the terminal from reaching it before us.
            child.process = subprocess.Popen(
                child.command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=self._end_with_parent if self._prctl else None,
            )
        child.started = time.monotonic()

    def _end_with_parent(self) -> None:
        """Runs in the child: if we are killed and can stop nothing any more, the kernel asks it to stop."""
        if self._prctl:
            self._prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _child_ends() -> Iterator[int]:
    """A pipe that can be read whenever a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    old_writer = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old_writer)
        signal.signal(signal.SIGCHLD, before)
        os.close(reader)
        os.close(writer)


def _left_behind(mark: str) -> list[int]:
    """Processes that carry our mark: what a killed child had started itself, such as a worker's running job."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _obituary(child: Child) -> str:
    code = child.process.returncode
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return f"{child.name} (process {child.process.pid}) {how}; its last words are in {child.log}"
