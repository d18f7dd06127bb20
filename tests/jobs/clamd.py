"""A clamd for tests: the real one, with one signature of our own, and one that misbehaves."""

import contextlib
import hashlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner is made to find, in two halves so that none finds this one."""


@contextlib.contextmanager
def real_clamd(folder: Path, *bad: bytes) -> Iterator[str]:
    """Run clamd at a socket in `folder`, knowing nothing but these files to be bad; return its address."""
    database, address = folder / "signatures", folder / "clamd.sock"
    database.mkdir()
    lines = [f"{hashlib.md5(each, usedforsecurity=False).hexdigest()}:{len(each)}:Sample.Test" for each in bad]
    (database / "own.hdb").write_text("".join(f"{line}\n" for line in lines))
    settings = folder / "clamd.conf"
    settings.write_text(
        f"LocalSocket {address}\nDatabaseDirectory {database}\nForeground yes\nTemporaryDirectory {folder}\n"
        "StreamMaxLength 60M\nMaxThreads 2\n"
    )
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    with subprocess.Popen([program, "--config-file", settings], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert any("Self checking" in line for line in server.stdout), "clamd did not start"
            yield f"unix:{address}"
        finally:
            server.terminate()


@contextlib.contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on this machine, and hand each connection to `answer`; return the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _address = server.accept()
                    with connection, contextlib.suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def read_stream(connection: socket.socket) -> bytes:
    """Read one INSTREAM request; return what was streamed."""
    with connection.makefile("rb") as lines:
        assert lines.read(10) == b"zINSTREAM\0"
        streamed = b""
        while size := int.from_bytes(lines.read(4), "big"):
            streamed += lines.read(size)
        return streamed
