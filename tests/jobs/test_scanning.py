"""Scanning with a real clamd that knows one bad file of ours, and with scanners that misbehave."""

import contextlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from fundapp.core.scanning import Scanner, ScannerDown
from fundapp.settings import Settings, SettingsError

from ..sample_files import PDF
from .clamd import EICAR, answering, read_stream, real_clamd


def test_row_79_a_real_scanner_finds_the_test_virus_and_nothing_else(tmp_path: Path) -> None:
    with real_clamd(tmp_path, EICAR) as address:
        scanner = Scanner(address)
        assert scanner.version().startswith("ClamAV ")
        assert scanner.finds(EICAR)
        assert not scanner.finds(PDF)
        assert not scanner.finds(PDF.ljust(12 * 1024 * 1024, b"\n")), "more than one piece"


def test_what_is_streamed_is_the_whole_file() -> None:
    streamed = []

    def answer(connection: socket.socket) -> None:
        streamed.append(read_stream(connection))
        connection.sendall(b"stream: Eicar FOUND\0")

    data = bytes(range(256)) * 1000
    with answering(answer) as address:
        assert Scanner(address).finds(data)
    assert streamed == [data]


def never(connection: socket.socket) -> None:
    read_stream(connection)
    with contextlib.suppress(OSError):
        connection.recv(1)  # until the other side gives up


def dies(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def breaks_off(connection: socket.socket) -> None:
    read_stream(connection)
    connection.sendall(b"stream: O")


def says(answer: bytes) -> Callable[[socket.socket], None]:
    def respond(connection: socket.socket) -> None:
        read_stream(connection)
        connection.sendall(answer)

    return respond


FAULTS = {
    "never returns": never,
    "dies": dies,
    "breaks off": breaks_off,
    "garbage": says(b"\x00\xff\xfe garbage \0"),
    "an error": says(b"INSTREAM size limit exceeded. ERROR\0"),
    "a page": says(b"HTTP/1.1 200 OK\r\n\r\nstream: OK\0"),
    "endless": says(b"x" * 10_000),
    "nothing": says(b"\0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_row_78_a_scanner_that_misbehaves_gives_no_verdict(fault: str) -> None:
    with answering(FAULTS[fault]) as address, pytest.raises(ScannerDown):
        Scanner(address, seconds=0.5).finds(PDF)


def test_row_78_a_scanner_that_is_not_there_gives_no_verdict(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for address in (f"127.0.0.1:{port}", f"unix:{tmp_path}/nobody.sock"):
        with pytest.raises(ScannerDown):
            Scanner(address).finds(PDF)


def test_the_address_of_the_scanner_is_checked_at_the_start() -> None:
    env = {"SECRET_KEY": "an example of a secret, drawn at random"}
    assert Settings.from_env(env).clamd_address == ""
    for good in ("unix:/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310"):
        assert Settings.from_env({**env, "CLAMD_ADDRESS": good}).clamd_address == good
    for bad in ("/run/clamd.ctl", "localhost", "unix:clamd", ":3310", "host:port"):
        with pytest.raises(SettingsError, match="CLAMD_ADDRESS"):
            Settings.from_env({**env, "CLAMD_ADDRESS": bad})
