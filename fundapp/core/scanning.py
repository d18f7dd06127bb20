"""Asking clamd whether bytes hold a virus. Source: clamd(8), INSTREAM.

Our own few lines, because no client of it is both kept and without an event loop.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fundapp.core.errors import Failure

SECONDS: Final = 45
"""How long one scan may take in all."""
_PIECE: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096


class ScannerDown(Failure):
    """The scanner did not answer, or with something that is no answer: nothing is known of the file."""


@dataclass(frozen=True)
class Scanner:
    """A clamd at `address`: "unix:PATH" or "host:port"."""

    address: str
    seconds: float = SECONDS

    def finds(self, data: bytes) -> bool:
        """Say whether the scanner finds a virus. Raises ScannerDown."""
        pieces = (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
        message = b"".join((b"zINSTREAM\0", *(struct.pack(">I", len(piece)) + piece for piece in pieces), bytes(4)))
        answer = self._ask(message)
        if answer == b"stream: OK":
            return False
        if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
            return True
        raise ScannerDown("the scanner gave no verdict")

    def version(self) -> str:
        """Return what the scanner calls itself. Raises ScannerDown."""
        answer = self._ask(b"zVERSION\0")
        if not answer.startswith(b"ClamAV "):
            raise ScannerDown("what answers there is no clamd")
        return answer.decode("ascii", "replace")

    def _ask(self, message: bytes) -> bytes:
        until = time.monotonic() + self.seconds
        try:
            with self._connected() as connection:
                for start in range(0, len(message), _PIECE):
                    connection.settimeout(_left(until))
                    connection.sendall(message[start : start + _PIECE])
                answer = b""
                while not answer.endswith(b"\0"):
                    connection.settimeout(_left(until))
                    received = connection.recv(_LONGEST_ANSWER)
                    answer += received
                    if not received or len(answer) > _LONGEST_ANSWER:
                        break
        except OSError as error:
            raise ScannerDown(f"the scanner does not answer: {type(error).__name__}") from error
        if not answer.endswith(b"\0"):
            raise ScannerDown("the scanner broke off")
        return answer[:-1]

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        if self.address.startswith("unix:"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(self.seconds)
                connection.connect(self.address.removeprefix("unix:"))
                yield connection
            return
        host, _colon, port = self.address.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=self.seconds) as connection:
            yield connection


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
